"""Dates as ranges of instants, and what each prefix of a date search asks of two ranges (R4 search, 3.1.1.5.4)."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.core.clock import instant

# Instants are texts of one length in UTC, so their order as texts is their order in time.
EARLIEST: Final = "0001-01-01T00:00:00.000000Z"
LATEST: Final = "9999-12-31T23:59:59.999999Z"
_WRITTEN: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+ -]\d\d:\d\d)?)?)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """From `low` until just before `high`, both instants as texts."""

    low: str
    high: str


def date_range(written: str) -> DateRange | None:
    """The range that a date, dateTime or instant covers at its own precision; without a zone it is read in UTC."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return None
    try:
        return _covered(found)
    except ValueError:
        return None
    except OverflowError:
        return DateRange(_text_of_year(found[1]), LATEST)


def ranges_of(element: Any) -> list[DateRange]:
    """The ranges of any date-like element: date, dateTime, instant, Period or Timing."""
    if isinstance(element, str):
        return [found] if (found := date_range(element)) else []
    if not isinstance(element, Mapping):
        return []
    if "start" in element or "end" in element:
        return _period(element)
    events = [found for event in element.get("event") or () for found in ranges_of(event)]
    repeat = element.get("repeat")
    return events + (ranges_of(repeat.get("boundsPeriod")) if isinstance(repeat, Mapping) else [])


def widened(asked: DateRange, now: datetime) -> DateRange:
    """The range that `ap` accepts: a tenth of the distance to now on either side."""
    low, high = _moment(asked.low), _moment(asked.high)
    slack = max(abs(now - low), abs(now - high)) / 10
    try:
        return DateRange(instant_text(low - slack), instant_text(high + slack))
    except OverflowError:
        return DateRange(EARLIEST, LATEST)


def instant_text(at: datetime) -> str:
    """An instant with a year of four digits on every platform."""
    return f"{at.astimezone(UTC).year:04d}" + instant(at)[-23:]


def _covered(found: re.Match[str]) -> DateRange:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if hour is not None and int(hour) == 24:
        raise ValueError
    at = [int(part) for part in (year, month or "1", day or "1", hour or "0", minute or "0", second or "0")]
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    low = datetime(at[0], at[1], at[2], at[3], at[4], at[5], microsecond, tzinfo=UTC) - _offset(zone)
    if day is None:
        days = 365 + (monthrange(low.year, 2)[1] - 28) if month is None else monthrange(low.year, low.month)[1]
        length = timedelta(days=days)
    elif hour is None:
        length = timedelta(days=1)
    elif second is None:
        length = timedelta(minutes=1)
    else:
        length = timedelta(seconds=1) if fraction is None else timedelta(seconds=1) / 10 ** min(len(fraction), 6)
    return DateRange(instant_text(low), instant_text(low + length))


def _offset(zone: str | None) -> timedelta:
    """The offset from UTC; a plus sign in a URL may arrive as a blank."""
    if zone is None or zone == "Z":
        return timedelta(0)
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    if offset > timedelta(hours=14):
        raise ValueError
    return -offset if zone[0] == "-" else offset


def _period(period: Mapping[str, Any]) -> list[DateRange]:
    start, end = period.get("start"), period.get("end")
    first = date_range(start) if isinstance(start, str) else None
    last = date_range(end) if isinstance(end, str) else None
    if first is None and last is None:
        return []
    return [DateRange(first.low if first else EARLIEST, last.high if last else LATEST)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text_of_year(year: str) -> str:
    return EARLIEST if year == "0001" else f"{year}{EARLIEST[4:]}"
