"""The values of an element where they stand, in whatever form."""

from collections.abc import Callable, Mapping
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


class Forms:
    """The forms in which an element may stand: one, or those of a choice."""

    def __init__(self, elements: Mapping[str, Element]) -> None:
        rows = [
            _Form(order, key, f"_{key}" if one.primitive else "", one.type)
            for order, (key, one) in enumerate(elements.items())
        ]
        self._single = rows if len(rows) == 1 else []
        self._known = {name: row for row in rows for name in (row.key, row.side) if name}
        self.names = frozenset(self._known)  # in JSON

    def of(self, node: dict[str, Any], place: Place) -> list[Standing]:
        """The values of the element in a node; None where only an extension stands."""
        found: list[Standing] = []
        rows = self._single or sorted({self._known[name] for name in self._known.keys() & node.keys()})
        for _, key, side, kind in rows:
            value, partner = node.get(key), node.get(side) if side else None
            if type(value) is list or type(partner) is list:
                values = value if type(value) is list else [None] * len(partner or ())
                found += [Standing(one, Place(place, key, index), kind) for index, one in enumerate(values)]
            elif value is not None or partner is not None:
                found.append(Standing(value, Place(place, key), kind))
        return found


class _Form(NamedTuple):
    order: int
    key: str
    side: str  # where the extensions of a primitive stand
    type: str
