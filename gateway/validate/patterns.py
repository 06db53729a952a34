"""Fixed values, patterns, bounds, and the regular expressions of others."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from gateway.validate.fhirpath import quantity
from gateway.validate.nodes import in_order, number
from gateway.validate.scope import Check, Place, Scope
from gateway.validate.ucum import UCUM

_LONGEST: Final = 1000
_NESTED: Final = re.compile(r"[*+}]\)[*+{]|\\[1-9]")  # a repeated group that repeats inside, a back reference


def chosen(said: dict[str, Any], prefix: str) -> Any:
    """The value of `fixed[x]`, `pattern[x]`, `minValue[x]`… in an ElementDefinition, or None."""
    return next(
        (value for key, value in said.items() if key.startswith(prefix) and key[len(prefix) :][:1].isupper()), None
    )


def of_element(said: dict[str, Any], rule: str) -> Iterator[Check]:
    """The checks of all that an ElementDefinition says of the value itself."""
    fixed, pattern = chosen(said, "fixed"), chosen(said, "pattern")
    low, high, longest = chosen(said, "minValue"), chosen(said, "maxValue"), said.get("maxLength")
    if fixed is not None:
        yield _must(lambda value: is_fixed(value, fixed), "value-fixed", rule)
    if pattern is not None:
        yield _must(lambda value: fits(value, pattern), "value-pattern", rule)
    if low is not None:
        yield _must(lambda value: at_least(low, value), "value-range", rule)
    if high is not None:
        yield _must(lambda value: at_least(value, high), "value-range", rule)
    if longest is not None:
        yield _must(lambda value: type(value) is not str or len(value) <= longest, "value-too-long", rule)


def _must(holds: Callable[[Any], bool], code: str, rule: str) -> Check:
    def check(value: Any, place: Place, scope: Scope) -> None:
        if not holds(value):
            scope.error(code, place, rule)

    return check


def is_fixed(value: Any, wanted: Any) -> bool:
    """Whether the value is exactly the one wanted."""
    if type(value) in (int, float, Decimal) and type(wanted) in (int, float, Decimal):
        return bool(value == wanted)
    return type(value) is type(wanted) and bool(value == wanted)


def fits(value: Any, wanted: Any) -> bool:
    """Whether the value holds everything that the pattern holds."""
    if type(wanted) is dict:
        return type(value) is dict and all(name in value and fits(value[name], one) for name, one in wanted.items())
    if type(wanted) is list:
        return type(value) is list and all(any(fits(one, part) for one in value) for part in wanted)
    return is_fixed(value, wanted)


def at_least(low: Any, value: Any, *, otherwise: bool = True) -> bool:
    """Whether the first is not greater; `otherwise` when they cannot be compared."""
    if type(low) is dict and type(value) is dict:
        return _amounts(low, value, otherwise)
    first, second = number(low), number(value)
    if first is not None and second is not None:
        return first <= second
    if type(low) is str and type(value) is str:
        return in_order(_beginning(low), _beginning(value))
    return otherwise


def _amounts(low: dict[str, Any], value: dict[str, Any], otherwise: bool) -> bool:
    """Quantities in one unit, or in UCUM units of which one is a multiple of the other."""
    if all(low.get(name) == value.get(name) for name in ("system", "code")):
        same = "code" in low or low.get("unit") == value.get("unit")
        return at_least(low.get("value"), value.get("value"), otherwise=otherwise) if same else otherwise
    first, second = quantity.of_element(low), quantity.of_element(value)
    if first is None or second is None or not low.get("system") == value.get("system") == UCUM:
        return otherwise
    pair = quantity.alike(first, second)
    return otherwise if pair is None else pair[0] <= pair[1]


def _beginning(moment: str) -> str:
    """A year or a month as its first day."""
    return moment + "-01-01"[len(moment) - 4 :] if moment[4:5] in ("", "-") and len(moment) in (4, 7) else moment


@lru_cache(maxsize=256)
def foreign(text: str) -> re.Pattern[str] | None:
    """A pattern that a definition asks for; None for one that could run for long or does not compile."""
    if len(text) > _LONGEST or _NESTED.search(text):
        return None
    try:
        return re.compile(text.removeprefix("^").removesuffix("$"))
    except re.error:
        return None
