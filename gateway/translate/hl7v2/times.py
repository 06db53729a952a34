"""DT, TM, TS and DTM to date, time, dateTime, instant and Period: the precision sent is kept, no zone is invented."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.converter import NotConvertedError, Primitive, converter
from gateway.translate.hl7v2.leaf import Part, convert, reword
from gateway.translate.translation import Translation

Element = dict[str, Any]
Parts = Mapping[str, str]
ORIGINAL_TEXT: Final = "http://hl7.org/fhir/StructureDefinition/originalText"
_SENT: Final = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)"
    r"(?P<fraction>\.\d{1,6})?)?)?)?)?)?(?P<offset>[+-]\d{4})?",
    re.ASCII,
)


class Segment(Protocol):
    """A segment as the parser gives it."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@converter("date_time", "hl7v2")
def date_time(part: Part, translation: Translation) -> Primitive | str:
    """A dateTime; a time without an offset leaves its date, and the time as it was written."""
    sent = part.text
    parts = _read(sent)
    if parts is None:
        return _unreadable(sent, translation, part)
    if not parts["hour"]:
        return _day(parts)
    offset = parts["offset"] or _assumed(parts, translation)
    if parts["minute"] and offset:
        if not parts["offset"]:
            translation.warn("offset-assumed", severity=Severity.INFORMATION, node=part)
        return _moment(parts, offset)
    translation.warn("offset-missing", severity=Severity.INFORMATION, node=part)
    return Primitive(_day(parts), [_original(sent)])


@converter("moment", "hl7v2")
def moment(part: Part, translation: Translation) -> str | None:
    """A dateTime inside an extension, which has no room for words beside it."""
    made: Primitive | str = date_time(part, translation)
    if not isinstance(made, Primitive):
        return made
    reword(part, translation)
    return str(made.value) if made.value else None


@converter("date", "hl7v2")
def date(part: Part, translation: Translation) -> Primitive | str:
    """A date; the time of day beside it stays as it was written."""
    sent = part.text
    parts = _read(sent)
    if parts is None:
        return _unreadable(sent, translation, part)
    return Primitive(_day(parts), [_original(sent)]) if parts["hour"] else _day(parts)


@converter("instant", "hl7v2")
def instant(part: Part, translation: Translation) -> str | None:
    """An instant, where a time and its offset were sent; otherwise nothing, and that is said."""
    parts = _read(part.peek)
    offset = (parts["offset"] or _assumed(parts, translation)) if parts is not None else ""
    if parts is None or not (parts["minute"] and offset):
        translation.warn("offset-missing", severity=Severity.INFORMATION, node=part)
        return None
    if not parts["offset"]:
        translation.warn("offset-assumed", severity=Severity.INFORMATION, node=part)
    part.text  # noqa: B018 (counted as read)
    return _moment(parts, offset)


@converter("period", "hl7v2")
def period(segment: Segment, translation: Translation, start: str = "", end: str = "") -> Element | None:
    """A Period from two fields of a segment."""
    first, last = (next(iter(segment.field(int(number))), None) if number else None for number in (start, end))
    return between(first, last, translation)


@converter("range_of_dates", "hl7v2")
def range_of_dates(part: Part, translation: Translation) -> Element | None:
    """DR to Period."""
    return between(part.part(1), part.part(2), translation)


def between(start: Part | None, end: Part | None, translation: Translation) -> Element | None:
    """A Period from two parts; an end before its start is kept as text (per-1)."""
    if start is None and end is None:
        return None
    made: Element = {}
    convert(made, "start", start, translation, "date_time")
    convert(made, "end", end, translation, "date_time")
    first, last = made.get("start", ""), made.get("end", "")
    shortest = min(len(first), len(last), 10)
    if (last and last[:shortest] < first[:shortest]) or (len(first) > 10 and len(last) > 10 and _at(last) < _at(first)):
        translation.warn("value-unreadable", node=end)
        del made["end"]
        made.setdefault("_end", {"extension": [_original(last)]})
    return made or None


def birth_time(sent: str) -> str:
    """The dateTime of a birth that was sent with its time and offset, else nothing."""
    parts = _read(sent)
    return _moment(parts, parts["offset"]) if parts is not None and parts["minute"] and parts["offset"] else ""


@lru_cache(maxsize=1024)  # the times of a message are few, and stand in it often
def _read(sent: str) -> Parts | None:
    found = _SENT.fullmatch(sent)
    if found is None:
        return None
    parts = {name: said or "" for name, said in found.groupdict().items()}
    names = ("year", "month", "day", "hour", "minute", "second")
    year, month, day, hour, minute, second = (
        int(parts[name] or fallback) for name, fallback in zip(names, "111000", strict=True)
    )
    try:
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if parts["offset"] and (int(parts["offset"][1:3]) > 14 or int(parts["offset"][3:]) > 59):
        return None
    return parts


def _day(parts: Parts) -> str:
    if parts["day"]:
        return f"{parts['year']}-{parts['month']}-{parts['day']}"
    return f"{parts['year']}-{parts['month']}" if parts["month"] else parts["year"]


def _moment(parts: Parts, offset: str) -> str:
    zone = f"{offset[:3]}:{offset[3:]}" if len(offset) == 5 else offset
    return f"{_day(parts)}T{parts['hour']}:{parts['minute']}:{parts['second'] or '00'}{parts['fraction']}{zone}"


def _assumed(parts: Parts, translation: Translation) -> str:
    """The offset that policy V1 allows to assume, or nothing."""
    if not parts["minute"]:
        return ""
    policy = translation.policy("timestamp_without_offset")
    if policy == "utc":
        return "Z"
    if policy == "sender-zone" and translation.zone:
        return _zone_offset(parts, translation.zone)
    return ""


def _zone_offset(parts: Parts, zone: str) -> str:
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    year, month, day, hour, minute = (int(parts[name]) for name in ("year", "month", "day", "hour", "minute"))
    return f"{datetime(year, month, day, hour, minute, tzinfo=there):%z}"[:5]


def _unreadable(sent: str, translation: Translation, part: Part) -> Primitive:
    if not sent:
        raise NotConvertedError("date-unreadable")
    shaped = _SENT.fullmatch(sent) is not None
    translation.warn(
        "date-not-in-calendar" if shaped else "date-unreadable",
        state=State.FAILED,
        node=part,
    )
    return Primitive(None, [_original(sent)])


def _original(sent: str) -> Element:
    return {"url": ORIGINAL_TEXT, "valueString": sent}


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment.replace("Z", "+00:00"))
