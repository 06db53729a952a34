"""SCH and its resources: the time of an appointment, and who takes part."""

import re
from copy import deepcopy
from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.converter import step
from gateway.translate.hl7v2.absent import UNKNOWN
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, peek, reword
from gateway.translate.hl7v2.notes import day, spoken
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.times import between, instant
from gateway.translate.translation import Translation

Element = dict[str, Any]
_WITHOUT_TIMES: Final = frozenset({"proposed", "cancelled", "waitlist"})
_MINUTES: Final = frozenset({"MIN", "MINUTES", "M"})
_PARTICIPATION: Final = {
    "booked": "accepted",
    "confirmed": "accepted",
    "complete": "accepted",
    "started": "accepted",
    "pending": "tentative",
    "waitlist": "tentative",
    "cancelled": "declined",
    "deleted": "declined",
    "discontinued": "declined",
}


def _service_start(service: Any, start: Part | None, translation: Translation, element: Element) -> None:
    """AIS-4, unless it is the start of the appointment; the other resources have a period of their own."""
    for own in service.field(4):
        if start is not None and own.peek == start.peek:
            own.text  # noqa: B018 (counted as read)
        else:
            whose = next((peek(part, 2) or part.peek for part in service.field(3)), "service")
            _append(element, f"{whose}: starts at {day(own, translation)}")


@step("event_reason", "hl7v2")
def event_reason(part: Part, translation: Translation, element: Element) -> None:
    """SCH-6 is why the message was sent: a cancellation has its reason, of any other event it is a comment."""
    if element.get("status") != "cancelled":  # app-4 of R4 misnames the code of a no-show
        _append(element, f"event: {spoken(part, translation)}")
    elif made := codeable_concept(part, translation, table="0276"):
        element["cancelationReason"] = made


@step("slot_times", "hl7v2")
def slot_times(sch: Any, translation: Translation, element: Element) -> None:
    """Start and end, from SCH-11, TQ1 or the resources; both or neither (app-2), and times need an offset.

    What cannot be an instant is the period asked for; a slot that is taken then has times that are not known (app-3).
    """
    group = sch.group
    older = next(iter(sch.field(11)), None)
    starts: list[Part | None] = [older.part(4) if older is not None else None]
    ends: list[Part | None] = [older.part(5) if older is not None else None]
    for segment in _segments(group, "TQ1"):
        starts += segment.field(7)
        ends += segment.field(8)
    for name, number in (("AIS", 4), ("AIP", 6), ("AIL", 6), ("AIG", 8)):
        for segment in _segments(group, name):
            starts += segment.field(number)
    start = next((one for one in starts if one is not None), None)
    end = next((one for one in ends if one is not None), None)
    for service in _segments(group, "AIS"):
        _service_start(service, start, translation, element)
    first = instant(start, translation) if start is not None else None
    last = instant(end, translation) if end is not None else None
    if first and last:
        element["start"], element["end"] = first, last
        return
    if asked := between(start, end, translation):
        element.setdefault("requestedPeriod", []).append(asked)
    if element.get("status") not in _WITHOUT_TIMES:
        element["_start"], element["_end"] = deepcopy(UNKNOWN), deepcopy(UNKNOWN)


@step("duration", "hl7v2")
def duration(sch: Any, translation: Translation, element: Element) -> None:
    """SCH-9 in minutes when SCH-10 says so, else in words; SCH-11.3 unless it says the same."""
    amount, unit = (next(iter(sch.field(number)), None) for number in (9, 10))
    if (
        amount is not None
        and unit is not None
        and unit.peek.upper() in _MINUTES
        and re.fullmatch(r"\d{1,9}", amount.peek, re.ASCII)
    ):
        translation.enter_all(unit, State.IGNORED, "", "minutes, as minutesDuration counts")
        if int(amount.text):
            element["minutesDuration"] = int(amount.text)
    elif amount is not None:
        _append(element, f"duration: {phrase(amount)}{f' {spoken(unit, translation)}' if unit is not None else ''}")
    for older in (part.part(3) for part in sch.field(11)):
        if older is not None and (said := phrase(older)).lstrip("M") != (amount.peek if amount is not None else ""):
            _append(element, f"duration: {said}")


@step("comment", "hl7v2")
def comment(part: Part, translation: Translation, element: Element, label: str = "") -> None:
    """A particular of the appointment that has no element, in its comment."""
    if said := phrase(part):
        _append(element, f"{label}: {said}")


@step("resource_times", "hl7v2")
def resource_times(
    segment: Any, translation: Translation, element: Element, offset: str = "", duration: str = "", name: str = ""
) -> None:
    """When a resource is needed, counted from the start, and how long: each number stands before its unit."""
    said = []
    for label, number in (("starts after", int(offset)), ("lasts", int(duration))):
        amounts = [phrase(part) for at in (number, number + 1) for part in segment.field(at)]
        if amounts:
            said.append(f"{label} {' '.join(amounts)}")
    whose = next((peek(part, 2) or part.peek for part in segment.field(int(name))), segment.name)
    if said:
        _append(element, f"{whose}: {', '.join(said)}")


def _append(element: Element, words: str) -> None:
    element["comment"] = "\n".join(filter(None, [element.get("comment", ""), words]))


@step("patient_takes_part", "hl7v2")
def patient_takes_part(node: Any, translation: Translation, element: Element) -> None:
    """The patient is a participant, whose answer no message tells; without anybody, that too is said."""
    if reference := translation.refer("Patient"):
        element.setdefault("participant", []).append({"actor": reference, "status": "needs-action"})
    elif "participant" not in element:
        element["participant"] = [{"type": [{"text": "patient"}], "status": "needs-action"}]


@step("participation_unknown", "hl7v2")
def participation_unknown(node: Any, translation: Translation, element: Element) -> None:
    """A participant whose answer is not known has yet to give it; one whom nothing names is not known (app-1)."""
    element.setdefault("status", "needs-action")
    if "actor" not in element and "type" not in element:
        element["actor"] = deepcopy(UNKNOWN)


@step("participation_status", "hl7v2")
def participation_status(part: Part, translation: Translation, element: Element) -> None:
    """The filler's status of a resource (table 0278) as the participant's answer."""
    said = (peek(part, 1) or part.peek).lower()
    if found := _PARTICIPATION.get(said):
        for number in range(1, 10):
            reword(part.part(number), translation)
        element["status"] = found


def _segments(group: Any, name: str) -> list[Any]:
    found = []
    for part in group.parts:
        if part.name == name:
            found.append(part)
        elif part.name == "RESOURCE":
            found += [inner for inner in part.parts if inner.name == name]
    return found
