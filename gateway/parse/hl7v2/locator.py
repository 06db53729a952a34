"""Locators, settled once: `PID-5.1`, `OBX-5(1)`, `ORDER`, `TQ1`, `ENCODED/RXR-1`, `../OBR-4`, `/MSH-7`, `1.1`.

A name finds the segments or groups that stand directly in a group; groups that the table of structures calls open are
looked through. `..` is the group around, a leading `/` the whole message. Without a name the numbers count from
the node: fields of a segment, components of a field, subcomponents of a component. `(2)` takes one repetition.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from gateway.core.record import Read
from gateway.parse.hl7v2.segment import Part, Segment
from gateway.parse.hl7v2.structure import OPEN

_STEP: Final = re.compile(
    r"(?P<name>[A-Z][A-Z0-9_]*)?(?P<dash>-)?(?P<numbers>\d+(?:\(\d+\))?(?:\.\d+){0,3})?", re.ASCII
)
_NONE: Final[tuple[Any, ...]] = ()


@lru_cache(maxsize=4096)
def reader(locator: str) -> Read:
    """Compile a locator; ValueError when it is none."""
    if locator == ".":
        return lambda node: (node,)
    steps = [_step(step) for step in locator.removeprefix("/").split("/")]
    if locator.startswith("/"):
        steps.insert(0, _root)
    if len(steps) == 1:
        return steps[0]
    return lambda node: _walk(steps, node)


def _walk(steps: Iterable[Read], node: Any) -> Sequence[Any]:
    found: Sequence[Any] = (node,)
    for step in steps:
        found = step(found[0]) if len(found) == 1 else [inner for one in found for inner in step(one)]
    return found


def _root(node: Any) -> Sequence[Any]:
    return (node.record.root,)


def _around(node: Any) -> Sequence[Any]:
    if isinstance(node, Part):
        return (node.segment,)
    above = node.group if isinstance(node, Segment) else node.parent
    return (above,) if above is not None else _NONE


def _step(step: str) -> Read:
    if step == "..":
        return _around
    found = _STEP.fullmatch(step)
    if found is None or not step or bool(found["dash"]) != bool(found["name"] and found["numbers"]):
        raise ValueError(step)
    if not found["numbers"]:
        return _named(found["name"])
    first, *rest = re.split(r"[.]", found["numbers"])
    number, _, repetition = first.removesuffix(")").partition("(")
    inner = tuple(map(int, rest))
    if found["name"]:
        return _field(found["name"], int(number), int(repetition or 0), inner)
    return _relative(int(number), int(repetition or 0), inner)


def _named(name: str) -> Read:
    return lambda node: node.named(name, OPEN)


def _field(name: str, number: int, repetition: int, rest: tuple[int, ...]) -> Read:
    deeper = _deeper(rest)

    def plain(node: Any) -> Sequence[Part]:
        segments = node.named(name, OPEN)
        if len(segments) == 1:
            found: Sequence[Part] = segments[0].field(number)
            return found
        return [part for segment in segments for part in segment.field(number)] if segments else _NONE

    def read(node: Any) -> Sequence[Part]:
        found = plain(node)
        if found and repetition:
            found = [part for part in found if part.record.repetition_of(part) == repetition]
        return found if deeper is None or not found else deeper(found)

    return read if repetition or deeper else plain


def _relative(number: int, repetition: int, rest: tuple[int, ...]) -> Read:
    deeper = _deeper(rest)
    of_part = _deeper((number, *rest))

    def read(node: Any) -> Sequence[Part]:
        if isinstance(node, Part):
            return of_part((node,)) if of_part else _NONE
        if not isinstance(node, Segment):
            return _NONE
        found = node.field(number)
        if repetition:
            found = [part for part in found if part.record.repetition_of(part) == repetition]
        return found if deeper is None else deeper(found)

    return read


def _deeper(rest: tuple[int, ...]) -> Callable[[Sequence[Part]], Sequence[Part]] | None:
    if not rest:
        return None
    if len(rest) == 1:
        only = rest[0]
        return lambda found: [inner for part in found if (inner := part.part(only)) is not None]

    def read(found: Sequence[Part]) -> Sequence[Part]:
        for number in rest:
            found = [inner for part in found if (inner := part.part(number)) is not None]
        return found

    return read
