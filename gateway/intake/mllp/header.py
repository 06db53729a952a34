"""The header of a message, read before anything else is: who sends what to whom, and how it wants to be answered."""

import re
import string
from dataclasses import dataclass
from typing import Final

from gateway.parse.hl7v2.delimiters import Delimiters, declared

_NAMES: Final = (b"MSH", b"FHS", b"BHS")
_SEPARATORS: Final = frozenset(string.punctuation)
_BEFORE: Final = b"\xef\xbb\xbf\r\n \t\x00"
_LINE_END: Final = re.compile(rb"[\r\n]")
_LONGEST: Final = 8192
_CONTROL: Final = dict.fromkeys((*range(32), 127))
_HEADERS: Final = re.compile(rb"(?:^|[\r\n])MSH")


@dataclass(frozen=True, slots=True)
class Header:
    """MSH, or the header of a batch: its fields by their number, as sent. Latin-1 stands for the bytes."""

    fields: tuple[str, ...]
    delimiters: Delimiters

    def field(self, number: int) -> str:
        """A field as it was sent; empty when it was not."""
        return self.fields[number] if number < len(self.fields) else ""

    def component(self, number: int, place: int) -> str:
        """A component of the first repetition of a field."""
        parts = self.field(number).split(self.delimiters.repetition, 1)[0].split(self.delimiters.component)
        return parts[place - 1] if place <= len(parts) else ""

    @property
    def is_batch(self) -> bool:
        """Whether it opens a file or a batch of messages."""
        return self.fields[0] != "MSH"

    @property
    def type(self) -> str:
        """The message type (MSH-9.1)."""
        return self.component(9, 1)

    @property
    def event(self) -> str:
        """The trigger event (MSH-9.2)."""
        return self.component(9, 2)

    @property
    def version(self) -> tuple[int, ...]:
        """The version (MSH-12.1) as numbers, for comparing; (2, 5, 1) when it names none."""
        parts = self.component(12, 1).split(".")
        return tuple(int(part) for part in parts) if all(map(_is_number, parts)) else (2, 5, 1)

    @property
    def enhanced(self) -> bool:
        """Whether the sender asks for the enhanced acknowledgment mode (MSH-15 or MSH-16 valued)."""
        return bool(self.field(15) or self.field(16))


def read_header(body: bytes) -> Header | None:
    """The header that the message begins with; None when it begins with none."""
    start = len(body[:64]) - len(body[:64].lstrip(_BEFORE))
    line = _LINE_END.split(body[start : start + _LONGEST], 1)[0]
    separator = line[3:4].decode("latin-1")
    if line[:3] not in _NAMES or separator not in _SEPARATORS:
        return None
    text = line.decode("latin-1").translate(_CONTROL)
    name, *fields = text.split(separator)
    return Header((name, separator, *fields), declared(text[:9]))


def read_headers(body: bytes) -> list[Header]:
    """The header of each message of a batch."""
    found = (read_header(body[at.end() - 3 : at.end() + _LONGEST]) for at in _HEADERS.finditer(body))
    return [header for header in found if header is not None]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4
