"""Fixed values and patterns."""

from decimal import Decimal
from typing import Any


def chosen(said: dict[str, Any], prefix: str) -> Any:
    """The value of `fixed[x]`, `pattern[x]`, `minValue[x]`… in an ElementDefinition, or None."""
    return next(
        (value for key, value in said.items() if key.startswith(prefix) and key[len(prefix) :][:1].isupper()), None
    )


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
