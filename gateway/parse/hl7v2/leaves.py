"""The leaves of a segment: their keys, their places as people write them, and where they stand in the text.

A key packs segment, field, repetition, component and subcomponent into one integer, so that reading a leaf costs no
more than an addition.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.parse.hl7v2.delimiters import Delimiters

_SUB, _COMPONENT, _REPETITION, _FIELD = 16, 16, 24, 16
SUB_UNIT: Final = 1
COMPONENT_UNIT: Final = 1 << _SUB
REPETITION_UNIT: Final = 1 << (_SUB + _COMPONENT)
FIELD_UNIT: Final = 1 << (_SUB + _COMPONENT + _REPETITION)
SEGMENT_UNIT: Final = 1 << (_SUB + _COMPONENT + _REPETITION + _FIELD)
FIRST: Final = REPETITION_UNIT + COMPONENT_UNIT + SUB_UNIT
HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})


class Place(NamedTuple):
    """One leaf: its key, its locator within the segment (`-3(2).4.1`), its start and end from the segment's start."""

    key: int
    locator: str
    start: int
    end: int


def unpack(key: int) -> tuple[int, int, int, int, int]:
    """Segment (from 0), field, repetition, component and subcomponent (from 1) of a leaf's key."""
    key, sub = divmod(key, COMPONENT_UNIT)
    key, component = divmod(key, 1 << _COMPONENT)
    key, repetition = divmod(key, 1 << _REPETITION)
    segment, field = divmod(key, 1 << _FIELD)
    return segment, field, repetition, component, sub


def places(name: str, fields: list[str], base: int, signs: Delimiters) -> Iterator[Place]:
    """Every valued leaf of a segment, given its fields (0 is the name)."""
    at = len(name) + 1
    first = 1
    if name in HEADERS:
        yield Place(base + FIELD_UNIT, "-1", 3, 4)
        if len(fields) > 2 and fields[2]:
            yield Place(base + 2 * FIELD_UNIT, "-2", 4, 4 + len(fields[2]))
        at, first = 5 + len(fields[2]) if len(fields) > 2 else 4, 3
    for number in range(first, len(fields)):
        raw = fields[number]
        if raw:
            yield from _field(raw, base + number * FIELD_UNIT, f"-{number}", at, signs)
        at += len(raw) + 1


def _field(raw: str, key: int, locator: str, at: int, signs: Delimiters) -> Iterator[Place]:
    if signs.repetition not in raw:
        yield from _repetition(raw, key, locator, at, signs)
        return
    for number, one in enumerate(raw.split(signs.repetition), 1):
        if one:
            yield from _repetition(one, key, f"{locator}({number})", at, signs)
        at += len(one) + 1
        key += REPETITION_UNIT


def _repetition(raw: str, key: int, locator: str, at: int, signs: Delimiters) -> Iterator[Place]:
    if signs.component not in raw and signs.subcomponent not in raw:
        yield from _leaf(raw, key, locator, at)
        return
    for number, component in enumerate(raw.split(signs.component), 1):
        if component:
            if signs.subcomponent in component:
                begin, inner = at, key
                for below, sub in enumerate(component.split(signs.subcomponent), 1):
                    if sub:
                        yield from _leaf(sub, inner, f"{locator}.{number}.{below}", begin)
                    begin += len(sub) + 1
                    inner += SUB_UNIT
            else:
                yield from _leaf(component, key, f"{locator}.{number}", at)
        at += len(component) + 1
        key += COMPONENT_UNIT


def _leaf(raw: str, key: int, locator: str, at: int) -> Iterator[Place]:
    """Blanks at the ends stay outside; what holds nothing else is no leaf."""
    bare = raw.strip()
    if bare:
        begin = at if bare is raw else at + raw.index(bare)
        yield Place(key, locator, begin, begin + len(bare))


def keys(raw: str, key: int, depth: int, signs: Delimiters) -> list[int]:
    """The keys of the leaves of a part: a repetition (depth 0), a component (1) or a subcomponent (2)."""
    component, subcomponent = signs.component, signs.subcomponent
    if depth == 0 and component in raw:
        return [
            leaf
            for at, piece in enumerate(raw.split(component))
            if piece
            for leaf in keys(piece, key + at * COMPONENT_UNIT, 1, signs)
        ]
    if depth < 2 and subcomponent in raw:
        return [key + at for at, piece in enumerate(raw.split(subcomponent)) if piece.strip()]
    return [key] if raw.strip() else []
