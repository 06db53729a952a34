"""A zone as a calendar explains it: since when its clocks stand how far from UTC."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

_LOCAL: Final = re.compile(r"\d{8}T\d{6}", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d\d)(\d\d)(?:\d\d)?", re.ASCII)
_DAY: Final = re.compile(r"([1-4]|-1)(MO|TU|WE|TH|FR|SA|SU)")
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RULED: Final = frozenset({"FREQ", "BYMONTH", "BYDAY", "INTERVAL", "WKST"})  # another word would make it another rule
_MOST: Final = 256  # observances; a zone with all that ever held there has some hundred
_FORM: Final = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class _Observance:
    """Standard or daylight time: from when, at which offset, and the day of each year on which it begins again."""

    start: datetime
    offset: timedelta
    month: int = 0
    nth: int = 0
    weekday: int = 0

    def onset(self, year: int) -> datetime:
        if not self.month:
            return self.start
        first = date(year + self.month // 12, self.month % 12 + 1, 1) if self.nth < 0 else date(year, self.month, 1)
        ahead = timedelta(days=(self.weekday - first.weekday()) % 7)
        weeks = timedelta(weeks=self.nth if self.nth < 0 else self.nth - 1)
        return datetime.combine(first + ahead + weeks, self.start.time())


@dataclass(frozen=True, slots=True)
class Zone:
    """A VTIMEZONE that we understand as a whole."""

    name: str
    observances: Sequence[_Observance]

    def offset(self, local: datetime) -> timedelta | None:
        """How far its clocks stood from UTC at a local time; none before anything is told of it."""
        if not 1 < local.year < 9999:
            return None
        onsets = (
            (onset, one.offset)
            for one in self.observances
            for year in (local.year - 1, local.year)
            if one.start <= (onset := one.onset(year)) <= local
        )
        return max(onsets, default=(local, None))[1]


def zone_of(component: Mapping[str, Any]) -> Zone | None:
    """The zone of a VTIMEZONE; none when a part of it says what we do not read, since half a rule is another."""
    name = _said(component, "TZID")
    parts = [*component.get("STANDARD", ()), *component.get("DAYLIGHT", ())]
    found = [made for one in parts[: _MOST + 1] for made in _observances(one)]
    return Zone(name, found) if name and 0 < len(parts) <= _MOST and None not in found else None  # type: ignore[arg-type]


def _observances(component: Mapping[str, Any]) -> Iterator[_Observance | None]:
    start, offset, rule = (_said(component, name) for name in ("DTSTART", "TZOFFSETTO", "RRULE"))
    sign = _OFFSET.fullmatch(offset)
    if sign is None or not _LOCAL.fullmatch(start) or "RDATE" in component:
        yield None
        return
    far = timedelta(hours=int(sign[2]), minutes=int(sign[3])) * (-1 if sign[1] == "-" else 1)
    try:
        since = datetime.strptime(start, _FORM)  # noqa: DTZ007 - the time of a place whose offset this tells
    except ValueError:
        yield None
        return
    if not rule:
        yield _Observance(since, far)
        return
    words = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    day, month = _DAY.fullmatch(words.get("BYDAY", "")), words.get("BYMONTH", "")
    yearly = words.get("FREQ") == "YEARLY" and words.get("INTERVAL", "1") == "1" and words.keys() <= _RULED
    if not yearly or day is None or not (month.isascii() and month.isdigit() and 1 <= int(month) <= 12):
        yield None
        return
    yield _Observance(since, far, int(month), int(day[1]), _DAYS.index(day[2]))


def _said(component: Mapping[str, Any], name: str) -> str:
    return str(component.get(name, [{}])[0].get("value", ""))
