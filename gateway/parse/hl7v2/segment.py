"""Segments and the parts of their fields, split only when somebody reads them."""

import re
from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from gateway.parse.hl7v2.leaves import (
    COMPONENT_UNIT,
    FIELD_UNIT,
    HEADERS,
    REPETITION_UNIT,
    SEGMENT_UNIT,
    SUB_UNIT,
    keys,
)

if TYPE_CHECKING:
    from gateway.parse.hl7v2.group import Group
    from gateway.parse.hl7v2.message import Message

CLEAR: Final = '""'
_FIRST_STEP: Final = re.compile(r"([A-Z][A-Z0-9_]*)?-?(\d+)?(?<!^)")
_NOTHING: Final[tuple["Part", ...]] = ()
_UNDIVIDED: Final[list[Any]] = []  # what stands below a part that nothing divides; always empty
_LONG: Final = 65_536  # a document: its pieces are looked through one by one, when somebody reads them
_UNITS: Final = (COMPONENT_UNIT, SUB_UNIT)  # of what a part of a depth is divided into


@lru_cache(maxsize=4096)
def first_step(locator: str) -> tuple[str, int]:
    """The segment or group that the first step of a locator names, and the field; empty and 0 where it does not."""
    first = _FIRST_STEP.match(locator)
    return (first[1] or "", int(first[2] or 0)) if first else ("", 0)


class Part:
    """A valued repetition of a field, component or subcomponent, with the key of its first leaf."""

    holder = False
    shape = None
    valued = True  # a part that is not valued is never made; a request to clear (two quotation marks) is no value

    __slots__ = ("_below", "_plain", "depth", "key", "raw", "segment")

    def __init__(self, segment: "Segment", key: int, raw: str, depth: int) -> None:
        self.segment = segment
        self.key = key
        self.raw = raw
        self.depth = depth  # 0 a repetition, 1 a component, 2 a subcomponent
        self._below: list[Any] | None = None  # what it is divided into: texts, each a part once somebody asks for it

    @property
    def record(self) -> "Message":
        """The message this is a part of."""
        return self.segment.record

    @property
    def location(self) -> str:
        """The locator of the first leaf that stands here."""
        return self.segment.record.locate(self.key)

    @property
    def name(self) -> str:
        """The segment's name."""
        return self.segment.name

    @property
    def text(self) -> str:
        """The first leaf's text, counted as read."""
        below = self._below
        if below is None:
            below = self._divide()
        if below:
            return self.text_at(1)
        record = self.segment.record
        found = self.raw.strip() if self._plain else record.plain(self.raw, self.key)
        if found:
            record.touched.append(self.key)
        return found

    @property
    def sent(self) -> str:
        """What stands here as it was sent, escapes and all; counted as read."""
        self.segment.record.touched.append(self.key)
        return self.raw.strip()

    @property
    def peek(self) -> str:
        """The first leaf's text, not counted."""
        below = self._below
        if below is None:
            below = self._divide()
        if below:
            return self.peek_at(1)
        return self.raw.strip() if self._plain else self.segment.record.plain(self.raw, self.key)

    def may(self, locator: str) -> bool:
        """A part does not tell."""
        return True

    def keys(self) -> Iterator[int]:
        """The keys of all leaves at or below this part."""
        return iter(keys(self.raw, self.key, self.depth, self.segment.record.delimiters))

    def named(self, name: str, open: frozenset[str]) -> Sequence["Segment"]:
        """A part holds no segment."""
        return ()

    def part(self, number: int) -> "Part | None":
        """The n-th component of a repetition, or subcomponent of a component, when valued."""
        below = self._below
        if below is None:
            below = self._divide()
        if number > len(below):
            return self if number == 1 else None  # what nothing divides is its own first part
        found: Part | str | None = below[number - 1]
        if type(found) is str:
            if not found or found == CLEAR or not found.strip(self.segment.record.blank):
                found = below[number - 1] = None
            else:
                key, plain = self.key + (number - 1) * _UNITS[self.depth], self._plain
                found = below[number - 1] = Part(self.segment, key, found, self.depth + 1)
                if plain:  # then it is undivided and plain too
                    found._below, found._plain = _UNDIVIDED, True
        return found  # type: ignore[return-value]

    def text_at(self, number: int) -> str:
        """The text of the n-th part below, counted as read; the empty string when it is not valued."""
        below = self._below
        if below is None:
            below = self._divide()
        if number > len(below):
            return self.text if number == 1 else ""
        found = below[number - 1]
        if not found:
            return ""
        if self._plain and type(found) is str:
            said = found.strip()
            if not said or found == CLEAR:
                return ""
            self.segment.record.touched.append(self.key + (number - 1) * _UNITS[self.depth])
            return said
        part = self.part(number)
        return part.text if part is not None else ""

    def peek_at(self, number: int) -> str:
        """The same, not counted."""
        below = self._below
        if below is None:
            below = self._divide()
        if number > len(below):
            return self.peek if number == 1 else ""
        found = below[number - 1]
        if self._plain and type(found) is str:
            return found.strip() if found != CLEAR else ""
        part = self.part(number)
        return part.peek if part is not None else ""

    def parts(self) -> "list[Part]":
        """All valued parts below; a part that is not divided is its own only one."""
        below = self._below
        if below is None:
            below = self._divide()
        if not below:
            return [self]
        if len(below) > 1:
            return [one for one in map(self.part, range(1, len(below) + 1)) if one is not None]
        only = self.part(1)  # one component alone: its subcomponents are what is below
        return only.parts() if only is not None and only is not self else [self]

    def _divide(self) -> list[Any]:
        """The pieces below, settled once; none when nothing divides this one."""
        raw, depth, record = self.raw, self.depth, self.segment.record
        below, last = _UNDIVIDED, True  # whether nothing divides the pieces further
        if depth == 0 and record.component in raw:
            below, last = raw.split(record.component), record.subcomponent not in raw
        elif depth < 2 and record.subcomponent in raw:
            below, last = ([raw], False) if depth == 0 else (raw.split(record.subcomponent), True)
        self._plain = last and len(raw) < _LONG and record.escape not in raw and raw.isprintable()
        self._below = below
        return below


class Declaration(Part):
    """MSH-1 and MSH-2: their text is the delimiters themselves."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The delimiters, counted as read."""
        return self.sent if self.peek else ""

    @property
    def peek(self) -> str:
        """The delimiters, not counted."""
        return self.raw if self.raw.isprintable() else ""


class Segment:
    """One segment: where its bytes stand, its fields split once when first asked for."""

    holder = True

    __slots__ = ("_fields", "_read", "_shape", "base", "end", "group", "name", "number", "record", "start")

    def __init__(self, group: "Group", base: int, name: str, number: int, start: int, end: int) -> None:
        self.record = group.record
        self.group = group
        self.base = base
        self.name = name
        self.number = number  # which of its name in the message, from 1
        self.start = start
        self.end = end
        self._fields: list[str] | None = None
        self._shape = b""
        self._read: dict[int, tuple[Part, ...]] = {}

    @property
    def index(self) -> int:
        """Which segment of the message it is, from 0."""
        return self.base // SEGMENT_UNIT

    @property
    def raw(self) -> str:
        """The text as it was sent."""
        record = self.record
        return str(memoryview(record.body)[self.start : self.end], record.reads, "replace")

    @property
    def fields(self) -> list[str]:
        """The raw fields by their number; 0 is the segment's name, 1 of a header is the separator itself."""
        found = self._fields
        if found is None:
            found = self.raw.split(self.record.field)
            if self.name in HEADERS:
                found.insert(1, self.record.field)
            self._fields = found
        return found

    def named(self, name: str, open: frozenset[str]) -> Sequence["Segment"]:
        """The segment itself, when that is its name."""
        return (self,) if name == self.name else ()

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""
        fields = self._fields or self.fields
        if number >= len(fields) or not (raw := fields[number]):  # as most are that rows ask for
            return _NOTHING
        found = self._read.get(number)
        if found is None:
            found = self._read[number] = self._split(number, raw)
        return found

    def _split(self, number: int, raw: str) -> tuple[Part, ...]:
        record, key = self.record, self.base + number * FIELD_UNIT
        if number <= 2 and self.name in HEADERS:
            return (Declaration(self, key, raw, 2),)
        blank = record.blank
        if record.repetition not in raw:
            return (Part(self, key, raw, 0),) if raw.strip(blank) and raw != CLEAR else _NOTHING
        return tuple(
            Part(self, key + at * REPETITION_UNIT, one, 0)
            for at, one in enumerate(raw.split(record.repetition))
            if one.strip(blank) and one != CLEAR
        )

    def cut(self) -> None:
        """Let go of the parts that were read, which know the way up."""
        self._read = {}

    def clears(self, number: int) -> Iterator[int]:
        """The keys of a field that asks to clear all that is known of it (two quotation marks); none of any other."""
        record, raw = self.record, self.fields[number] if number < len(self.fields) else ""
        if CLEAR in raw and not raw.replace(CLEAR, "").strip(record.blank):
            yield from keys(raw, self.base + number * FIELD_UNIT, 0, record.delimiters)

    @property
    def location(self) -> str:
        """The segment's name, with its number when the message has several of that name."""
        return self.name if len(self.record.by_name[self.name]) == 1 else f"{self.name}[{self.number}]"

    @property
    def text(self) -> str:
        """A segment has no text of its own."""
        return ""

    peek = text

    @property
    def valued(self) -> bool:
        """Whether any field is valued."""
        blank = self.record.blank
        return any(raw.strip(blank) for raw in self.fields[1:] if raw)

    @property
    def shape(self) -> Hashable:
        """The segment's name and which of its fields hold anything."""
        if not self._shape:
            self._shape = self.name.encode() + bytes(map(bool, self.fields))
        return self._shape

    def may(self, locator: str) -> bool:
        """Whether the first step of a locator names a field that holds anything."""
        name, number = first_step(locator)
        if name and name != self.name:
            return False
        return not number or (number < len(self.fields) and bool(self.fields[number]))

    def keys(self) -> Iterator[int]:
        """The keys of all valued leaves of the segment."""
        signs, base, header = self.record.delimiters, self.base, self.name in HEADERS
        for number, raw in enumerate(self.fields):
            if not raw or not number:
                continue
            key = base + number * FIELD_UNIT
            if header and number <= 2:
                yield key
            elif signs.repetition not in raw:
                yield from keys(raw, key, 0, signs)
            else:
                for at, piece in enumerate(raw.split(signs.repetition)):
                    yield from keys(piece, key + at * REPETITION_UNIT, 0, signs)
