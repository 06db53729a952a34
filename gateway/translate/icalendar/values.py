"""Values of an event: what it says of itself in words, who takes part, and of which case it is."""

import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.converter import converter, step
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CASE: Final = re.compile(r"(?<![A-Za-z0-9-])SO-\d{4}-\d{6,9}(?![\d-])", re.ASCII)
_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_URI: Final = "urn:ietf:rfc:3986"


@converter("concept_text", "icalendar")
def concept_text(node: Any, translation: Translation) -> Element:
    """A word that the calendar's people use for it."""
    return {"text": node.text.strip()}


@converter("calendar_user", "icalendar")
def calendar_user(property: Any, translation: Translation) -> Element | None:
    """Somebody by name and address; nobody of whom we know a record, whatever the name."""
    said: Element = {}
    for name in property.at("CN"):
        said["display"] = name.text.strip()
    for address in property.at("value"):
        said["identifier"] = {"system": _URI, "value": address.text.strip()}
    return said or None


@step("status", "icalendar")
def status(event: Any, translation: Translation, element: Element) -> None:
    """A calendar that cancels cancels; else what the event says of itself, else what the calendar is sent for."""
    method, said = event.at("calendar.METHOD.value")[:1], event.at("STATUS.value")[:1]
    if method and method[0].peek.strip().upper() == "CANCEL":
        said = []
    for nodes, map in ((said, "icalendar-status"), (method, "icalendar-method")):
        for one in nodes:
            found = translation.concept_map(map).translate(one.peek.strip().upper())
            if found is not None:
                one.text  # noqa: B018 (counted as read)
                element["status"] = found.code
                return
    element["status"] = "proposed"
    translation.warn("status-unknown")


@step("participation", "icalendar")
def participation(property: Any, translation: Translation, element: Element) -> None:
    """An answer that is not told has yet to be given."""
    element.setdefault("status", "needs-action")


@step("patient_takes_part", "icalendar")
def patient_takes_part(event: Any, translation: Translation, element: Element) -> None:
    """The patient takes part; who that is no calendar says, so it is said where the case or the package is known."""
    element.setdefault("participant", []).append({"type": [{"text": "patient"}], "status": "needs-action"})


@step("remark", "icalendar")
def remark(node: Any, translation: Translation, element: Element, label: str = "") -> None:
    """What has no element of its own, in the comment."""
    element["comment"] = "\n".join(filter(None, (element.get("comment", ""), f"{label}: {node.text.strip()}")))


@step("case_number", "icalendar")
def case_number(event: Any, translation: Translation, element: Element) -> None:
    """Our number of a case, wherever the event says it."""
    for number in dict.fromkeys(_numbers(event)):
        element.setdefault("identifier", []).append({"system": f"{BASE}/sid/case", "value": number})


def _numbers(event: Any) -> Iterator[str]:
    for pointer in event.record.leaf_keys():
        found = _CASE.findall(event.record.value(pointer))
        if found and pointer.startswith("/X-"):
            event.record.touched.append(pointer)
        yield from found


@step("virtual", "icalendar")
def virtual(node: Any, translation: Translation, element: Element) -> None:
    """A conference is where a visit from home takes place, and so is a location that is a link."""
    said = [*node.at("value")] if node.at("value") else [node]
    if node.record.locate(node.pointer).rpartition("/")[2].startswith("LOCATION") and not _LINK.fullmatch(said[0].peek):
        return
    translation.make("icalendar.conference.Location", node)
    service = {"coding": [{"system": f"{BASE}/CodeSystem/so-activity", "code": "telehealth-visit"}]}
    if service not in element.setdefault("serviceType", []):
        element["serviceType"].append(service)
    if place := translation.refer("icalendar.conference.Location"):
        element.setdefault("participant", []).append({"actor": place, "status": "accepted"})


@converter("participation", "icalendar")
def answered(node: Any, translation: Translation, through: Any) -> str | None:
    """PARTSTAT as a participant's answer; one that FHIR has no word for is left open."""
    found = through.translate(node.text.strip().upper())
    if found is None:
        translation.warn("code-untranslated", state=State.UNTRANSLATED)
        return None
    code: str = found.code
    return code
