"""Repeat patterns of HL7 table 0335 and what they mean for Timing.repeat; a pattern partly understood means nothing."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS: Final = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo"}
_NAMED: Final[dict[str, dict[str, Any]]] = {
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
_MEALS: Final = re.compile(r"[AP]C[MDV]")
_EVERY: Final = re.compile(r"Q(\d{1,3})([SMHDWL])", re.ASCII)
_WEEKDAYS: Final = re.compile(r"Q(\d{1,2})J([1-7]{1,7})", re.ASCII)
_TIMES: Final = re.compile(r"([1-9]\d?)ID", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a pattern says: how often, whether only when needed, and HL7's abbreviation of it."""

    repeat: dict[str, Any] = field(default_factory=dict)
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


def _repeat(code: str) -> dict[str, Any]:
    if code in _NAMED:
        return {name: list(said) if isinstance(said, list) else said for name, said in _NAMED[code].items()}
    if _MEALS.fullmatch(code):
        return {"when": [code]}
    if found := _EVERY.fullmatch(code):
        return {"frequency": 1, "period": int(found[1]), "periodUnit": _UNITS[found[2]]} if int(found[1]) else {}
    if found := _WEEKDAYS.fullmatch(code):
        days = [_DAYS[int(day) - 1] for day in dict.fromkeys(found[2])]
        return {"frequency": 1, "period": int(found[1]), "periodUnit": "wk", "dayOfWeek": days} if int(found[1]) else {}
    if found := _TIMES.fullmatch(code):
        return {"frequency": int(found[1]), "period": 1, "periodUnit": "d"}
    return {}
