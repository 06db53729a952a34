"""The times of an event: instants only where a time says its own zone; a day stays a day, and no zone is assumed."""

import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.core.issue import Severity
from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, Primitive, converter, step
from gateway.translate.translation import Translation

Element = dict[str, Any]
_UNKNOWN: Final[Element] = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
_ORIGINAL_TEXT: Final = "http://hl7.org/fhir/StructureDefinition/originalText"
_DAY: Final = "%Y%m%d"
_LOCAL: Final = re.compile(r"\d{8}T\d{6}", re.ASCII)
_IANA: Final = re.compile(r"UTC|[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z0-9_+-]+){1,2}", re.ASCII)
_DURATION: Final = re.compile(
    r"\+?P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?)", re.ASCII
)
_UNITS: Final = ("weeks", "days", "hours", "minutes", "seconds")
_WITHOUT_TIMES: Final = frozenset({"proposed", "cancelled", "waitlist"})  # app-3


@converter("date_time", "icalendar")
def date_time(node: Any, translation: Translation) -> Primitive | str:
    """A dateTime; a time that says no zone leaves its date, and the time as it was written."""
    found, sent = _read(node), _text(node)
    if found is None:
        raise NotConvertedError("date-unreadable")
    if found.tzinfo is not None:
        return _moment(found)
    if len(sent) == 8:
        return f"{found:%Y-%m-%d}"
    translation.warn("offset-missing", severity=Severity.INFORMATION, node=node)
    return Primitive(f"{found:%Y-%m-%d}", [{"url": _ORIGINAL_TEXT, "valueString": sent}])


@step("slot_times", "icalendar")
def slot_times(event: Any, translation: Translation, element: Element) -> None:
    """Start and end, both or neither (app-2); else the period asked for, and times that are not known (app-3)."""
    starts, ends, lasts = (event.at(name)[:1] for name in ("DTSTART", "DTEND", "DURATION"))
    start = _read(starts[0]) if starts else None
    length = _length(lasts[0]) if lasts else None
    end = _read(ends[0]) if ends else start + length if start and length else None
    if start and end and start.tzinfo and end.tzinfo and start <= end:
        for one in (*starts, *(ends or lasts)):
            _text(one)
        element["start"], element["end"] = _moment(start), _moment(end)
    else:
        _asked(starts, ends, translation, element)
        if element.get("status") not in _WITHOUT_TIMES:
            element["_start"], element["_end"] = deepcopy(_UNKNOWN), deepcopy(_UNKNOWN)
    if length and not length % timedelta(minutes=1):
        element["minutesDuration"] = length // timedelta(minutes=1)
        _text(lasts[0])


def _asked(starts: list[Any], ends: list[Any], translation: Translation, element: Element) -> None:
    """The period that the event names: what has no zone is as exact as its day; DTEND is the day after the last."""
    period: Element = {}
    for name, nodes in (("start", starts), ("end", ends)):
        for one in nodes:
            found = _read(one)
            if name == "end" and found and len(one.at("value")[0].peek) == 8:
                _text(one)
                period[name] = f"{found - timedelta(days=1):%Y-%m-%d}"
                continue
            made = date_time(one, translation)
            period[name] = made.value if isinstance(made, Primitive) else made
            if isinstance(made, Primitive):
                period[f"_{name}"] = {"extension": made.extension}
    if period.get("end", "9") < period.get("start", "")[: len(period.get("end", "9"))]:
        raise NotConvertedError("value-unreadable")
    if period:
        element["requestedPeriod"] = [period]


def _read(property: Any) -> datetime | None:
    """A day or a time, in UTC or in the zone that it names where that is known; without a zone it stays without."""
    value = property.at("value")
    sent = value[0].peek.strip() if value else ""
    try:
        if sent.endswith("Z"):
            return datetime.strptime(f"{sent[:-1]}+0000", "%Y%m%dT%H%M%S%z").astimezone(UTC)
        if not _LOCAL.fullmatch(sent):
            return datetime.strptime(sent, _DAY) if len(sent) == 8 else None  # noqa: DTZ007 - a day
        local = datetime.strptime(sent, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - its zone comes next
    except ValueError:
        return None
    named = [one.peek for one in property.at("TZID")]
    return _in_zone(local, named[0], property.record.zones) if named else local


def _in_zone(local: datetime, name: str, zones: Any) -> datetime:
    """The time in the zone of an IANA name, else as the calendar's own VTIMEZONE tells its offset."""
    if _IANA.fullmatch(name):
        try:
            there = local.replace(tzinfo=ZoneInfo(name))
            return datetime.fromisoformat(there.isoformat())
        except (ZoneInfoNotFoundError, ValueError):
            pass
    offset = zones[name].offset(local) if name in zones else None
    if offset is None:
        return local
    return datetime.fromisoformat(f"{local.isoformat()}{_signed(offset)}")


def _signed(offset: timedelta) -> str:
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _length(property: Any) -> timedelta | None:
    value = property.at("value")
    found = _DURATION.fullmatch(value[0].peek.strip()) if value else None
    amounts = [int(said or 0) for said in found.groups()] if found else []
    return timedelta(**dict(zip(_UNITS, amounts, strict=True))) if any(amounts) else None


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _text(property: Any) -> str:
    """The value as it was sent, counted as read together with what says in which zone and form it is."""
    for name in ("TZID", "VALUE"):
        for one in property.at(name):
            one.text  # noqa: B018 (counted as read)
    value: list[Node] = property.at("value")
    return value[0].text.strip() if value else ""
