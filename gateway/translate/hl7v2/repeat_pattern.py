"""Repeat patterns (table 0335, RPT) and what they mean for Timing.repeat; a pattern partly understood means nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from gateway.translate.hl7v2.quantity import exact
from gateway.translate.hl7v2.systems import ucum

Repeat = dict[str, Any]
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS: Final = {
    "S": "s",
    "M": "min",
    "H": "h",
    "D": "d",
    "W": "wk",
    "L": "mo",
}  # the letters of intervals and durations
_NAMED: Final[dict[str, Repeat]] = {
    "BID": {"frequency": 2, "period": 1, "periodUnit": "d"},
    "TID": {"frequency": 3, "period": 1, "periodUnit": "d"},
    "QID": {"frequency": 4, "period": 1, "periodUnit": "d"},
    "QD": {"frequency": 1, "period": 1, "periodUnit": "d"},
    "QOD": {"frequency": 1, "period": 2, "periodUnit": "d"},
    "QAM": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN"]},
    "QPM": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["EVE"]},
    "QHS": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]},
    "ONCE": {"count": 1},
}
# HL7's abbreviations of the same meaning in v3 (GTSAbbreviation), as the R4 value set timing-abbreviation has them.
_ABBREVIATIONS: Final = frozenset({"BID", "TID", "QID", "QD", "QOD", "Q4H", "Q6H", "Q8H", "Q1H", "Q2H", "Q3H"})
# Event codes of RPT.8 (table 0528) that FHIR's event timing has under the same code.
_EVENTS: Final = frozenset({"AC", "ACD", "ACM", "ACV", "C", "CD", "CM", "CV", "HS", "PC", "PCD", "PCM", "PCV", "WAKE"})
AT_MEALS: Final = frozenset({"C", "CM", "CD", "CV"})  # no offset from these (tim-9)
_MEALS: Final = re.compile(r"[AP]C[MDV]")
_EVERY: Final = re.compile(r"Q(\d{1,3})([SMHDWL])", re.ASCII)
_WEEKDAYS: Final = re.compile(r"Q(\d{1,2})J([1-7]{1,7})", re.ASCII)
_TIMES: Final = re.compile(r"([1-9]\d?)ID", re.ASCII)
_DAY: Final = re.compile(r"[1-7]", re.ASCII)
_MINUTES: Final = {"s": Decimal(1) / 60, "min": Decimal(1), "h": Decimal(60), "d": Decimal(1440)}
_PERIODS: Final = ("s", "min", "h", "d", "wk", "mo", "a")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a pattern says: how often, whether only when needed, and HL7's abbreviation of it."""

    repeat: Repeat = field(default_factory=dict)
    as_needed: bool = False
    abbreviation: str = ""


def read(sent: str) -> Pattern:
    """Read one code; what is not in the table says nothing."""
    code = sent.upper()
    if code == "PRN":
        return Pattern(as_needed=True)
    if code.startswith("PRN"):
        inner = read(code[3:].strip())
        return Pattern(inner.repeat, True, inner.abbreviation) if inner.repeat else Pattern()
    repeat = _repeat(code)
    return Pattern(repeat, False, code if repeat and code in _ABBREVIATIONS else "")


def read_all(rpt: Mapping[int, str]) -> Repeat | None:
    """All components of an RPT by their number; None when one of them is not understood or two contradict."""
    pattern = read(rpt[1])
    if (rpt[1] and not (pattern.repeat or pattern.as_needed)) or rpt[11]:
        return None
    days, period, event = _aligned(rpt), _period(rpt), _event(rpt)
    if days is None or period is None or event is None:
        return None
    made: Repeat = {}
    for said in (pattern.repeat, days, period, event):
        if any(name in made and made[name] != value for name, value in said.items()):
            return None
        made |= said
    return made


def _repeat(code: str) -> Repeat:
    if code in _NAMED:
        return {name: list(said) if isinstance(said, list) else said for name, said in _NAMED[code].items()}
    if _MEALS.fullmatch(code):
        return {"when": [code]}
    if found := _EVERY.fullmatch(code):
        return {"frequency": 1, "period": int(found[1]), "periodUnit": UNITS[found[2]]} if int(found[1]) else {}
    if found := _WEEKDAYS.fullmatch(code):
        days = [_DAYS[int(day) - 1] for day in dict.fromkeys(found[2])]
        return {"frequency": 1, "period": int(found[1]), "periodUnit": "wk", "dayOfWeek": days} if int(found[1]) else {}
    if found := _TIMES.fullmatch(code):
        return {"frequency": int(found[1]), "period": 1, "periodUnit": "d"}
    return {}


def _aligned(rpt: Mapping[int, str]) -> Repeat | None:
    """RPT.2 to 4: days of the week from the first to the last; another alignment is not understood."""
    if not (rpt[2] or rpt[3] or rpt[4]):
        return {}
    first, last = rpt[3], rpt[4] or rpt[3]
    if rpt[2] != "DW" or not _DAY.fullmatch(first) or not _DAY.fullmatch(last) or last < first:
        return None
    return {"dayOfWeek": list(_DAYS[int(first) - 1 : int(last)])}


def _period(rpt: Mapping[int, str]) -> Repeat | None:
    """RPT.5 and 6: the period, without a frequency, which then is once."""
    if not (rpt[5] or rpt[6]):
        return {}
    amount, unit = exact(rpt[5]), ucum(rpt[6])
    if amount is None or amount[1] or amount[0] <= 0 or unit not in _PERIODS:
        return None
    return {"period": amount[0], "periodUnit": unit}


def _event(rpt: Mapping[int, str]) -> Repeat | None:
    """RPT.8 to 10: the event, and the minutes between it and the occurrence."""
    if not (rpt[8] or rpt[9] or rpt[10]):
        return {}
    if rpt[8] not in _EVENTS:
        return None
    amount, factor = exact(rpt[9]) if rpt[9] else (Decimal(0), ""), _MINUTES.get(ucum(rpt[10]) if rpt[9] else "min")
    if amount is None or amount[1] or factor is None or (rpt[8] in AT_MEALS and rpt[9]):
        return None
    minutes = amount[0] * factor
    if minutes < 0 or minutes != int(minutes):
        return None
    return {"when": [rpt[8]], **({"offset": int(minutes)} if minutes else {})}
