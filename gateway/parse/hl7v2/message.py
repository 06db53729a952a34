"""One HL7 v2 message as a record: its segments in their groups, and the account of its leaves."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Leaf
from gateway.parse.hl7v2 import charset
from gateway.parse.hl7v2.delimiters import Delimiters, declared
from gateway.parse.hl7v2.escapes import Escapes
from gateway.parse.hl7v2.group import Group
from gateway.parse.hl7v2.leaves import (
    FIELD_UNIT,
    FIRST,
    HEADERS,
    REPETITION_UNIT,
    SEGMENT_UNIT,
    places,
    unpack,
)
from gateway.parse.hl7v2.segment import Part, Segment
from gateway.parse.hl7v2.segments import Span
from gateway.parse.hl7v2.structure import arrange

# An escape that names another character set (ISO 2022) is no text either.
_CONTROL: Final = re.compile(r"\x1b[ -/]+[0-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Message:
    """The record of one message: a part of the bytes that were sent, settled when somebody looks into it."""

    kind: str
    issues: list[Issue]
    root: Group
    segments: list[Segment]
    by_name: dict[str, list[Segment]]
    reads: str  # the codec its bytes are read with
    delimiters: Delimiters
    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    blank: str

    def __init__(self, body: bytes, spans: Sequence[Span], offset: int, agreed: str, *, ascii: bool) -> None:
        self.body = body
        self.offset = offset  # of the body in what was sent
        self.place = "MSH"  # with its number, when it is one of a batch
        self.touched: list[Any] = []
        self._spans = spans
        self._ascii = ascii
        self._agreed = agreed  # the character set of a sender who names none
        self._escapes: Escapes | None = None
        self._escapes_doubted: set[int] = set()
        self._leaves: list[Leaf] | None = None
        self._locations: dict[int, str] | None = None
        self._field = self._repetition = -1
        self._repetitions: list[str] = []
        self._components: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """What is not there yet is settled all at once; from then on no attribute costs more than looking it up."""
        if name not in Message.__annotations__ or "root" in self.__dict__:
            raise AttributeError(name)
        self._settle()
        return self.__dict__[name]

    def count(self, name: str) -> int:
        """How many segments of a name there are; told without settling anything."""
        return [span[0] for span in self._spans].count(name)

    def _settle(self) -> None:
        spans = self._spans
        self.issues = []
        header = next(span for span in spans if span[0] == "MSH")
        self.reads, self._codec = "ascii", ""
        if not self._ascii:
            self._settle_charset(self.body[spans[0][1] : spans[-1][2]], header)
        self._settle_delimiters(header)
        self.root = root = Group(self, "MESSAGE", None)
        segments = self.segments = []
        by_name = self.by_name = {}
        base = FIRST
        for name, start, end, _ in spans:
            same = by_name.get(name)
            if same is None:
                same = by_name[name] = []
            segment = Segment(root, base, name, len(same) + 1, start, end)
            segments.append(segment)
            same.append(segment)
            base += SEGMENT_UNIT
        for segment, span in zip(segments, spans, strict=True):
            if span[3]:
                self.warn("line-continued", segment.location)
        type, event = self._type()
        self.kind = f"hl7v2:{type}^{event}" if event else f"hl7v2:{type}"
        arrange(self, type)

    def _settle_charset(self, sent: bytes, header: Span) -> None:
        self._codec, assumed = charset.settle(sent, self._charset_names(header))
        if not sent.isascii() or charset.keeps_state(self._codec):
            self.reads = self._codec
        if assumed:
            self.warn("encoding-assumed", "MSH-18")

    def _charset_names(self, header: Span) -> list[str]:
        """MSH-18, read before anything can be decoded."""
        line = self.body[header[1] : header[2]].decode("latin-1")
        fields = line.split(line[3:4] or "|")
        return fields[17].split("~") if len(fields) > 17 and fields[17] else [self._agreed]

    def _settle_delimiters(self, header: Span) -> None:
        head = self.body[header[1] : header[1] + 16].decode(self.reads, "replace")
        self.delimiters = signs = declared(head[:9])
        self.field, self.component, self.repetition = signs.field, signs.component, signs.repetition
        self.escape, self.subcomponent, self.blank = signs.escape, signs.subcomponent, signs.blank

    def _type(self) -> tuple[str, str]:
        """The first two components of MSH-9."""
        for part in self.by_name["MSH"][0].field(9)[:1]:
            type, event = part.part(1), part.part(2)
            return type.peek if type else "", event.peek if event else ""
        return "", ""

    def cut(self) -> None:
        """Nobody asks any more: without its ways up the message is let go of at once, and is no garbage to look for."""
        self.root.cut()
        del self.root, self.segments, self.by_name

    @property
    def codec(self) -> str:
        """The codec of the message's bytes, also of those that its escapes name."""
        if not self._codec:
            self._codec = (
                charset.declared([one.raw for one in self.by_name["MSH"][0].field(18)] or [self._agreed]) or "utf-8"
            )
        return self._codec

    @property
    def clears(self) -> bool:
        """Whether two quotation marks stand anywhere in it."""
        start, end = self.segments[0].start, self.segments[-1].end
        first = self.body.find(b'"', start, end)
        return first >= 0 and self.body.find(b'""', first, end) >= 0

    def repetition_of(self, part: Part) -> int:
        """Which repetition of its field a part stands in."""
        return unpack(part.key)[2]

    def warn(self, code: str, location: str) -> None:
        """Note something about the form of the message."""
        self.issues.append(Issue(Severity.WARNING, code, location=location))

    def plain(self, raw: str, key: int) -> str:
        """Text without escapes, control characters and blanks at its ends."""
        if self.escape in raw:
            if self._escapes is None:
                self._escapes = Escapes(self.delimiters, self.codec)
            raw, unknown = self._escapes.undo(raw)
            if unknown and key not in self._escapes_doubted:
                self._escapes_doubted.add(key)
                self.warn("escape-unknown", self.locate(key))
        if not raw.isprintable():
            raw = _CONTROL.sub("", raw).replace("\r\n", "\n").replace("\r", "\n")
        return raw.strip()

    def locate(self, key: int) -> str:
        """The locator of a leaf, as the account has it; of a key where none stands, how it would be."""
        if self._locations is None:
            self._locations = {leaf[0]: leaf[1] for leaf in self.leaves()}
        return self._locations.get(key) or self._spelled(key)

    def _spelled(self, key: int) -> str:
        """Repetitions, components and subcomponents are named where there are several."""
        segment, field, repetition, component, sub = unpack(key)
        owner = self.segments[segment]
        found = f"{owner.location}-{field}"
        if owner.name in HEADERS and field <= 2:
            return found
        raw = self._repetition_at(key)
        if self.repetition in owner.fields[field]:
            found += f"({repetition})"
        divided = self.subcomponent in raw and self.subcomponent in self._components_at(key)[component - 1]
        if divided or self.component in raw:
            found += f".{component}"
        return f"{found}.{sub}" if divided else found

    def value(self, key: int) -> str:
        """What stands at a leaf, not counted."""
        segment, field, _, component, sub = unpack(key)
        owner = self.segments[segment]
        if owner.name in HEADERS and field <= 2:
            return owner.fields[field]
        raw = self._components_at(key)[component - 1]
        return self.plain(raw.split(self.subcomponent)[sub - 1], key)

    def _repetition_at(self, key: int) -> str:
        """The repetition that a leaf stands in; the last field asked for is kept, since its other leaves come next."""
        if key // FIELD_UNIT != self._field:
            self._field = key // FIELD_UNIT
            segment, field, *_ = unpack(key)
            raw = self.segments[segment].fields[field]
            self._repetitions = raw.split(self.repetition) if self.repetition in raw else [raw]
        return self._repetitions[unpack(key)[2] - 1]

    def _components_at(self, key: int) -> list[str]:
        if key // REPETITION_UNIT != self._repetition:
            self._components = self._repetition_at(key).split(self.component)
            self._repetition = key // REPETITION_UNIT
        return self._components

    def leaves(self) -> Iterator[Leaf]:
        """Every valued leaf in the order of the source, with the span of its bytes in what was sent."""
        if self._leaves is None:  # the account and the origin both ask
            signs, offset = self.delimiters, self.offset
            found: list[Leaf] = []
            for one in self.segments:
                there = places(one.name, one.fields, one.base, one.location, offset + one.start, signs)
                found += there if self.reads == "ascii" else self._wide(one, there)
            self._leaves = found
        return iter(self._leaves)

    def leaf_keys(self) -> list[int]:
        """Their keys."""
        return [leaf[0] for leaf in self.leaves()]

    def _wide(self, segment: Segment, found: list[Leaf]) -> list[Leaf]:
        """The places of a segment whose letters may take several bytes."""
        sent = self.body[segment.start : segment.end]
        if sent.isascii() and not charset.keeps_state(self.reads):
            return found
        text, begin = segment.raw, self.offset + segment.start
        if len(text) == len(sent):
            return found
        if charset.keeps_state(self.reads):  # a letter's bytes cannot be told from the escapes before it
            return [(key, location, -1, -1, 0) for key, location, *_ in found]
        wide, at, seen = [], begin, 0
        for key, location, start, end, _ in found:
            at += len(text[seen : start - begin].encode(self.reads, "replace"))
            stop = at + len(text[start - begin : end - begin].encode(self.reads, "replace"))
            wide.append((key, location, at, stop, 0))
            at, seen = stop, end - begin
        return wide
