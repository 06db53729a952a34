"""JSON as pretty lines, each with the pointer or path that it stands at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.core import fhirjson


@dataclass(frozen=True, slots=True)
class JsonLine:
    """One pretty line: how deep, the member's name, the value if it is a leaf, the bracket if it is none.

    `path` names the place in the whole, `element` the same in the resource that holds it (a contained one is its own).
    """

    depth: int
    name: str
    value: Any
    bracket: str
    pointer: str
    path: str
    element: str
    comma: bool

    @property
    def text(self) -> str:
        """A leaf's value as JSON writes it."""
        return fhirjson.write(self.value).decode()


def pretty(value: Any, path: str = "") -> Iterator[JsonLine]:
    """The lines of a value; `path` is what its place is called."""
    yield from _lines(value, _Place(0, "", "", path, path, False))


class _Place(NamedTuple):
    depth: int
    name: str
    pointer: str
    path: str
    element: str
    comma: bool


def _lines(value: Any, at: _Place) -> Iterator[JsonLine]:
    if not isinstance(value, dict | list) or not value:
        bracket = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else ""
        yield JsonLine(at.depth, at.name, value, bracket, at.pointer, at.path, at.element, at.comma)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield JsonLine(at.depth, at.name, None, opening, at.pointer, at.path, at.element, False)
    members = _members(value, at) if isinstance(value, dict) else _positions(value, at)
    for child, place in members:
        yield from _lines(child, place)
    yield JsonLine(at.depth, "", None, closing, "", at.path, at.element, at.comma)


def _members(value: dict[str, Any], at: _Place) -> Iterator[tuple[Any, _Place]]:
    type = value.get("resourceType")
    element = type if isinstance(type, str) else at.element
    for n, (name, child) in enumerate(value.items(), 1):
        pointer = f"{at.pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        yield child, _Place(at.depth + 1, name, pointer, f"{at.path}.{name}", f"{element}.{name}", n < len(value))


def _positions(value: list[Any], at: _Place) -> Iterator[tuple[Any, _Place]]:
    for n, child in enumerate(value):
        more = n < len(value) - 1
        yield child, _Place(at.depth + 1, "", f"{at.pointer}/{n}", f"{at.path}[{n}]", f"{at.element}[{n}]", more)
