"""Quantities: calendar durations and the UCUM units that convert into each other."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

UCUM: Final = "http://unitsofmeasure.org"
# A calendar duration up to the week is exactly the UCUM unit; a month and a year are not.
_WORDS: Final = {
    "year": "year", "month": "month", "week": "wk", "day": "d",
    "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}  # fmt: skip
CALENDAR: Final = {word + plural: unit for word, unit in _WORDS.items() for plural in ("", "s")}
_PREFIXES: Final = {"G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12}
# Units as UCUM's ucum-essence.xml defines them: a number of another unit. What is not here converts into itself only.
_UNITS: Final[dict[str, tuple[str, str]]] = {
    "%": ("0.01", ""), "min": ("60", "s"), "h": ("60", "min"), "d": ("24", "h"), "wk": ("7", "d"),
    "a": ("365.25", "d"), "mo": ("30.4375", "d"), "l": ("1", "dm3"), "L": ("1", "l"),
    "[in_i]": ("2.54", "cm"), "[ft_i]": ("12", "[in_i]"),
    "[gr]": ("64.79891", "mg"), "[lb_av]": ("7000", "[gr]"), "[oz_av]": ("0.0625", "[lb_av]"),
}  # fmt: skip
_METRIC: Final = ("g", "m", "s", "mol", "L", "l", "Pa", "J", "W", "V", "Hz")  # those that take prefixes
_TERM: Final = re.compile(r"([./]?)([A-Za-z%]*\[[^\]]+\]|[A-Za-z%]+|\d+)([+-]?\d+)?(?:\{[^}]*\})?")
Dimensions = Mapping[str, int]


class Quantity(NamedTuple):
    """An amount with its unit: a UCUM code, `year` or `month`."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        word = f"'{self.unit}'" if self.unit not in ("year", "month") else self.unit
        return f"{self.value:f} {word}"


def of_element(node: Mapping[str, Any]) -> Quantity | None:
    """The quantity that a FHIR Quantity states; without a value it states none."""
    value = node.get("value")
    if type(value) not in (int, float, Decimal):
        return None
    return Quantity(Decimal(str(value)), str(node.get("code") or node.get("unit") or "1"))


def read(text: str) -> Quantity | None:
    """A quantity written as a string: `4.5 'mg'` or `4 days`."""
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)(?:\s*'([^']+)'|\s+([a-z]+))?", text, re.ASCII)
    if found is None or (found[3] and found[3] not in CALENDAR):
        return None
    return Quantity(Decimal(found[1]), CALENDAR[found[3]] if found[3] else found[2] or "1")


def alike(left: Quantity, right: Quantity, calendar: bool = False) -> tuple[Decimal, Decimal] | None:
    """Both amounts in the left one's unit; None when the units have nothing in common."""
    if left.unit == right.unit:
        return left.value, right.value
    words = {"year": "a", "month": "mo"} if calendar else {}
    (first, one), (second, other) = (canonical(words.get(part.unit, part.unit)) for part in (left, right))
    if one != other:
        return None
    found = Fraction(right.value) * second / first
    return left.value, Decimal(found.numerator) / found.denominator


def canonical(unit: str) -> tuple[Fraction, Dimensions]:
    """A unit as a factor of base units; a fraction, since a Decimal divided is no longer exact."""
    factor, dimensions = Fraction(1), dict[str, int]()
    at = 0
    for found in _TERM.finditer(unit):
        if found.start() != at:
            break
        at = found.end()
        power = int(found[3] or 1) * (-1 if found[1] == "/" else 1)
        size, inner = _atom(found[2])
        factor *= size**power
        for name, exponent in inner.items():
            dimensions[name] = dimensions.get(name, 0) + exponent * power
    if at != len(unit):
        return Fraction(1), {unit: 1}
    return factor, {name: exponent for name, exponent in dimensions.items() if exponent}


def _atom(unit: str) -> tuple[Fraction, Dimensions]:
    if unit in _UNITS:
        size, base = _UNITS[unit]
        factor, inner = canonical(base)
        return Fraction(size) * factor, inner
    if unit.isdecimal():
        return Fraction(unit), {}
    if unit in _METRIC:
        return Fraction(1), {unit: 1}
    for prefix, exponent in _PREFIXES.items():
        if unit.startswith(prefix) and unit.removeprefix(prefix) in _METRIC:
            factor, inner = _atom(unit.removeprefix(prefix))
            return Fraction(10) ** exponent * factor, inner
    return Fraction(1), {unit: 1}
