"""From the bytes of a submission to its segments (HL7 v2, section 2.6): tolerant of line ends and of broken lines."""

import re
from functools import lru_cache
from typing import Final

Span = tuple[str, int, int, bool]  # a segment's name, its start and end, and whether lines that start none were joined

_NAME: Final = re.compile(rb"[A-Z][A-Z0-9]{2}")
_BARE: Final = re.compile(rb"\r(?!\n)")
_MOST_STARTS: Final = 2_000


def segments(body: bytes) -> list[Span]:
    """The segments in order. Lines end with CR, or with LF (CRLF) when the body has no bare CR."""
    feeds = b"\n" in body
    end = b"\n" if feeds and not _BARE.search(body) else b"\r"
    separator = body[3:4]
    starts = _starts(separator)
    found: list[Span] = []
    at = 0
    for line in body.split(end):
        begin, size = at, len(line)
        if feeds:
            line = line.rstrip(b"\r\n")
        name = starts.get(line[:4])
        if name is None and line:
            bare = line.lstrip(b"\n ")
            begin += len(line) - len(bare)
            line, name = bare, _start(bare, separator)
        if name:
            found.append((name, begin, begin + len(line), False))
        elif line and found:
            found[-1] = (*found[-1][:2], begin + len(line), True)
        at += size + 1
    return found


@lru_cache(maxsize=16)
def _starts(separator: bytes) -> dict[bytes, str]:
    """The starts of lines that were found to start a segment, so that each is looked at once."""
    return {}


def _start(line: bytes, separator: bytes) -> str:
    """The name of the segment that a line starts, or the empty string."""
    if not _NAME.match(line) or line[3:4] not in (b"", separator):
        return ""
    name, starts = line[:3].decode("ascii"), _starts(separator)
    if len(starts) < _MOST_STARTS:
        starts[line[:4]] = name
    return name
