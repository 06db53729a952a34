"""How a message is written to a sender: in its own version, delimiters and character set, and nothing of it by chance.

What was sent goes back as the bytes that it was, which Latin-1 stands for; a text of ours is escaped and put into the
sender's character set.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from gateway.intake.mllp.header import Header
from gateway.parse.hl7v2 import charset

_FRAMING: Final = b"\x0b\x1c"
_MOST_ECHOES: Final = 50  # segments, of a message that has no PID to end them
_LONGEST_NUMBER: Final = 20  # characters of a control id, before version 2.7
_LINE: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ASCII: Final = ("", "ASCII")
_LATIN: Final = "latin-1"
_ONE_MEANING: Final = re.compile(r"utf-8|ascii|latin-1|iso8859-\d+")  # no byte of a letter is a delimiter


def msh(to: Header, kind: Sequence[str], *, id: str, at: datetime, accept: str = "") -> bytes:
    """The header of an answer; with `accept` (MSH-15) nobody answers it but by an accept acknowledgment."""
    fields = ["MSH", encoding(to), *turned(to), time_of(at), "", joined(to, kind), number(id)]
    fields += [to.field(11) or "P", to.field(12) or "2.5.1", "", "", accept, "NE" if accept else ""]
    return segment(to, [*fields, "", to.field(18)])


def segments_of(header: Header, body: bytes, names: bytes) -> list[bytes]:
    """The segments of these names as they were sent, no more than are echoed."""
    end = rb"\r" if b"\r" in body else rb"\n"
    separator = re.escape(header.delimiters.field.encode(_LATIN))
    found = re.finditer(rb"(?:^|%b\n?)((?:%b)%b[^%b]*)" % (end, names, separator, end), body)
    return [one[1].rstrip(b"\n").translate(None, _FRAMING) for one in islice(found, _MOST_ECHOES)]


def encoding(to: Header) -> str:
    """MSH-2 as it was sent, or as we had to take it when it cannot be what it says."""
    signs = to.delimiters
    return signs.component + signs.repetition + signs.escape + signs.subcomponent + to.field(2)[4:5]


def turned(to: Header) -> list[str]:
    """Who the message was for is who answers."""
    return [to.field(5), to.field(6), to.field(3), to.field(4)]


def joined(to: Header, parts: Sequence[str]) -> str:
    """The components as a field."""
    return to.delimiters.component.join(parts)


def number(id: str) -> str:
    """An id of ours as a control id."""
    return id.replace("-", "")[:_LONGEST_NUMBER]


def time_of(at: datetime) -> str:
    """An instant as DTM."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def can_say(to: Header, text: str) -> bool:
    """Whether the sender's character set has every letter of a text, and none of them looks like a delimiter."""
    codec = _codec(to)
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return _ONE_MEANING.fullmatch(codec) is not None


def escaped(to: Header, text: str) -> str:
    """A text of ours, safe among the delimiters of a sender, whichever they are; a new line is `.br`."""
    signs = to.delimiters
    names = {signs.field: "F", signs.component: "S", signs.subcomponent: "T", signs.repetition: "R", signs.escape: "E"}
    table = str.maketrans({sign: f"{signs.escape}{name}{signs.escape}" for sign, name in names.items()})
    lines = (_CONTROL.sub("", line).translate(table) for line in _LINE.split(text))
    said = f"{signs.escape}.br{signs.escape}".join(lines)
    return said.encode(_codec(to), "replace").decode(_LATIN)


def segment(to: Header, fields: Sequence[str]) -> bytes:
    """The fields as a segment; those at the end that hold nothing are left out."""
    kept = list(fields)
    while not kept[-1]:
        kept.pop()
    return to.delimiters.field.join(kept).encode(_LATIN)


def message(segments: Sequence[bytes]) -> bytes:
    """The segments as a message."""
    return b"".join(one + b"\r" for one in segments)


def _codec(to: Header) -> str:
    """What MSH-18 says; without a word, ASCII."""
    names = to.field(18).split(to.delimiters.repetition)
    if all(name.strip().upper() in _ASCII for name in names):
        return "ascii"
    codec = charset.declared(names) or "ascii"
    return _LATIN if codec == "cp1252" else codec
