"""The envelope of a message: its header, where it came from, and its codes as they were sent."""

import re
from typing import Any, Final

from gateway.core.errors import NonProductionError
from gateway.core.issue import Severity
from gateway.core.outcome import BASE
from gateway.translate.converter import Primitive, converter, step
from gateway.translate.hl7v2.absent import UNKNOWN
from gateway.translate.hl7v2.leaf import Part, convert, peek, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.systems import local, say_universal, universal
from gateway.translate.hl7v2.times import ORIGINAL_TEXT
from gateway.translate.translation import Translation

Element = dict[str, Any]
_FOR_TEST: Final = frozenset("DNTV")  # table 0103: debugging, non-production, training, validation
_SOURCE_VALUE: Final = f"{BASE}/StructureDefinition/so-source-value"


@step("processing_id", "hl7v2")
def processing_id(part: Part, translation: Translation, element: Element) -> None:
    """MSH-11: what is for test has ids of its own, so that it changes no patient's record (policy V15)."""
    if part.peek not in _FOR_TEST:
        return
    if translation.policy("test_messages") == "refuse":
        raise NonProductionError(part.location)
    translation.scope += "/test"
    translation.warn("test-data", severity=Severity.INFORMATION)


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
        say_universal(part, uri, translation)
    return uri or None


@converter("security_word", "hl7v2")
def security_word(part: Part, translation: Translation) -> Element | None:
    """MSH-8: the sender's own word on security."""
    said = phrase(part)
    return {"system": local(translation, "security"), "code": " ".join(said.split())} if said else None


@converter("language_code", "hl7v2")
def language_code(part: Part, translation: Translation) -> str | None:
    """A language that has the form of BCP 47."""
    sent = part.peek.lower() if len(part.peek) == 2 else part.peek
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


@converter("message_id", "hl7v2")
def message_id(part: Part, translation: Translation) -> Primitive | str | None:
    """The number of the message that is answered; one that has not the form of an id stays as it was written."""
    sent = part.text
    if re.fullmatch(r"[A-Za-z0-9.-]{1,64}", sent):
        return sent
    return Primitive(None, [{"url": ORIGINAL_TEXT, "valueString": sent}]) if sent else None


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
        element["agent"] = [{"who": translation.refer("hl7v2.MSH-4.Organization") or {"display": "sender"}}]


@step("source_codes", "hl7v2")
def source_codes(node: Any, translation: Translation, element: Element) -> None:
    """Codes that FHIR says in words of its own (a use, a status, a system) stay readable as they were sent."""
    locate = translation.record.locate  # type: ignore[attr-defined]
    for key, said in translation.memory.get("reworded", {}).items():
        parts = [{"url": "location", "valueString": locate(key)}, {"url": "value", "valueString": said}]
        element.setdefault("extension", []).append({"url": _SOURCE_VALUE, "extension": parts})
