"""Diagnoses, allergies and visits: what their tables cannot say in one row."""

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol

from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.absent import UNKNOWN
from gateway.translate.hl7v2.leaf import Part, convert, peek, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.systems import local, universal
from gateway.translate.hl7v2.times import ORIGINAL_TEXT
from gateway.translate.translation import Translation

Element = dict[str, Any]


class Segment(Protocol):
    """A segment as the parser gives it."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@step("code_words", "hl7v2")
def code_words(part: Part, translation: Translation, element: Element) -> None:
    """The description of a diagnosis or procedure is the text of its code."""
    code = element.setdefault("code", {})
    said = phrase(part)
    if said and code.get("text") not in (None, said):
        element.setdefault("note", []).append({"text": said})
    elif said:
        code["text"] = said


@step("reaction", "hl7v2")
def reaction(
    segment: Segment,
    translation: Translation,
    element: Element,
    manifestation: str = "",
    severity: str = "",
    onset: str = "",
) -> None:
    """What the allergy does, how badly, and since when."""
    shown = [{"text": said} for part in segment.field(int(manifestation)) if (said := phrase(part))]
    for part in segment.field(int(onset))[:1]:
        if "onsetDateTime" not in element:
            convert(element, "onsetDateTime", part, translation, "date_time")
    if not shown:
        return
    made: Element = {"manifestation": shown}
    for part in segment.field(int(severity))[:1]:
        found = translation.concept_map("v2-0128-reaction-severity").translate(part.peek)
        if found is not None:
            translation.memory.setdefault("translated", set()).add(part.location)
            phrase(part)
            made["severity"] = found.code
    element.setdefault("reaction", []).append(made)


@step("finished", "hl7v2")
def finished(part: Part, translation: Translation, element: Element) -> None:
    """A visit with a time of discharge is over, where the event says nothing."""
    element.setdefault("status", "finished")


@step("diagnosis", "hl7v2")
def diagnosis(segment: Any, translation: Translation, element: Element) -> None:
    """DG1: the condition, and its part in the visit."""
    reference = translation.make("hl7v2.DG1.Condition", segment)
    visit = translation.latest("Encounter")
    if reference is None or visit is None:
        return
    made: Element = {"condition": reference}
    kind = next(iter(segment.field(6)), None)
    role = translation.concept_map("v2-0052-diagnosis-role").translate(kind.peek) if kind is not None else None
    if role is not None:
        made["use"] = {"coding": [{"system": role.system, "code": role.code}]}
    rank = next(iter(segment.field(15)), None)
    if rank is not None and rank.peek.isdigit() and 0 < int(rank.peek) < 1000:
        made["rank"] = int(rank.text)
    visit.setdefault("diagnosis", []).append(made)


@converter("positive", "hl7v2")
def positive(part: Part, translation: Translation) -> int | None:
    """A whole number from 1 on; anything else is none."""
    sent = part.peek
    if not sent.isdigit() or not 0 < int(sent) < 2**31:
        return None
    return int(part.text)


@converter("order_before", "hl7v2")
def order_before(part: Part, translation: Translation) -> Element | None:
    """The order before (EIP), by its number: we do not know the resource."""
    inner = part.part(1) or part.part(2)
    if inner is None:
        return None
    value = text(inner, 1)
    return {"identifier": {"value": value}, "display": value} if value else None


@converter("message_event", "hl7v2")
def message_event(part: Part, translation: Translation) -> Element:
    """MSH-9: the event as a coding of table 0003."""
    code, event, structure = text(part, 1), text(part, 2), text(part, 3)
    return {
        "system": "http://terminology.hl7.org/CodeSystem/v2-0003",
        "code": event or code,
        "display": "^".join(filter(None, (code, event, structure))),
    }


@converter("endpoint", "hl7v2")
def endpoint(part: Part, translation: Translation) -> str | None:
    """An application (HD) as the address of an endpoint, when it has a universal id."""
    uri = universal(peek(part, 2), peek(part, 3))
    if uri:
        text(part, 2)
        text(part, 3)
    return uri or None


@converter("security_word", "hl7v2")
def security_word(part: Part, translation: Translation) -> Element | None:
    """MSH-8: the sender's own word on security."""
    said = phrase(part)
    return {"system": local(translation, "security"), "code": " ".join(said.split())} if said else None


@converter("language_code", "hl7v2")
def language_code(part: Part, translation: Translation) -> str | None:
    """A language that has the form of BCP 47."""
    sent = part.peek
    if not re.fullmatch(r"[a-z]{2,3}(?:-[A-Z]{2})?", sent):
        return None
    for number in (1, 2, 3):
        text(part, number)
    return sent


@step("recorded_instant", "hl7v2")
def recorded_instant(node: Any, translation: Translation, element: Element) -> None:
    """Provenance.recorded is an instant: a day alone is kept as text, and nothing sent is said to be unknown."""
    found = element.get("recorded", "")
    if "T" in found:
        return
    held = element.setdefault("_recorded", {"extension": []})["extension"]
    if found and not held:
        held.append({"url": ORIGINAL_TEXT, "valueString": found})
    element.pop("recorded", None)
    held.append({"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"})


@step("recorded_with", "hl7v2")
def recorded_with(node: Part, translation: Translation, element: Element) -> None:
    """The time of a record that the order or the message was given."""
    convert(element, "recorded", node, translation, "date_time")


@step("message_number", "hl7v2")
def message_number(part: Part, translation: Translation, element: Element) -> None:
    """MSH-10: the number under which the sender knows this message, which is the source of all it says."""
    what = {"identifier": {"system": local(translation, "message"), "value": part.text}}
    element.setdefault("entity", []).append({"role": "source", "what": what})


@step("message_version", "hl7v2")
def message_version(part: Part, translation: Translation, element: Element) -> None:
    """MSH-12: the version of the standard that the message follows."""
    said = f"HL7 v{phrase(part)} message"
    if "entity" not in element:
        element["entity"] = [{"role": "source", "what": {}}]
    element["entity"][0]["what"]["display"] = said


@step("agent_of_message", "hl7v2")
def agent_of_message(node: Any, translation: Translation, element: Element) -> None:
    """Without an operator the sending organisation answers for the event."""
    if "target" not in element:
        element["target"] = [UNKNOWN]
    if "agent" not in element:
        element["agent"] = [{"who": translation.refer("hl7v2.HD.Organization") or {"display": "sender"}}]


@step("accident", "hl7v2")
def accident(segment: Any, translation: Translation, element: Element) -> None:
    """ACC: an accident is a condition's cause; its parts are kept as the words of one observation."""
    said = [(label, phrase(part)) for number, label in _ACCIDENT for part in segment.field(number)]
    words = "; ".join(f"{label}: {one}" for label, one in said if one)
    patient = translation.refer("Patient")
    if not words or patient is None:
        return
    made: Element = {"resourceType": "Observation", "status": "final", "code": {"text": "accident"}, "subject": patient}
    for part in segment.field(1)[:1]:
        convert(made, "effectiveDateTime", part, translation, "date_time")
    translation.add({**made, "valueString": words}, node=segment)


_ACCIDENT: Final = (
    (2, "kind"), (3, "place"), (4, "state"), (5, "at work"), (6, "death"), (7, "entered by"), (8, "description"),
    (9, "brought in by"), (10, "police notified"), (11, "address"), (12, "degree of liability"), (13, "number"),
)  # fmt: skip
