"""UCUM: which codes are units, and what a unit is in base units; prefixes and atoms are UCUM's own rows.

A row of `ucum.json` is an atom: whether it takes prefixes, and how much of which unit it is. One without an amount is
of its own kind: an arbitrary unit, or one on another scale (degrees Celsius, pH), which no factor converts.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.core import fhirjson

UCUM: Final = "http://unitsofmeasure.org"
TABLE: Final = Path(__file__).with_suffix(".json")
Dimensions = Mapping[str, int]
Measure = tuple[Fraction, Dimensions]  # how much, of which base units to which powers

_NOTE: Final = re.compile(r"\{[!-z|~]*\}")
_SYMBOL: Final = re.compile(r"(10[*^]|(?:[A-Za-z%'_]|\[[!-Z^-~]+\])+)([+-]?\d+)?")
_NUMBER: Final = re.compile(r"\d+")
_LONGEST: Final = 200


@lru_cache(maxsize=4096)
def measure(code: str) -> Measure | None:
    """A unit in base units, as a fraction since a Decimal divided is no longer exact; None for what is no unit."""
    if not code or len(code) > _LONGEST:
        return None
    try:
        found, at = _term(code, 0)
    except _NoUnitError:
        return None
    return found if at == len(code) else None


class _NoUnitError(ValueError):
    """The text is not written as UCUM asks."""


def _term(code: str, at: int) -> tuple[Measure, int]:
    """Components, multiplied and divided from left to right."""
    total: Measure = (Fraction(1), {})
    power = -1 if code.startswith("/", at) else 1
    at += power < 0
    while True:
        part, at = _component(code, at)
        total = _times(total, part, power)
        if code[at : at + 1] not in (".", "/"):
            return total, at
        power = 1 if code[at] == "." else -1
        at += 1


def _component(code: str, at: int) -> tuple[Measure, int]:
    if code.startswith("(", at):
        found, at = _term(code, at + 1)
        if not code.startswith(")", at):
            raise _NoUnitError
        return found, at + 1
    part: Measure = (Fraction(1), {})
    if symbol := _SYMBOL.match(code, at):
        part, at = _times((Fraction(1), {}), _simple(symbol[1]), int(symbol[2] or 1)), symbol.end()
    elif number := _NUMBER.match(code, at):
        part, at = (Fraction(number[0]), {}), number.end()
    elif not code.startswith("{", at):
        raise _NoUnitError
    if note := _NOTE.match(code, at):
        at = note.end()
    return part, at


def _simple(symbol: str) -> Measure:
    """An atom, or a prefix before one that takes prefixes."""
    table = _table()
    if symbol in table["base"]:
        return Fraction(1), {symbol: 1}
    if symbol in table["units"]:
        return _atom(symbol, *table["units"][symbol])
    for prefix, size in table["prefixes"].items():
        rest = symbol.removeprefix(prefix)
        if rest != symbol and (rest in table["base"] or table["units"].get(rest, (False,))[0]):
            factor, dimensions = _simple(rest)
            return Fraction(size) * factor, dimensions
    raise _NoUnitError


def _atom(symbol: str, metric: bool, size: str = "", unit: str = "") -> Measure:
    if not size:
        return Fraction(1), {symbol: 1}
    factor, dimensions = measure(unit) or (Fraction(1), {unit: 1})
    return Fraction(size) * factor, dimensions


def _times(left: Measure, right: Measure, power: int) -> Measure:
    if abs(power) > _LONGEST or (power < 0 and not right[0]):
        raise _NoUnitError
    dimensions = dict(left[1])
    for name, exponent in right[1].items():
        dimensions[name] = dimensions.get(name, 0) + exponent * power
    return left[0] * right[0] ** power, {name: exponent for name, exponent in dimensions.items() if exponent}


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = fhirjson.read_own(TABLE.read_bytes())
    return table
