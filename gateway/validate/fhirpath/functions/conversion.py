"""Conversion between the types of System; nothing comes of a value that cannot be converted."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from gateway.validate.fhirpath import quantity, temporal
from gateway.validate.fhirpath.functions.function import Function, given
from gateway.validate.fhirpath.item import Items
from gateway.validate.fhirpath.operators import is_number, single
from gateway.validate.fhirpath.quantity import Quantity
from gateway.validate.fhirpath.temporal import Temporal

_TRUE: Final = ("true", "t", "yes", "y", "1", "1.0")
_FALSE: Final = ("false", "f", "no", "n", "0", "0.0")
_INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_KINDS: Final = {"Date": 3, "DateTime": 6}


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if is_number(value):
        return bool(value) if value in (0, 1) else None
    word = value.lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _integer(value: Any) -> int | None:
    if isinstance(value, (bool, int)):
        return int(value)
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, (bool, int, Decimal)):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def string(value: Any) -> str | None:
    """A value of System as it is written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if isinstance(value, (dict, list)) else str(value)


def _temporal(kind: str) -> Callable[[Any], Temporal | None]:
    def convert(value: Any) -> Temporal | None:
        if isinstance(value, str):
            return temporal.read(kind, value)
        if not isinstance(value, Temporal) or (value.kind == "Time") != (kind == "Time"):
            return None
        most = 3 if kind == "Date" else 6
        return Temporal(kind, value.parts[:most], value.offset if kind == "DateTime" else None)

    return convert


def _quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, (bool, int, Decimal)):
        return Quantity(Decimal(value), "1")
    return quantity.read(value) if isinstance(value, str) else None


_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": string,
    "Date": _temporal("Date"),
    "DateTime": _temporal("DateTime"),
    "Time": _temporal("Time"),
    "Quantity": _quantity,
}


def _converts(convert: Callable[[Any], Any]) -> Function:
    return given(lambda value: convert(value) is not None, single)


def _to_string(items: Items) -> Any:
    """Dates and times of an element stay as they are written there."""
    value = single(items)
    return items[0].value if isinstance(value, Temporal) and isinstance(items[0].value, str) else value


FUNCTIONS: Final = {
    **{f"to{name}": given(convert, single) for name, convert in _CONVERSIONS.items()},
    **{f"convertsTo{name}": _converts(convert) for name, convert in _CONVERSIONS.items()},
    "toString": given(string, _to_string),
}
