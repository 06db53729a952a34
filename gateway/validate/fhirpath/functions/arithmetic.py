"""Numbers, and the bounds of what a value can mean."""

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
)
from typing import Any, Final

from gateway.validate.fhirpath import temporal
from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.functions.function import Function, given, integer, result
from gateway.validate.fhirpath.item import Items
from gateway.validate.fhirpath.operators import is_number, single
from gateway.validate.fhirpath.quantity import Quantity, canonical
from gateway.validate.fhirpath.temporal import Temporal

_EXACT: Final = Context(prec=60)
_MOST_DIGITS: Final = 28


def _number(items: Items) -> Any:
    value = single(items)
    if value is not None and not is_number(value):
        raise ExpressionError("something that is no number")
    return value


def _amount(items: Items) -> Any:
    value = single(items)
    return value if isinstance(value, Quantity) else _number(items)


def _to_whole(rounding: str) -> Function:
    return given(lambda value: int(Decimal(value).to_integral_value(rounding)), _number)


def _calculated(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Nothing comes of a calculation that has no result."""

    def call(*values: Any) -> Any:
        try:
            found = apply(*map(Decimal, values))
        except (DecimalException, ValueError, OverflowError):
            return None
        return found if found.is_finite() else None

    return call


def _absolute(value: Any) -> Any:
    return value._replace(value=abs(value.value)) if isinstance(value, Quantity) else abs(value)


def _rounded(focus: Items, env: Environment, *digits: Items) -> Items:
    value, places = _number(focus), integer(digits[0]) if digits else 0
    if value is None or places is None or places < 0:
        return ()
    return result(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT))


def _power(focus: Items, env: Environment, exponent: Items) -> Items:
    value, power = _number(focus), _number(exponent)
    if value is None or power is None:
        return ()
    if isinstance(value, int) and isinstance(power, int) and power >= 0:
        return result(value**power) if power < 1000 else ()
    return result(_calculated(Decimal.__pow__)(value, power))


def _boundary(high: bool) -> Function:
    def call(focus: Items, env: Environment, *digits: Items) -> Items:
        value, places = single(focus), integer(digits[0]) if digits else None
        if isinstance(value, Temporal):
            return result(temporal.boundary(value, places, high))
        if isinstance(value, Quantity):
            edge = _edge(value.value, places, high)
            return () if edge is None else result(value._replace(value=edge))
        return result(None if value is None else _edge(Decimal(_number(focus)), places, high))

    return Function(0, 1, call)


def _edge(value: Decimal, places: int | None, high: bool) -> Decimal | None:
    """Half a unit of the last digit away."""
    places = 8 if places is None else places
    if not 0 <= places <= _MOST_DIGITS:
        return None
    half = Decimal(5).scaleb(int(value.as_tuple().exponent) - 1)
    outward = high != value.is_signed()
    rounding = ROUND_HALF_DOWN if outward and value else ROUND_DOWN
    return (value + half if high else value - half).quantize(Decimal(1).scaleb(-places), rounding, _EXACT)


def _precision(focus: Items, env: Environment) -> Items:
    value = single(focus)
    if isinstance(value, Temporal):
        return result(temporal.precision(value))
    return result(None if value is None else max(-int(Decimal(_number(focus)).as_tuple().exponent), 0))


def _comparable(focus: Items, env: Environment, other: Items) -> Items:
    one, another = single(focus), single(other)
    if not isinstance(one, Quantity) or not isinstance(another, Quantity):
        return ()
    return result(canonical(one.unit)[1] == canonical(another.unit)[1])


FUNCTIONS: Final = {
    "abs": given(_absolute, _amount),
    "ceiling": _to_whole(ROUND_CEILING),
    "floor": _to_whole(ROUND_FLOOR),
    "truncate": _to_whole(ROUND_DOWN),
    "round": Function(0, 1, _rounded),
    "exp": given(_calculated(Decimal.exp), _number),
    "ln": given(_calculated(Decimal.ln), _number),
    "log": given(
        _calculated(lambda value, base: (value.ln() / base.ln()).quantize(Decimal("1e-12"))), _number, _number
    ),
    "power": Function(1, 1, _power),
    "sqrt": given(_calculated(Decimal.sqrt), _number),
    "lowBoundary": _boundary(high=False),
    "highBoundary": _boundary(high=True),
    "precision": Function(0, 0, _precision),
    "comparable": Function(1, 1, _comparable),
}
