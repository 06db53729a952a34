"""A file as a record: elements by their keywords, values as texts, each with the path of tags that leads to it."""

import re
import struct
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from gateway.core.issue import Issue, Severity
from gateway.parse.dicom.directory import directory, first_of
from gateway.parse.dicom.elements import Element, File, read
from gateway.parse.placed import Placed, Said

_CHARSET: Final = 0x00080005
_DOCUMENT: Final = 0x00420011  # the one value of bytes that is taken in: a report inside an object
_LISTED: Final = "DirectoryRecordSequence"
_KEY_OBJECTS: Final = "KO"
_NUMBERS: Final = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_IN_CHARSET: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_TEXTS: Final = _IN_CHARSET | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"}
_WHOLE: Final = frozenset({"LT", "ST", "UT", "UR"})  # in which a backslash is a backslash
_GROUPS: Final = ("", "ideographic", "phonetic")  # of a person's name, parted by `=`
_ESCAPES: Final = re.compile(rb"\x1b\$?[()-]?[A-Z]")
_LONGEST_NUMBERS: Final = 64  # bytes of numbers beyond which they are a table, which is counted as bytes are
Part = dict[str, Any]


def parse(body: bytes) -> list[Placed]:
    """Read a file. Raises ParseError, TooLargeError."""
    file, issues = read(body), list[Issue]()
    made = _Record(file, issues)
    found = made.part(file.elements, "", "")
    for name, several in made.aside.items():
        found[name] = several
    kind = "DICOMDIR" if _LISTED in found else "KO" if found.get("Modality") == _KEY_OBJECTS else "object"
    if kind == "DICOMDIR":
        found |= directory(made.places, first_of(found))
        del found[_LISTED]
    return [Placed(f"dicom:{kind}", found, issues)]


@cache
def _keyword(tag: int) -> str:
    from pydicom.datadict import keyword_for_tag  # imported late, as in elements

    return keyword_for_tag(tag)


@cache
def _codecs() -> dict[str, str]:
    from pydicom.charset import python_encoding  # imported late, as in elements

    return dict(python_encoding)


class _Record:
    """One file on its way into a record; `aside` holds what the standard has no name for."""

    def __init__(self, file: File, issues: list[Issue]) -> None:
        self._file = file
        self._issues = issues
        self.aside: dict[str, list[Said]] = {}
        self.places: dict[str, Part] = {}  # the records of a directory

    def part(self, elements: list[Element], path: str, codec: str) -> Part:
        """A data set by the keywords of its elements."""
        found: Part = {}
        for one in elements:
            place = f"{path}({one.tag >> 16:04X},{one.tag & 0xFFFF:04X})"
            if one.tag == _CHARSET:
                codec = self._codec(one, place)
            values = self._values(one, place, codec)
            name = "private" if one.tag >> 16 & 1 else _keyword(one.tag) or "nameless"
            if name in ("private", "nameless"):
                self.aside.setdefault(name, []).extend(_leaves(values))
            elif values:
                found.setdefault(name, []).extend(values)
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}

    def _values(self, one: Element, place: str, codec: str) -> list[Any]:
        if one.items is not None:
            parts = [self.part(item.elements, f"{place}[{n}]/", codec) for n, item in enumerate(one.items, 1)]
            if _keyword(one.tag) == _LISTED:
                self.places = {str(item.begin): part for item, part in zip(one.items, parts, strict=True) if part}
            return list(filter(None, parts))
        sent = self._file.body[one.begin : one.end] if self._is_read(one) else b""
        if one.tag == _DOCUMENT:
            return [Said(b64encode(sent).decode("ascii"), place)] if sent else []
        if not self._is_read(one):
            return [Said(f"{one.end - one.begin} bytes", place)] if one.end > one.begin else []
        texts = self._texts(one, sent, place, codec) if one.vr in _TEXTS else self._numbers(one, sent)
        said = [(text, f"{place}[{n}]" if len(texts) > 1 else place) for n, text in enumerate(texts, 1) if text.strip()]
        return [_person(text, where) if one.vr == "PN" else Said(text, where) for text, where in said]

    def _is_read(self, one: Element) -> bool:
        numbers = one.vr in _NUMBERS or one.vr == "AT"
        return one.vr in _TEXTS or one.tag == _DOCUMENT or (numbers and one.end - one.begin <= _LONGEST_NUMBERS)

    def _texts(self, one: Element, sent: bytes, place: str, codec: str) -> list[str]:
        text = self._decoded(sent, place, codec if one.vr in _IN_CHARSET else "ascii").rstrip("\0 ")
        return [text] if one.vr in _WHOLE else [part.strip() for part in text.split("\\")]

    def _numbers(self, one: Element, sent: bytes) -> list[str]:
        order = ">" if self._file.big_endian else "<"
        if one.vr == "AT":
            pairs = struct.iter_unpack(f"{order}HH", sent[: len(sent) // 4 * 4])
            return [f"({group:04X},{element:04X})" for group, element in pairs]
        sign = f"{order}{_NUMBERS[one.vr]}"
        size = struct.calcsize(sign)
        values = (value for (value,) in struct.iter_unpack(sign, sent[: len(sent) // size * size]))
        return [_shortest(value, sign) if one.vr[0] == "F" else str(value) for value in values]

    def _codec(self, one: Element, place: str) -> str:
        """The codec of a Specific Character Set: that which follows escapes, else the first that is named."""
        names = [name.strip() for name in self._file.body[one.begin : one.end].decode("ascii", "replace").split("\\")]
        known = [codec for name in names if name and (codec := _codecs().get(name, ""))]
        if not known and any(names):
            self._issues.append(Issue(Severity.WARNING, "encoding-assumed", location=place))
        return next((codec for codec in known if codec.startswith("iso2022")), known[-1] if known else "")

    def _decoded(self, sent: bytes, place: str, codec: str) -> str:
        if codec and not codec.startswith("iso2022"):
            sent = _ESCAPES.sub(b"", sent)
        for attempt in dict.fromkeys((codec or "utf-8", "utf-8")):
            try:
                return sent.decode(attempt)
            except UnicodeDecodeError:
                continue
        self._issues.append(Issue(Severity.WARNING, "encoding-assumed", location=place))
        return sent.decode("latin-1")


def _shortest(value: float, sign: str) -> str:
    """The fewest digits that say just these bytes."""
    sent = struct.pack(sign, value)
    texts = (f"{value:.{digits}g}" for digits in range(1, 18))
    return next((text for text in texts if struct.pack(sign, float(text)) == sent), repr(value))


def _person(text: str, place: str) -> Part:
    """A name by its components, `c1` and so on, in letters and beside them as it is written and as it sounds."""
    found: Part = {}
    for group, written in zip(_GROUPS, text.split("="), strict=False):
        where = f"{place}={group}" if group else place
        parts = {
            f"c{n}": Said(one.strip(), f"{where}.{n}") for n, one in enumerate(written.split("^"), 1) if one.strip()
        }
        if parts:
            found |= {group: parts} if group else parts
    return found


def _leaves(values: Any) -> Iterator[Said]:
    if isinstance(values, Said):
        yield values
        return
    for one in values.values() if isinstance(values, dict) else values:
        yield from _leaves(one)
