"""From the bytes of a submission to its segments (HL7 v2, section 2.6): tolerant of line ends and of broken lines."""

import re
from functools import lru_cache
from typing import Final

Span = tuple[str, int, int, bool]  # a segment's name, its start and end, and whether lines that start none were joined

_NAME: Final = re.compile(rb"[A-Z][A-Z0-9]{2}")
_BARE: Final = re.compile(rb"\r(?!\n)")
_END_OF_BLOCK: Final = b"\x1c"  # of a frame that nobody took off
_BEFORE: Final = b"\n "
_MOST_STARTS: Final = 2_000


def segments(body: bytes) -> list[Span]:
    """The segments in order. Lines end with CR, or with LF (CRLF) when the body has no bare CR."""
    feeds = b"\n" in body
    end = b"\n" if feeds and not _BARE.search(body) else b"\r"
    separator = body[3:4]
    starts = _starts(separator)
    found: list[Span] = []
    at, size = 0, body.rfind(_END_OF_BLOCK) if _END_OF_BLOCK in body[-4:] else len(body)
    while at < size:
        begin, stop = at, body.find(end, at, size)
        if stop < 0:
            stop = size
        at = stop + 1
        if begin == stop:
            continue
        name = starts.get(body[begin : begin + 4])
        if name is None:
            while begin < stop and body[begin] in _BEFORE:
                begin += 1
            name = _start(body[begin : begin + 4], separator)
        if feeds:
            while stop > begin and body[stop - 1] in b"\r\n":
                stop -= 1
        if name:
            found.append((name, begin, stop, False))
        elif stop > begin and found:
            found[-1] = (*found[-1][:2], stop, True)
    return found


@lru_cache(maxsize=16)
def _starts(separator: bytes) -> dict[bytes, str]:
    """The starts of lines that were found to start a segment, so that each is looked at once."""
    return {}


def _start(line: bytes, separator: bytes) -> str:
    """The name of the segment that a line starts, told by its first four bytes, or the empty string."""
    if not _NAME.match(line) or line[3:] not in (b"", separator, b"\r", b"\n"):
        return ""
    name, starts = line[:3].decode("ascii"), _starts(separator)
    if len(starts) < _MOST_STARTS:
        starts[line] = name
    return name
