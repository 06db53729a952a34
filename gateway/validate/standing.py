"""The values of an element where they stand, in whatever form."""

from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.core.r4 import Element
from gateway.validate.scope import Place, Scope


class Standing(NamedTuple):
    """One value of an element: what it is, where it stands, its datatype."""

    value: Any
    place: Place
    type: str


# Whatever is said of one value.
Judge = Callable[[Standing, Scope], None]


def standing(node: dict[str, Any], place: Place, forms: dict[str, Element]) -> list[Standing]:
    """The values of an element in whatever form; None where only an extension stands."""
    found: list[Standing] = []
    for key, element in forms.items():
        value, side = node.get(key), node.get(f"_{key}") if element.primitive else None
        if type(value) is list or type(side) is list:
            values = value if type(value) is list else [None] * len(side or ())
            found += [Standing(one, Place(place, key, index), element.type) for index, one in enumerate(values)]
        elif value is not None or side is not None:
            found.append(Standing(value, Place(place, key), element.type))
    return found
