"""Diagnoses, allergies and visits: what their tables cannot say in one row."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import takewhile
from typing import Any, Final, Protocol

from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.absent import UNKNOWN
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, convert, peek
from gateway.translate.hl7v2.notes import spoken
from gateway.translate.hl7v2.primitive import phrase
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


@step("further_reactions", "hl7v2")
def further_reactions(iam: Any, translation: Translation, element: Element) -> None:
    """The IAR that follow an IAM, up to the next: reactions of their own, with what was done about them."""
    following = iam.group.parts[iam.group.parts.index(iam) + 1 :]
    for segment in takewhile(lambda one: one.name not in ("IAM", "AL1"), following):
        if segment.name == "IAR":
            element.setdefault("reaction", []).append(_reaction(segment, translation))


def _reaction(iar: Any, translation: Translation) -> Element:
    shown = [said for part in iar.field(1)[:1] if (said := codeable_concept(part, translation))]
    made: Element = {"manifestation": shown or [deepcopy(UNKNOWN)]}
    words = []
    for part in iar.field(2)[:1]:
        found = translation.concept_map("v2-0128-reaction-severity").translate(peek(part, 1))
        if found is not None:
            made["severity"] = found.code
            words += [said for said in [spoken(part, translation)] if said != peek(part, 1)]
        else:
            words.append(f"severity: {spoken(part, translation)}")
    words += [f"sensitivity: {spoken(part, translation)}" for part in iar.field(3)[:1]]
    words += [phrase(part) for part in iar.field(4)]
    return {**made, "note": [{"text": "\n".join(words)}]} if words else made


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


@step("accident", "hl7v2")
def accident(segment: Any, translation: Translation, element: Element) -> None:
    """ACC: an accident is a condition's cause; its parts are kept as the words of one observation."""
    said = [(label, phrase(part)) for number, label in _ACCIDENT for part in segment.field(number)]
    words = "; ".join(f"{label}: {one}" for label, one in said if one)
    if not words:
        return
    made: Element = {
        "resourceType": "Observation",
        "status": "unknown",
        "code": {"text": "accident"},
    }
    if patient := translation.refer("Patient"):
        made["subject"] = patient
    for part in segment.field(1)[:1]:
        convert(made, "effectiveDateTime", part, translation, "date_time")
    translation.add({**made, "valueString": words}, node=segment)


_ACCIDENT: Final = (
    (2, "kind"), (3, "place"), (4, "state"), (5, "at work"), (6, "death"), (7, "entered by"), (8, "description"),
    (9, "brought in by"), (10, "police notified"), (11, "address"), (12, "degree of liability"), (13, "number"),
)  # fmt: skip
