"""The data elements of a file, walked within bounds: how deep, how many, how long is settled before anything is kept.

pydicom knows what a tag is. Its reader has no bounds, and takes a file that was cut for a whole one: the walk is ours.
"""

import struct
import zlib
from functools import cache
from typing import Final, NamedTuple

from gateway.core.errors import MalformedMessageError, TooLargeError

MAX_DEPTH: Final = 16
MAX_ELEMENTS: Final = 200_000
MAX_INFLATED: Final = 100 * 1024 * 1024
_PREAMBLE: Final = 128
_MARK: Final = b"DICM"
_OPEN: Final = 0xFFFFFFFF  # a length that is not told; a delimiter ends the value
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_META: Final = b"\x02\x00"  # the group of what tells of the file
_SYNTAX: Final = 0x00020010
_IMPLICIT: Final = b"1.2.840.10008.1.2"
_BIG_ENDIAN: Final = b"1.2.840.10008.1.2.2"
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
# PS3.5 table 7.1-2: whose length has two bytes. Every other has four, behind two that are reserved.
_SHORT: Final = frozenset(
    {
        "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM",
        "UI", "UL", "US",
    }
)  # fmt: skip


class Element(NamedTuple):
    """One data element: its value as it stands, or the items of a sequence. `begin` to `end` is the value's span."""

    tag: int
    vr: str
    begin: int
    end: int
    items: "list[Item] | None" = None


class Item(NamedTuple):
    """One item of a sequence, and where it begins."""

    begin: int
    elements: list[Element]


class File(NamedTuple):
    """A file: the bytes that spans count in, whether numbers are big-endian, its elements."""

    body: bytes
    big_endian: bool
    elements: list[Element]


def is_object(body: bytes) -> bool:
    """Whether the content begins as a file of DICOM does."""
    return body[_PREAMBLE : _PREAMBLE + len(_MARK)] == _MARK


def read(body: bytes) -> File:
    """Walk a file. Raises MalformedMessageError, TooLargeError."""
    if not is_object(body):
        raise MalformedMessageError("preamble")
    walk = _Walk(body)
    at = _PREAMBLE + len(_MARK)
    meta: list[Element] = []
    while body[at : at + 2] == _META:
        element, at = walk.element(at, len(body), 0, explicit=True)
        meta.append(element)
    syntax = next((body[one.begin : one.end].rstrip(b"\0 ") for one in meta if one.tag == _SYNTAX), b"")
    if syntax == _DEFLATED:
        body = body[:at] + _inflated(body[at:])
        walk = _Walk(body)
    walk.order = ">" if syntax == _BIG_ENDIAN else "<"
    found, _ = walk.dataset(at, len(body), 0, explicit=syntax != _IMPLICIT, open=False)
    return File(body, syntax == _BIG_ENDIAN, meta + found)


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = inflater.decompress(packed, MAX_INFLATED + 1)
    except zlib.error:
        raise MalformedMessageError("deflated") from None
    if len(found) > MAX_INFLATED:
        raise TooLargeError("deflated")
    if not inflater.eof:
        raise MalformedMessageError("deflated")
    return found


@cache
def _dictionary(tag: int) -> str:
    """The value representation of a tag; empty for one that the standard does not have."""
    # Imported here: it takes as long as the rest of the start, and few submissions need it.
    from pydicom.datadict import dictionary_VR

    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else ""
    try:
        return dictionary_VR(tag)[:2]  # where the image's own shape decides, the first of two
    except KeyError:
        return ""


class _Walk:
    """One walk over a body; what it has counted holds for all depths."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._left = MAX_ELEMENTS
        self.order = "<"

    def dataset(self, at: int, end: int, depth: int, *, explicit: bool, open: bool) -> tuple[list[Element], int]:
        """The elements up to an end that is told, or up to their delimiter."""
        found: list[Element] = []
        while at < end:
            if open and self._tag(at, end) == _ITEM_END:
                return found, at + 8
            element, at = self.element(at, end, depth, explicit=explicit)
            found.append(element)
        if open:
            raise MalformedMessageError("item")
        return found, at

    def element(self, at: int, end: int, depth: int, *, explicit: bool) -> tuple[Element, int]:
        """The element at a place, and where the next one begins."""
        self._count()
        tag, vr, length, at, explicit = self._header(at, end, explicit)
        if vr == "SQ" or (vr in ("UN", "") and length == _OPEN):
            items, after = self._items(at, end, length, depth + 1, explicit=explicit and vr == "SQ")
            return Element(tag, "SQ", at, after, items), after
        if length == _OPEN:
            return Element(tag, vr, at, after := self._fragments(at, end), None), after
        if at + length > end:
            raise MalformedMessageError("length")
        return Element(tag, vr or "UN", at, at + length), at + length

    def _header(self, at: int, end: int, explicit: bool) -> tuple[int, str, int, int, bool]:
        """Tag, value representation, length, where the value begins, whether what it holds names representations."""
        tag = self._tag(at, end)
        if not explicit:
            return tag, _dictionary(tag), self._number(at + 4), at + 8, False
        sent = self._body[at + 4 : at + 6]
        if not (sent.isalpha() and sent.isupper()):
            raise MalformedMessageError("representation")
        vr = sent.decode("ascii")
        if vr in _SHORT:
            return tag, vr, int(struct.unpack_from(f"{self.order}H", self._body, at + 6)[0]), at + 8, True
        if at + 12 > end:
            raise MalformedMessageError("length")
        length = self._number(at + 8)
        return (tag, _dictionary(tag) or vr, length, at + 12, False) if vr == "UN" else (tag, vr, length, at + 12, True)

    def _items(self, at: int, end: int, length: int, depth: int, *, explicit: bool) -> tuple[list[Item], int]:
        if depth > MAX_DEPTH:
            raise TooLargeError("depth")
        stop = end if length == _OPEN else at + length
        if stop > end:
            raise MalformedMessageError("length")
        found: list[Item] = []
        while at < stop:
            tag, begin = self._tag(at, stop), at
            if tag == _SEQUENCE_END and length == _OPEN:
                return found, at + 8
            if tag != _ITEM:
                raise MalformedMessageError("item")
            self._count()
            size, at = self._number(at + 4), at + 8
            until = stop if size == _OPEN else at + size
            if until > stop:
                raise MalformedMessageError("length")
            elements, at = self.dataset(at, until, depth, explicit=explicit, open=size == _OPEN)
            found.append(Item(begin, elements))
        if length == _OPEN:
            raise MalformedMessageError("sequence")
        return found, at

    def _fragments(self, at: int, end: int) -> int:
        """Where a value in fragments ends, as compressed pixels are sent."""
        while at < end:
            tag = self._tag(at, end)
            if tag == _SEQUENCE_END:
                return at + 8
            if tag != _ITEM:
                break
            self._count()
            at += 8 + self._number(at + 4)
        raise MalformedMessageError("fragments")

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooLargeError("elements")

    def _tag(self, at: int, end: int) -> int:
        """The tag at a place where a tag and a length have room."""
        if at + 8 > end:
            raise MalformedMessageError("element")
        group, element = struct.unpack_from(f"{self.order}HH", self._body, at)
        return int(group << 16 | element)

    def _number(self, at: int) -> int:
        return int(struct.unpack_from(f"{self.order}L", self._body, at)[0])
