"""One HL7 v2 message as a record: groups, segments and parts of fields, split only when somebody reads them."""

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Final

from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Leaf
from gateway.parse.hl7v2.delimiters import Delimiters
from gateway.parse.hl7v2.escapes import Escapes
from gateway.parse.hl7v2.leaves import (
    COMPONENT_UNIT,
    FIELD_UNIT,
    FIRST,
    HEADERS,
    REPETITION_UNIT,
    SEGMENT_UNIT,
    SUB_UNIT,
    Place,
    keys,
    places,
    unpack,
)

CLEAR: Final = '""'
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# The first step of a locator, when it names a segment, a group or a field.
_FIRST: Final = re.compile(r"([A-Z][A-Z0-9_]*)?-?(\d+)?(?<!^)")
_NOTHING: Final[tuple["Part", ...]] = ()
_NOBODY: "Final[list[Segment | Group]]" = []


class Part:
    """A repetition of a field, a component or a subcomponent, with the key of its first leaf."""

    holder = False
    shape = None

    __slots__ = ("_parts", "depth", "key", "raw", "segment")

    def __init__(self, segment: "Segment", key: int, raw: str, depth: int) -> None:
        self.segment = segment
        self.key = key
        self.raw = raw
        self.depth = depth  # 0 a repetition, 1 a component, 2 a subcomponent
        self._parts: list[str] | None = None

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
        found = self.peek
        if found:
            self.segment.record.touched.append(self.key)
        return found

    @property
    def peek(self) -> str:
        """The first leaf's text, not counted; a request to clear (two quotation marks) is no text."""
        record = self.segment.record
        raw = self.raw
        if self.depth == 0 and record.component in raw:
            raw = raw.split(record.component, 1)[0]
        if self.depth < 2 and record.subcomponent in raw:
            raw = raw.split(record.subcomponent, 1)[0]
        return "" if raw == CLEAR else record.plain(raw, self.key)

    @property
    def valued(self) -> bool:
        """Whether anything is valued here; a request to clear is not."""
        record = self.segment.record
        return bool(self.raw.strip(record.blank)) and self.raw != CLEAR

    def keys(self) -> Iterator[int]:
        """The keys of all leaves at or below this part."""
        return iter(keys(self.raw, self.key, self.depth, self.segment.record.delimiters))

    def may(self, locator: str) -> bool:
        """A part does not tell."""
        return True

    def part(self, number: int) -> "Part | None":
        """The n-th component of a repetition, or subcomponent of a component, when valued."""
        record = self.segment.record
        if self.depth == 0:
            separator, unit = record.component, COMPONENT_UNIT
        elif self.depth == 1:
            separator, unit = record.subcomponent, SUB_UNIT
        else:
            return self if number == 1 else None
        if separator not in self.raw:
            return Part(self.segment, self.key, self.raw, self.depth + 1) if number == 1 else None
        parts = self._parts
        if parts is None:
            parts = self._parts = self.raw.split(separator)
        if number > len(parts):
            return None
        raw = parts[number - 1]
        if not raw or raw == CLEAR or not raw.strip(record.blank):
            return None
        return Part(self.segment, self.key + (number - 1) * unit, raw, self.depth + 1)

    def parts(self) -> "list[Part]":
        """All valued parts below; a part that is not divided is its own only one."""
        record = self.segment.record
        separator = (record.component, record.subcomponent, "")[self.depth]
        if separator and separator in self.raw:
            found = (self.part(number) for number in range(1, self.raw.count(separator) + 2))
            return [one for one in found if one is not None]
        if self.depth == 0 and record.subcomponent in self.raw:
            return Part(self.segment, self.key, self.raw, 1).parts()
        return [self]


class Segment:
    """One segment: its raw text, its fields split once when first asked for."""

    holder = True

    __slots__ = ("_fields", "_read", "base", "group", "index", "name", "raw", "record", "start")

    def __init__(self, record: "Message", index: int, name: str, raw: str, start: int) -> None:
        self.record = record
        self.index = index
        self.name = name
        self.raw = raw
        self.start = start
        self.base = index * SEGMENT_UNIT + FIRST
        self.group: Group = record.root
        self._fields: list[str] | None = None
        self._read: dict[int, tuple[Part, ...]] = {}

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

    @property
    def shape(self) -> Hashable:
        """The segment's name and which of its fields hold anything."""
        return self.name, *map(bool, self.fields)

    def may(self, locator: str) -> bool:
        """Whether the first step of a locator names a field that holds anything."""
        first = _FIRST.match(locator)
        if first is None:
            return True
        name, number = first[1] or self.name, int(first[2] or 0)
        return name == self.name and (not number or (number < len(self.fields) and bool(self.fields[number])))

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""
        found = self._read.get(number)
        if found is None:
            found = self._read[number] = self._split(number)
        return found

    def _split(self, number: int) -> tuple[Part, ...]:
        fields = self.fields
        if number >= len(fields) or not fields[number]:
            return _NOTHING
        record, raw, key = self.record, fields[number], self.base + number * FIELD_UNIT
        if self.name in HEADERS and number <= 2:
            return (Part(self, key, raw, 2),)
        if record.repetition not in raw:
            part = Part(self, key, raw, 0)
            return (part,) if part.valued else _NOTHING
        parts = (Part(self, key + at * REPETITION_UNIT, one, 0) for at, one in enumerate(raw.split(record.repetition)))
        return tuple(part for part in parts if part.valued)

    @property
    def location(self) -> str:
        """The segment's name, with its number when the message has several of that name."""
        same = self.record.by_name[self.name]
        return self.name if len(same) == 1 else f"{self.name}[{same.index(self) + 1}]"

    @property
    def text(self) -> str:
        """A segment has no text of its own."""
        return ""

    peek = text

    @property
    def valued(self) -> bool:
        """Whether any field is valued."""
        return bool(self.raw[len(self.name) :].strip(self.record.field + self.record.blank))

    def keys(self) -> Iterator[int]:
        """The keys of all valued leaves of the segment."""
        for number, raw in enumerate(self.fields):
            if number and raw:
                yield from self._keys_of(number, raw)

    def places(self) -> Iterator[Place]:
        """Every leaf with its locator and its place."""
        return places(self.name, self.fields, self.base, self.record.delimiters)

    def _keys_of(self, number: int, raw: str) -> list[int]:
        signs, key = self.record.delimiters, self.base + number * FIELD_UNIT
        if self.name in HEADERS and number <= 2:
            return [key]
        if signs.repetition not in raw:
            return keys(raw, key, 0, signs)
        pieces = enumerate(raw.split(signs.repetition))
        return [leaf for at, piece in pieces for leaf in keys(piece, key + at * REPETITION_UNIT, 0, signs)]


class Group:
    """Segments that belong together, in order, with the groups inside."""

    holder = True

    __slots__ = ("_named", "_names", "name", "parent", "parts", "record")

    def __init__(self, record: "Message", name: str, parent: "Group | None") -> None:
        self._named: dict[str, list[Segment | Group]] | None = None
        self._names: frozenset[str] | None = None
        self.record = record
        self.name = name
        self.parent = parent
        self.parts: list[Segment | Group] = []

    @property
    def location(self) -> str:
        """Where the group's first segment stands."""
        return next((part.location for part in self.parts), self.name)

    @property
    def text(self) -> str:
        """A group has no text of its own."""
        return ""

    peek = text

    def named(self, name: str, open: frozenset[str]) -> "list[Segment | Group]":
        """The segments and groups of a name, also those inside groups that are looked through; asked when all stand."""
        found = self._named
        if found is None:
            found = self._named = {}
            self._index(found, open)
        return found.get(name, _NOBODY)

    def _index(self, found: "dict[str, list[Segment | Group]]", open: frozenset[str]) -> None:
        for part in self.parts:
            if part.valued:
                found.setdefault(part.name, []).append(part)
            if isinstance(part, Group) and part.name in open:
                part._index(found, open)

    @property
    def shape(self) -> Hashable:
        """The names of all segments and groups inside."""
        if self._names is None:
            self._names = frozenset(
                name
                for part in self.parts
                for name in (part.name, *(part.shape if isinstance(part, Group) else ()))  # type: ignore[misc]
            )
        return self._names

    def may(self, locator: str) -> bool:
        """Whether the first step of a locator names a segment or a group inside."""
        first = _FIRST.match(locator)
        return first is None or first[1] is None or first[1] in self.shape  # type: ignore[operator]

    @property
    def valued(self) -> bool:
        """Whether the group holds anything."""
        return bool(self.parts)

    def keys(self) -> Iterator[int]:
        """The keys of all valued leaves in the group."""
        for part in self.parts:
            yield from part.keys()


class Message:
    """The record of one message."""

    def __init__(self, text: str, delimiters: Delimiters, codec: str, offset: int = 0) -> None:
        self.source = text
        self.delimiters = delimiters
        self.field, self.component = delimiters.field, delimiters.component
        self.repetition, self.subcomponent = delimiters.repetition, delimiters.subcomponent
        self.escape, self.blank = delimiters.escape, delimiters.all
        self.codec = codec
        self.offset = offset
        self.kind = "hl7v2:"
        self.issues: list[Issue] = []
        self.touched: list[Any] = []
        self.segments: list[Segment] = []
        self.by_name: dict[str, list[Segment]] = {}
        self.root = Group(self, "MESSAGE", None)
        self._escapes = Escapes(delimiters, codec)
        self._clean = not _CONTROL.search(text)
        self._escapes_doubted: set[int] = set()
        self._leaves: list[Leaf] | None = None

    def repetition_of(self, part: Part) -> int:
        """Which repetition of its field a part stands in."""
        return unpack(part.key)[2]

    def add(self, name: str, raw: str, start: int) -> Segment:
        """Take in one more segment; the structure is settled when all are in."""
        segment = Segment(self, len(self.segments), name, raw, start)
        self.segments.append(segment)
        self.by_name.setdefault(name, []).append(segment)
        return segment

    def warn(self, code: str, location: str) -> None:
        """Note something about the form of the message."""
        self.issues.append(Issue(Severity.WARNING, code, location=location))

    def plain(self, raw: str, key: int) -> str:
        """Text without escapes, control characters and blanks at its ends."""
        if self.escape in raw:
            raw, unknown = self._escapes.undo(raw)
            if unknown and key not in self._escapes_doubted:
                self._escapes_doubted.add(key)
                self.warn("escape-unknown", self.locate(key))
            raw = _CONTROL.sub("", raw)
        elif not self._clean:
            raw = _CONTROL.sub("", raw)
        if "\r" in raw:
            raw = raw.replace("\r\n", "\n").replace("\r", "\n")
        return raw.strip()

    def locate(self, key: int) -> str:
        """The locator of a leaf: repetitions, components and subcomponents are named where there are several."""
        segment, field, repetition, component, sub = unpack(key)
        owner = self.segments[segment]
        found = f"{owner.location}-{field}"
        raw = owner.fields[field]
        if owner.name in HEADERS and field <= 2:
            return found
        repetitions = raw.split(self.repetition)
        if len(repetitions) > 1:
            found += f"({repetition})"
        components = repetitions[repetition - 1].split(self.component)
        if len(components) == 1 and self.subcomponent not in components[0]:
            return found
        found += f".{component}"
        return f"{found}.{sub}" if self.subcomponent in components[component - 1] else found

    def value(self, key: int) -> str:
        """What stands at a leaf, not counted."""
        segment, field, repetition, component, sub = unpack(key)
        owner = self.segments[segment]
        raw = owner.fields[field]
        if owner.name in HEADERS and field <= 2:
            return raw
        raw = raw.split(self.repetition)[repetition - 1].split(self.component)[component - 1]
        return self.plain(raw.split(self.subcomponent)[sub - 1], key)

    def leaves(self) -> Iterator[Leaf]:
        """Every valued leaf in the order of the source, with the span of its bytes in what was sent."""
        if self._leaves is None:  # the account and the origin both ask
            self._leaves = list(self._walk())
        return iter(self._leaves)

    def _walk(self) -> Iterator[Leaf]:
        narrow = self.source.isascii()
        for segment in self.segments:
            start, name = self.offset + segment.start, segment.location
            if narrow:
                for key, locator, begin, end in segment.places():
                    yield Leaf(key, name + locator, start + begin, start + end)
            else:
                yield from self._wide(segment, name)

    def _wide(self, segment: Segment, name: str) -> Iterator[Leaf]:
        """The leaves of a segment whose letters may take several bytes."""
        at = self.offset + len(self.source[: segment.start].encode(self.codec, "replace"))
        seen, text = 0, self.source[segment.start : segment.start + len(segment.raw)]
        for key, locator, begin, end in segment.places():
            at += len(text[seen:begin].encode(self.codec, "replace"))
            stop = at + len(text[begin:end].encode(self.codec, "replace"))
            yield Leaf(key, name + locator, at, stop)
            at, seen = stop, end
