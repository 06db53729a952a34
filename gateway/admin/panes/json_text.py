"""JSON as pretty lines, each with the pointer or path that it stands at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.core import fhirjson


@dataclass(frozen=True, slots=True)
class JsonLine:
    """One pretty line: how deep, the member's name, the value if it is a leaf, the bracket if it is none."""

    depth: int
    name: str
    value: Any
    bracket: str
    pointer: str
    path: str
    comma: bool

    @property
    def text(self) -> str:
        """A leaf's value as JSON writes it."""
        return fhirjson.write(self.value).decode()


def pretty(value: Any, path: str = "") -> Iterator[JsonLine]:
    """The lines of a value. `pointer` is its JSON Pointer, `path` its FHIR path with indices."""
    yield from _lines(value, 0, "", "", path, False)


def _lines(value: Any, depth: int, name: str, pointer: str, path: str, comma: bool) -> Iterator[JsonLine]:
    if not isinstance(value, dict | list) or not value:
        bracket = "" if not isinstance(value, dict | list) else ("{}" if isinstance(value, dict) else "[]")
        yield JsonLine(depth, name, value, bracket, pointer, path, comma)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield JsonLine(depth, name, None, opening, pointer, path, False)
    for n, (key, child) in enumerate(value.items() if isinstance(value, dict) else enumerate(value)):
        more = n < len(value) - 1
        if isinstance(value, dict):
            step = key.replace("~", "~0").replace("/", "~1")
            yield from _lines(child, depth + 1, key, f"{pointer}/{step}", f"{path}.{key}", more)
        else:
            yield from _lines(child, depth + 1, "", f"{pointer}/{key}", f"{path}[{key}]", more)
    yield JsonLine(depth, "", None, closing, "", path, comma)
