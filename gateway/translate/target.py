"""Where a row puts its value: a path of R4 JSON names, settled once against the definitions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.core import r4
from gateway.translate.converter import Primitive

_STEP = re.compile(r"(_?[A-Za-z]\w*)(?:\(([^()]+)\))?(?:\.|$)")


_NOTHING: tuple[()] = ()
_COMPARED = 256  # a list this long is a flood: what comes is not compared with all of it, and may stand there twice


class UnknownPathError(Exception):
    """A path that R4 does not have."""


class SecondValueError(Exception):
    """The element holds one value, and holds another already."""


@dataclass(frozen=True, slots=True)
class _Hop:
    """One step of the path; `url` picks the extension with that url."""

    name: str
    array: bool
    url: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A settled path."""

    hops: tuple[_Hop, ...]
    last: _Hop
    path: str
    fixed: bool  # no list on the way: the path is the place

    def place(self, element: dict[str, Any]) -> str:
        """The path with indices where the next value will stand."""
        if self.fixed:
            return self.path
        last = self.last
        if not self.hops:  # a list of the element itself, as most are
            return f"{last.name}[{len(element.get(last.name, _NOTHING))}]"
        parts = []
        node: Any = element
        for hop in self.hops:
            node = node.get(hop.name) if isinstance(node, dict) else None
            if hop.array:
                at = max(len(node) - 1, 0) if isinstance(node, list) else 0
                if hop.url and isinstance(node, list):
                    at = next((n for n, one in enumerate(node) if one.get("url") == hop.url), len(node))
                parts.append(f"{hop.name}[{at}]")
                node = node[at] if isinstance(node, list) and at < len(node) else None
            else:
                parts.append(hop.name)
        if self.last.array:
            there = node.get(self.last.name) if isinstance(node, dict) else None
            parts.append(f"{self.last.name}[{len(there) if isinstance(there, list) else 0}]")
        else:
            parts.append(self.last.name)
        return ".".join(parts)

    def put(self, element: dict[str, Any], value: Any) -> None:
        """Set or append the value; raises SecondValueError when one element would hold two."""
        node, last = element, self.last
        for hop in self.hops:
            node = _enter(node, hop)
        name = last.name
        if type(value) is Primitive:
            _put_primitive(node, last, value)
        elif not last.array:
            held = node.setdefault(name, value)
            if held is not value and held != value:
                raise SecondValueError
        elif name not in node and not isinstance(value, list):
            node[name] = [value]
        else:
            held = node.setdefault(name, [])
            for one in value if isinstance(value, list) else (value,):
                if one not in (held if len(held) <= _COMPARED else held[:_COMPARED]):
                    held.append(one)


def _enter(node: dict[str, Any], hop: _Hop) -> dict[str, Any]:
    if not hop.array:
        inner: dict[str, Any] = node.setdefault(hop.name, {})
        return inner
    held: list[dict[str, Any]] = node.setdefault(hop.name, [])
    if hop.url:
        for one in held:
            if one.get("url") == hop.url:
                return one
        held.append({"url": hop.url})
    elif not held:
        held.append({})
    return held[-1]


def _put_primitive(node: dict[str, Any], hop: _Hop, value: Primitive) -> None:
    twin = {"extension": value.extension} if value.extension else None
    if not hop.array:
        if hop.name in node or f"_{hop.name}" in node:
            if node.get(hop.name) != value.value:
                raise SecondValueError
            return
        if value.value is not None:
            node[hop.name] = value.value
        if twin:
            node[f"_{hop.name}"] = twin
        return
    held = node.setdefault(hop.name, [])
    held.append(value.value)
    if twin or f"_{hop.name}" in node:
        twins: list[Any] = node.setdefault(f"_{hop.name}", [])
        twins.extend([None] * (len(held) - 1 - len(twins)))
        twins.append(twin)


def settle(base: str, to: str) -> tuple[Target, r4.Element]:
    """Settle a path below a type or backbone path; raises UnknownPathError."""
    hops: list[_Hop] = []
    at, path, found = 0, base, None
    for match in _STEP.finditer(to):
        if match.start() != at:
            raise UnknownPathError(to)
        at = match.end()
        name, url = match.group(1), match.group(2) or ""
        if name.startswith("_"):
            path = "Element"
            hops.append(_Hop(name, array=False))
            continue
        path = f"{path}.{name}"
        found = r4.element(path)
        if found is None:
            raise UnknownPathError(path)
        hops.append(_Hop(name, found.array, url))
    if at != len(to) or found is None:
        raise UnknownPathError(to)
    return Target(tuple(hops[:-1]), hops[-1], to, not any(hop.array for hop in hops)), found


def typed(value: Any, path: str) -> Any:
    """A constant of a table (texts only) as the JSON types that R4 has at that path; raises UnknownPathError."""
    found = r4.element(path)
    if found is None:
        raise UnknownPathError(path)
    if isinstance(value, list):
        return [_one(one, path, found) for one in value]
    return _one(value, path, found)


def _one(value: Any, path: str, element: r4.Element) -> Any:
    if isinstance(value, dict):
        return {name: _member(inner, f"{path}.{name}") for name, inner in value.items()}
    match element.type:
        case "boolean":
            return value == "true"
        case "integer" | "positiveInt" | "unsignedInt":
            return int(value)
        case "decimal":
            return Decimal(value)
    return value


def _member(value: Any, path: str) -> Any:
    found = r4.element(path)
    if found is None:
        raise UnknownPathError(path)
    made = typed(value, path)
    return made if not found.array or (isinstance(made, Sequence) and not isinstance(made, str)) else [made]
