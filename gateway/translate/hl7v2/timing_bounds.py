"""When a timing begins and ends (TQ1-6 to 8, TQ.3 to 5): its bounds as a Period, else as a Duration."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.quantity import plain_number
from gateway.translate.hl7v2.repeat_pattern import UNITS
from gateway.translate.hl7v2.systems import ucum
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_DURATION: Final = re.compile(r"([SMHDWL])(\d{1,4})", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Units of fixed length; a month or a year is as long as the calendar says and is not reckoned with.
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400, "wk": 604800}
_DATED: Final = ("d", "wk")
_UCUM: Final = "http://unitsofmeasure.org"


def bounds(start: Part | None, end: Part | None, duration: Element, translation: Translation) -> tuple[Element, bool]:
    """A period wherever a day is known, its other end by the duration, else the duration alone; whether it was used."""
    period = between(start, end, translation)
    if not period:
        return ({"boundsDuration": duration}, True) if duration else ({}, False)
    if set(period) == {"start"} and (last := _after(period["start"], duration, 1)):
        return {"boundsPeriod": {**period, "end": last}}, True
    if set(period) == {"end"} and (first := _after(period["end"], duration, -1)):
        return {"boundsPeriod": {"start": first, **period}}, True
    return {"boundsPeriod": period}, False


def duration_of_quantity(part: Part | None) -> Element:
    """CQ (TQ1-6) as a Duration; nothing when it has no unit of time. Looked at only."""
    units = part.part(2) if part is not None else None
    found = plain_number(peek(part, 1)) if part is not None else None
    if found is None or units is None:
        return {}
    code = ucum(peek(units, 1)) or ucum(peek(units, 2))
    shown = peek(units, 2) or peek(units, 1)
    return {"value": found, "unit": shown, "system": _UCUM, "code": code} if code in (*_SECONDS, "mo", "a") else {}


def duration_of_code(part: Part | None) -> Element:
    """TQ.3 (D10, W2) as a Duration; nothing for another form. Looked at only."""
    found = _DURATION.fullmatch(part.peek) if part is not None else None
    if found is None or not int(found[2]):
        return {}
    unit = UNITS[found[1]]
    return {"value": Decimal(found[2]), "unit": unit, "system": _UCUM, "code": unit}


def count_duration(part: Part, translation: Translation, *, shown: bool = True) -> None:
    """Count a duration as read: its number stands somewhere, or another was reckoned from it."""
    text(part, 1) if shown else reword(part.part(1), translation)
    if (units := part.part(2)) is not None:
        for number in (1, 2, 3):
            reword(units.part(number), translation)


def _after(moment: str, duration: Element, sign: int) -> str:
    """The other end of a period; the last day of a period of whole days belongs to it, as Period.end has it."""
    unit, amount = duration.get("code", ""), duration.get("value", Decimal(0))
    if unit not in _SECONDS or amount != int(amount) or int(amount) < 1:
        return ""
    span = timedelta(seconds=int(amount) * _SECONDS[unit])
    try:
        if "T" in moment:
            return (datetime.fromisoformat(moment.replace("Z", "+00:00")) + sign * span).isoformat()
        if unit in _DATED and _DAY.fullmatch(moment):
            return (date.fromisoformat(moment) + sign * (span - timedelta(days=1))).isoformat()
    except OverflowError:
        pass
    return ""
