"""Dates, moments and times of day as precise as they are written, and no more."""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.quantity import Quantity

_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?"
_FORMS: Final = {
    "Date": re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII),
    "DateTime": re.compile(rf"(\d{{4}})(?:-(\d\d)(?:-(\d\d))?)?(?:T(?:{_CLOCK})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII),
    "Time": re.compile(_CLOCK, re.ASCII),
}
_LEAST: Final = {"Date": (1, 1, 1), "DateTime": (1, 1, 1, 0, 0, 0), "Time": (0, 0, 0)}
_MOST: Final = {"Date": (9999, 12, 31), "DateTime": (9999, 12, 31, 23, 59, 60), "Time": (23, 59, 60)}
# The number of digits up to a precision, as `precision()` and the boundaries count them.
_DIGITS: Final = {"Date": (4, 6, 8), "DateTime": (4, 6, 8, 10, 12, 14, 17), "Time": (2, 4, 6, 9)}
_UNITS: Final = {"wk": 604_800_000, "d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1000, "ms": 1}
_ALIKE: Final = {
    "Date": 2,
    "DateTime": 2,
    "Time": 3,
}  # a date and a moment stand on one scale, a time of day on its own


class Temporal(NamedTuple):
    """A point in time: year, month, day, hour, minute, second, as far as they are known."""

    kind: str
    parts: tuple[int | Decimal, ...]
    offset: int | None = None  # minutes from UTC

    def __str__(self) -> str:
        written = [f"{part:02}" if isinstance(part, int) else _seconds(part) for part in self.parts]
        if self.kind == "Time":
            return ":".join(written)
        day, clock = "-".join([f"{self.parts[0]:04}", *written[1:3]]), ":".join(written[3:])
        if self.kind == "Date":
            return day
        return f"{day}T{clock}{_zone(self.offset)}" if clock else day


def read(kind: str, text: str) -> Temporal | None:
    """A value of a kind as it is written; None when no calendar has it."""
    found = _FORMS[kind].fullmatch(text)
    if found is None:
        return None
    *numbers, zone = found.groups() if kind == "DateTime" else (*found.groups(), None)
    clock = {5} if kind == "DateTime" else {2} if kind == "Time" else set[int]()
    parts = tuple(Decimal(one) if i in clock else int(one) for i, one in enumerate(numbers) if one is not None)
    if kind == "DateTime" and len(parts) < 3 and numbers[3] is not None:
        return None
    if any(not low <= part <= high for part, low, high in zip(parts, _LEAST[kind], _MOST[kind], strict=False)):
        return None
    if kind != "Time" and len(parts) >= 3 and parts[2] > monthrange(int(parts[0]), int(parts[1]))[1]:
        return None
    return Temporal(kind, parts, _minutes(zone))


def compare(left: Temporal, right: Temporal) -> Literal[-1, 0, 1] | None:
    """Which of two is earlier; None where their precision or their zones do not tell."""
    if _ALIKE[left.kind] != _ALIKE[right.kind]:
        raise ExpressionError("a time of day beside a date")
    if left.offset is not None and right.offset is not None:
        left, right = _utc(left), _utc(right)
    elif (left.offset is None) != (right.offset is None) and min(len(left.parts), len(right.parts)) > 3:
        return None
    for one, other in zip(left.parts, right.parts, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(left.parts) == len(right.parts) else None


def shifted(moment: Temporal, amount: Quantity, sign: int) -> Temporal:
    """A moment some calendar units later or earlier, no more precise than before."""
    count = int(amount.value) * sign
    if amount.unit in ("year", "month") and moment.kind != "Time":
        return _months_later(moment, count * (12 if amount.unit == "year" else 1))
    if amount.unit not in _UNITS:
        raise ExpressionError("a unit that is no calendar duration")
    return _later(moment, timedelta(milliseconds=count * _UNITS[amount.unit]))


def precision(moment: Temporal) -> int:
    """How many digits are known."""
    last = moment.parts[-1]
    split = isinstance(last, Decimal) and last.as_tuple().exponent != 0
    return _DIGITS[moment.kind][len(moment.parts) - 1 + split]


def boundary(moment: Temporal, wanted: int | None, high: bool) -> Temporal | None:
    """The earliest or latest moment that this one can mean, with so many digits."""
    digits = _DIGITS[moment.kind]
    wanted = digits[-1] if wanted is None else wanted
    if wanted not in digits:
        return None
    parts: list[int | Decimal] = [*moment.parts]
    for index in range(len(parts), len(_LEAST[moment.kind])):
        edge = (_MOST if high else _LEAST)[moment.kind][index]
        if moment.kind != "Time" and index == 2 and high:
            edge = monthrange(int(parts[0]), int(parts[1]))[1]
        parts.append(edge)
    if moment.kind != "Date":
        known = isinstance(moment.parts[-1], Decimal)
        last = Decimal(parts[-1]) if known else Decimal("59.999" if high else "0.000")
        parts[-1] = last.quantize(Decimal("0.000")) if wanted == digits[-1] else Decimal(int(last))
    offset = moment.offset
    if moment.kind == "DateTime" and offset is None and wanted > 8:
        offset = -720 if high else 840
    return Temporal(moment.kind, tuple(parts[: digits.index(wanted) + 1]), offset)


def of_clock(now: datetime) -> Temporal:
    """The moment that a clock shows."""
    seconds = Decimal(now.second) + Decimal(now.microsecond // 1000).scaleb(-3)
    offset = now.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    return Temporal("DateTime", (now.year, now.month, now.day, now.hour, now.minute, seconds), minutes)


def _later(moment: Temporal, by: timedelta) -> Temporal:
    if moment.kind == "Time":
        base = datetime(2000, 1, 1)  # noqa: DTZ001  (a clock without a day)
        start = base + timedelta(milliseconds=_clock(moment.parts))
        return Temporal("Time", _parts(start + by, moment.parts, 3), None)
    year, month, day = (*map(int, moment.parts[:3]), 1, 1)[:3]
    try:
        start = datetime(year, month, day) + timedelta(milliseconds=_clock(moment.parts[3:]))  # noqa: DTZ001
        return Temporal(moment.kind, _parts(start + by, moment.parts, 0), moment.offset)
    except (ValueError, OverflowError):
        raise ExpressionError("a date beyond the calendar") from None


def _parts(found: datetime, like: tuple[int | Decimal, ...], skipped: int) -> tuple[int | Decimal, ...]:
    """As many parts of a moment as another one has, its seconds with as many digits."""
    all_parts: list[int | Decimal] = [found.year, found.month, found.day, found.hour, found.minute]
    exponent = like[-1].as_tuple().exponent if isinstance(like[-1], Decimal) else 0
    seconds = Decimal(found.second) + Decimal(found.microsecond).scaleb(-6)
    all_parts.append(seconds.quantize(Decimal(1).scaleb(int(exponent))))
    return tuple(all_parts[skipped : skipped + len(like)])


def _months_later(moment: Temporal, months: int) -> Temporal:
    year, month, day = (*map(int, moment.parts[:3]), 1, 1)[:3]
    if len(moment.parts) == 1:
        months -= months % 12 if months >= 0 else -(-months % 12)
    count = year * 12 + month - 1 + months
    year, month = count // 12, count % 12 + 1
    if not 1 <= year <= 9999:
        raise ExpressionError("a date beyond the calendar")
    moved = (year, month, min(day, monthrange(year, month)[1]), *moment.parts[3:])
    return moment._replace(parts=moved[: len(moment.parts)])


def _clock(parts: tuple[int | Decimal, ...]) -> int:
    """Milliseconds since midnight."""
    hour, minute, second = (*parts, 0, 0, 0)[:3]
    return int((hour * 3600 + minute * 60 + second) * 1000)


def _utc(moment: Temporal) -> Temporal:
    """The same moment at Greenwich, where it says its hour."""
    if len(moment.parts) < 4 or not moment.offset:
        return moment
    return _later(moment, timedelta(minutes=-moment.offset))


def _seconds(part: Decimal) -> str:
    return f"{part:f}" if part >= 10 else f"0{part:f}"


def _zone(offset: int | None) -> str:
    if offset is None:
        return ""
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}" if offset else "Z"


def _minutes(zone: str | None) -> int | None:
    if zone is None or zone == "Z":
        return None if zone is None else 0
    return (int(zone[1:3]) * 60 + int(zone[4:])) * (-1 if zone[0] == "-" else 1)
