"""From the text of a message to its segments (HL7 v2, section 2.6): tolerant of line ends and of broken lines."""

import re
from collections.abc import Iterator
from typing import Final

_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Start and text of each line: ended by CR, or by LF (CRLF) when the message has no bare CR."""
    bare = "\n" not in text or "\r" in text.replace("\r\n", "")
    at = 0
    for line in text.split("\r" if bare else "\n"):
        begin = len(line) - len(line.lstrip("\n "))
        found = line[begin:].rstrip("\r\n")
        if found:
            yield at + begin, found
        at += len(line) + 1


def segments(text: str, separator: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each segment, and whether a line that starts none was joined to it."""
    start = end = -1
    joined = False
    for at, line in lines(text):
        if _NAME.match(line) and line[3:4] in ("", separator):
            if start >= 0:
                yield start, end, joined
            start, joined = at, False
        elif start >= 0:
            joined = True
        else:
            continue
        end = at + len(line)
    if start >= 0:
        yield start, end, joined
