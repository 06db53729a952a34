"""Quantities: calendar durations and the UCUM units that convert into each other."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from gateway.validate.ucum import Measure, measure

# A calendar duration up to the week is exactly the UCUM unit; a month and a year are not.
_WORDS: Final = {
    "year": "year", "month": "month", "week": "wk", "day": "d",
    "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}  # fmt: skip
CALENDAR: Final = {word + plural: unit for word, unit in _WORDS.items() for plural in ("", "s")}


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


def canonical(unit: str) -> Measure:
    """A unit as a factor of base units; what is no UCUM unit is of its own kind."""
    return measure(unit) or (Fraction(1), {unit: 1})
