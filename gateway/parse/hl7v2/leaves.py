"""The leaves of a segment: their keys, their places as people write them, and where they stand in the text.

A key packs segment, field, repetition, component and subcomponent into one integer, so that reading a leaf costs no
more than an addition. A message with more delimiters than a part of the key can count is refused when it comes in.
"""

from typing import Final

from gateway.core.ledger import Leaf
from gateway.parse.hl7v2.delimiters import Delimiters

BITS: Final = 20
SUB_UNIT: Final = 1
COMPONENT_UNIT: Final = 1 << BITS
REPETITION_UNIT: Final = 1 << 2 * BITS
FIELD_UNIT: Final = 1 << 3 * BITS
SEGMENT_UNIT: Final = 1 << 4 * BITS
FIRST: Final = REPETITION_UNIT + COMPONENT_UNIT + SUB_UNIT
HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})


def unpack(key: int) -> tuple[int, int, int, int, int]:
    """Segment (from 0), field, repetition, component and subcomponent (from 1) of a leaf's key."""
    part = COMPONENT_UNIT - 1
    return key >> 4 * BITS, key >> 3 * BITS & part, key >> 2 * BITS & part, key >> BITS & part, key & part


def places(name: str, fields: list[str], base: int, location: str, at: int, signs: Delimiters) -> list[Leaf]:
    """Every valued leaf of a segment, given its fields (0 is the name), its locator and where it starts.

    Blanks at the ends of a leaf stay outside; what holds nothing else is none. Most fields are empty or one leaf, so
    those cost least.
    """
    found: list[Leaf] = []
    component, repetition, subcomponent = signs.component, signs.repetition, signs.subcomponent
    names = _dashes(len(fields))
    start = 1
    if name in HEADERS:
        start, size = 3, len(fields[2]) if len(fields) > 2 else 0
        found.append((base + FIELD_UNIT, location + "-1", at + 3, at + 4, 0))
        if size:
            found.append((base + 2 * FIELD_UNIT, location + "-2", at + 4, at + 4 + size, 0))
        at += size - 1  # MSH-1 is the separator itself
    at += len(name)
    for number, raw in enumerate(fields[start:], start):
        if raw:
            key, begin, place = base + number * FIELD_UNIT, at + number, location + names[number]
            if repetition in raw or subcomponent in raw:
                _divided(found, raw, key, place, begin, signs)
            elif component in raw:
                pieces = raw.split(component)
                _pieces(found, pieces, _dots(len(pieces)), key, COMPONENT_UNIT, place, begin)
            else:
                bare = raw.strip()
                if bare is not raw:
                    begin += raw.index(bare)
                if bare:
                    found.append((key, place, begin, begin + len(bare), 0))
            at += len(raw)
    return found


def _divided(found: list[Leaf], raw: str, key: int, location: str, at: int, signs: Delimiters) -> None:
    """The leaves of a field that has repetitions, components or subcomponents."""
    if signs.repetition not in raw:
        _components(found, raw, key, location, at, signs)
        return
    for number, one in enumerate(raw.split(signs.repetition), 1):
        if signs.component in one or signs.subcomponent in one:
            _components(found, one, key, f"{location}({number})", at, signs)
        elif one:
            _pieces(found, [one], [f"({number})"], key, SUB_UNIT, location, at)
        at += len(one) + 1
        key += REPETITION_UNIT


def _components(found: list[Leaf], raw: str, key: int, location: str, at: int, signs: Delimiters) -> None:
    """The leaves of a repetition that is divided."""
    pieces = raw.split(signs.component)
    subcomponent = signs.subcomponent
    if subcomponent not in raw:
        _pieces(found, pieces, _dots(len(pieces)), key, COMPONENT_UNIT, location, at)
        return
    for number, piece in enumerate(pieces, 1):
        if subcomponent in piece:
            below = piece.split(subcomponent)
            _pieces(found, below, _dots(len(below)), key, SUB_UNIT, f"{location}.{number}", at)
        elif piece:
            _pieces(found, [piece], [f".{number}"], key, SUB_UNIT, location, at)
        at += len(piece) + 1
        key += COMPONENT_UNIT


def _pieces(
    found: list[Leaf], pieces: list[str], names: list[str], key: int, unit: int, location: str, at: int
) -> None:
    """The leaves among pieces that nothing divides further."""
    for number, piece in enumerate(pieces):
        if piece:
            bare = piece.strip()
            begin = at + number
            if bare is not piece:
                begin += piece.index(bare)
            if bare:
                found.append((key + number * unit, location + names[number], begin, begin + len(bare), 0))
            at += len(piece)


_DASHES: Final = [f"-{number}" for number in range(100)]
_DOTS: Final = [f".{number}" for number in range(1, 100)]


def _dashes(count: int) -> list[str]:
    """The ends of locators of fields, by their number."""
    return _DASHES if count < len(_DASHES) else [f"-{number}" for number in range(count + 1)]


def _dots(count: int) -> list[str]:
    """The ends of locators of components and subcomponents, the first first."""
    return _DOTS if count < len(_DOTS) else [f".{number}" for number in range(1, count + 1)]


def keys(raw: str, key: int, depth: int, signs: Delimiters) -> list[int]:
    """The keys of the leaves of a part: a repetition (depth 0), a component (1) or a subcomponent (2)."""
    component, subcomponent = signs.component, signs.subcomponent
    if depth == 0 and component in raw:
        pieces = enumerate(raw.split(component))
        if subcomponent not in raw:
            return [key + at * COMPONENT_UNIT for at, piece in pieces if piece and piece.strip()]
        return [leaf for at, piece in pieces if piece for leaf in keys(piece, key + at * COMPONENT_UNIT, 1, signs)]
    if depth < 2 and subcomponent in raw:
        return [key + at for at, piece in enumerate(raw.split(subcomponent)) if piece.strip()]
    return [key] if raw.strip() else []
