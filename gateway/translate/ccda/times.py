"""CDA TS and IVL_TS to date, dateTime, instant and Period: the precision sent is kept, no zone is invented."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.element import Element
from gateway.translate.converter import Primitive, converter
from gateway.translate.translation import Translation

ORIGINAL_TEXT: Final = "http://hl7.org/fhir/StructureDefinition/originalText"
_SENT = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)"
    r"(?P<fraction>\.\d+)?)?)?)?)?)?(?P<offset>Z|[+-]\d\d(?:\d\d)?)?",
    re.ASCII,
)


@converter("date_time", "ccda")
def date_time(node: Any, translation: Translation) -> Primitive | str:
    """A TS as dateTime."""
    return moment(_sent(node), translation)


@converter("date", "ccda")
def date(node: Any, translation: Translation) -> Primitive | str:
    """A TS as date; a time that was sent is kept as it was written."""
    sent = _sent(node)
    found = _parts(sent)
    if found is None:
        return _unreadable(sent, translation)
    day = _day(found)
    return Primitive(day, [original(sent)]) if found["hour"] else day


@converter("period", "ccda")
def period(node: Element, translation: Translation) -> dict[str, Any] | None:
    """An IVL_TS as Period."""
    made: dict[str, Any] = {}
    for side, name in (("low", "start"), ("high", "end")):
        bound = node.first(side)
        if bound is not None and (sent := bound.read("value")):
            put(made, name, moment(sent, translation))
    if not made.keys() & {"start", "_start"} and (sent := node.read("value")):
        put(made, "start", moment(sent, translation))
    return _ordered(made, translation)


def put(element: dict[str, Any], name: str, value: Any) -> None:
    """Set an element that may be a primitive with extensions beside it; nothing is set for nothing."""
    if isinstance(value, Primitive):
        if value.value is not None:
            element[name] = value.value
        if value.extension:
            element[f"_{name}"] = {"extension": value.extension}
    elif value not in (None, [], {}, ""):
        element[name] = value


def moment(sent: str, translation: Translation) -> Primitive | str:
    """The text of a TS as dateTime."""
    found = _parts(sent)
    if found is None:
        return _unreadable(sent, translation)
    if not found["hour"]:
        return _day(found)
    if not found["minute"]:
        return Primitive(_day(found), [original(sent)])
    offset = _offset(found["offset"]) if found["offset"] else _assumed(found, translation)
    if offset:
        if not found["offset"]:
            translation.warn("offset-assumed", severity=Severity.INFORMATION)
        return _full(found, offset)
    translation.warn("offset-missing", severity=Severity.INFORMATION)
    return Primitive(_day(found), [original(sent)])


def is_instant(sent: str) -> bool:
    """Whether the text of a TS is a time with its offset."""
    found = _parts(sent)
    return found is not None and bool(found["minute"] and found["offset"])


def day_of(sent: str) -> str:
    """The calendar part of the text of a TS, or the empty string when it is none."""
    found = _parts(sent)
    return _day(found) if found else ""


def original(sent: str) -> dict[str, Any]:
    """The extension that keeps a text which no type could take."""
    return {"url": ORIGINAL_TEXT, "valueString": sent}


def _sent(node: Any) -> str:
    """The text of a TS, be it the attribute or the element that holds it."""
    return str(node.read("value") if hasattr(node, "read") else node.text)


@lru_cache(maxsize=4096)  # times stand again and again
def _parts(sent: str) -> dict[str, str | None] | None:
    found = _SENT.fullmatch(sent)
    if found is None:
        return None
    parts = found.groupdict()
    if parts["offset"] and not _is_offset(parts["offset"]):
        return None
    try:
        datetime(
            int(parts["year"]), int(parts["month"] or 1), int(parts["day"] or 1),
            int(parts["hour"] or 0), int(parts["minute"] or 0), min(int(parts["second"] or 0), 59), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return parts


def _is_offset(sent: str) -> bool:
    """Whether a place on earth keeps this time."""
    return sent == "Z" or (int(sent[1:3]) <= 14 and int(sent[3:] or 0) < 60)


def _day(parts: dict[str, str | None]) -> str:
    return "-".join(part for part in (parts["year"], parts["month"], parts["day"]) if part)


def _full(parts: dict[str, str | None], offset: str) -> str:
    second = f"{parts['second'] or '00'}{parts['fraction'] or ''}"
    return f"{_day(parts)}T{parts['hour']}:{parts['minute']}:{second}{offset}"


def _offset(sent: str | None) -> str:
    if not sent or sent == "Z":
        return "Z" if sent else ""
    return f"{sent[:3]}:{sent[3:] or '00'}"


def _assumed(parts: dict[str, str | None], translation: Translation) -> str:
    """The offset of a time that was sent without one, where a policy names its source."""
    match translation.policy("ccda_time_without_offset"):
        case "utc":
            return "Z"
        case "document-offset":
            [*stands] = translation.record.root.at("effectiveTime/@value")  # type: ignore[attr-defined]
            found = _parts(stands[0].peek) if stands else None
            return _offset(found["offset"]) if found else ""
        case "sender-zone":
            return _zone_offset(parts, translation.zone)
    return ""


def document_day(translation: Translation) -> str:
    """The day on which the document was written, or the empty string."""
    [*stands] = translation.record.root.at("effectiveTime/@value")  # type: ignore[attr-defined]
    return day_of(stands[0].peek) if stands else ""


def _zone_offset(parts: dict[str, str | None], zone: str) -> str:
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    at = datetime(*(int(parts[name] or 0) for name in ("year", "month", "day", "hour", "minute")), tzinfo=there)  # type: ignore[arg-type,misc]
    return f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:5]


def _unreadable(sent: str, translation: Translation) -> Primitive:
    shaped = _SENT.fullmatch(sent) is not None
    translation.warn("date-not-in-calendar" if shaped else "date-unreadable", state=State.FAILED)
    return Primitive(None, [original(sent)])


def _ordered(made: dict[str, Any], translation: Translation) -> dict[str, Any] | None:
    """R4 refuses a Period that ends before it starts; the end is then kept as text."""
    start, end = made.get("start", ""), made.get("end", "")
    if start and end and end[: min(len(start), 10)] < start[: min(len(end), 10)]:
        translation.warn("value-unreadable")
        del made["end"]
        made["_end"] = {"extension": [*made.get("_end", {}).get("extension", []), original(end)]}
    elif start and end and len(start) > 10 and len(end) > 10 and _instant(end) < _instant(start):
        translation.warn("value-unreadable")
        made["end"] = end[:10]
        made["_end"] = {"extension": [original(end)]}
    return made or None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
