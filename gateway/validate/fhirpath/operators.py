"""Operators between collections: equality, equivalence, order, arithmetic."""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation
from typing import Any, Final

from gateway.validate.fhirpath import temporal
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.item import NONE, Item, Items, key, of_value, system
from gateway.validate.fhirpath.quantity import Quantity, alike
from gateway.validate.fhirpath.temporal import Temporal

_BLANKS: Final = re.compile(r"\s+")


def equal(left: Items, right: Items) -> bool | None:
    """`=`: the same items in the same order; not known when a side is empty."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return _same(left[0], right[0])
    answers = [_same(one, other) for one, other in zip(left, right, strict=True)]
    return False if False in answers else None if None in answers else True


def _same(left: Item, right: Item) -> bool | None:
    one, other = system(left), system(right)
    if one is None or other is None:
        return None
    if type(one) is str and type(other) is str:
        return one == other
    if isinstance(one, Temporal) and isinstance(other, Temporal):
        if (one.kind == "Time") != (other.kind == "Time"):
            return False
        earlier = temporal.compare(one, other)
        return None if earlier is None else earlier == 0
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        both = alike(one, other)
        return None if both is None else bool(both[0] == both[1])
    if isinstance(one, (Temporal, Quantity)) or isinstance(other, (Temporal, Quantity)):
        return other in (one, str(one)) or one == str(other)
    return key(left) == key(right)


def equivalent(left: Items, right: Items) -> bool:
    """`~`: the same items in any order, without regard to case, blanks and precision."""
    if len(left) != len(right):
        return False
    others = list(right)
    for one in left:
        found = next((index for index, other in enumerate(others) if _much_the_same(system(one), system(other))), None)
        if found is None:
            return False
        del others[found]
    return True


def _much_the_same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _BLANKS.sub(" ", one.strip()).casefold() == _BLANKS.sub(" ", other.strip()).casefold()
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, Decimal)) and isinstance(other, (int, Decimal)):
        return _rounded_alike(Decimal(one), Decimal(other))
    if isinstance(one, Temporal) and isinstance(other, Temporal):
        return (one.kind == "Time") == (other.kind == "Time") and temporal.compare(one, other) == 0
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        both = alike(one, other, calendar=True)
        if both is None:
            return False
        coarse = max(_exponent(one.value), _exponent(other.value) + both[1].adjusted() - other.value.adjusted())
        return _rounded_alike(*both, coarse)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_much_the_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_much_the_same, one, other))
    return bool(one == other)


def _rounded_alike(one: Decimal, other: Decimal, exponent: int | None = None) -> bool:
    """Whether two numbers are the same with the precision of the coarser one."""
    coarse = Decimal(1).scaleb(max(_exponent(one), _exponent(other)) if exponent is None else exponent)
    return one.quantize(coarse, ROUND_HALF_UP) == other.quantize(coarse, ROUND_HALF_UP)


def _exponent(number: Decimal) -> int:
    return min(int(number.as_tuple().exponent), 0)


def order(left: Items, right: Items) -> int | None:
    """Negative, zero or positive as the left side is less, equal or greater; None when it cannot be told."""
    one, other = single(left), single(right)
    if one is None or other is None:
        return None
    if isinstance(one, Temporal) or isinstance(other, Temporal):
        one, other = _as_temporal(one, other), _as_temporal(other, one)
        return temporal.compare(one, other)
    if isinstance(one, Quantity) or isinstance(other, Quantity):
        both = alike(_as_quantity(one), _as_quantity(other))
        if both is None:
            return None
        one, other = both
    if not (is_number(one) and is_number(other)) and not (isinstance(one, str) and isinstance(other, str)):
        raise ExpressionError("values that have no order")
    return int(one > other) - int(one < other)


def _as_temporal(value: Any, other: Any) -> Temporal:
    if isinstance(value, str) and isinstance(other, Temporal):
        value = temporal.read(other.kind, value)
    if not isinstance(value, Temporal):
        raise ExpressionError("a date beside something else")
    return value


def _as_quantity(value: Any) -> Quantity:
    if is_number(value):
        return Quantity(Decimal(value), "1")
    if not isinstance(value, Quantity):
        raise ExpressionError("a quantity beside something else")
    return value


def single(items: Items) -> Any:
    """The System value of the one item, None for none; ExpressionError for several."""
    if len(items) > 1:
        raise ExpressionError("several items where one is wanted")
    return system(items[0]) if items else None


def is_number(value: Any) -> bool:
    """Whether this is an Integer or a Decimal."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def arithmetic(operator: str, left: Items, right: Items) -> Items:
    """`+ - * / div mod &` between single items."""
    one, other = single(left), single(right)
    if operator == "&":
        return (of_value(_text(one) + _text(other)),)
    if one is None or other is None:
        return NONE
    try:
        found = _calculated(operator, one, other)
    except (DivisionByZero, InvalidOperation, ZeroDivisionError):
        return NONE
    return (of_value(found),)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ExpressionError("something that is no text")
    return value


def _calculated(operator: str, one: Any, other: Any) -> Any:
    if is_number(one) and is_number(other):
        return NUMBERS[operator](one, other)
    if isinstance(one, Quantity) or isinstance(other, Quantity):
        if isinstance(one, Temporal) and isinstance(other, Quantity) and operator in "+-":
            return temporal.shifted(one, other, 1 if operator == "+" else -1)
        return _of_quantities(operator, _as_quantity(one), _as_quantity(other))
    if isinstance(one, str) and isinstance(other, str) and operator == "+":
        return one + other
    raise ExpressionError("values that cannot be calculated with")


def _of_quantities(operator: str, one: Quantity, other: Quantity) -> Quantity | None:
    if operator in "*/":
        unit = other.unit if one.unit == "1" else one.unit if other.unit == "1" else ""
        if operator == "/" and one.unit == other.unit:
            unit = "1"
        joined = f"{one.unit}{'.' if operator == '*' else '/'}{other.unit}"
        return Quantity(NUMBERS[operator](one.value, other.value), unit or joined)
    both = alike(one, other)
    if both is None or operator not in "+-":
        raise ExpressionError("units that have nothing in common")
    return Quantity(NUMBERS[operator](*both), one.unit)


def _whole(one: Any, other: Any) -> int:
    quotient = Decimal(one) / Decimal(other)
    return int(quotient)


NUMBERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: Decimal(one) / Decimal(other),
    "div": _whole,
    "mod": lambda one, other: one - _whole(one, other) * other,
}
