"""The one way in: bytes of a message, or of a batch file (FHS, BHS), to records."""

from typing import Final

from gateway.core.errors import MalformedMessageError
from gateway.parse.hl7v2.delimiters import declared
from gateway.parse.hl7v2.leaves import COMPONENT_UNIT, HEADERS
from gateway.parse.hl7v2.message import Message
from gateway.parse.hl7v2.segment import Segment
from gateway.parse.hl7v2.segments import Span, segments

MAX_SEGMENTS: Final = 100_000
MAX_DELIMITERS: Final = COMPONENT_UNIT - 2  # in one message: no more than a leaf's key can count
_FRAME: Final = b"\x0b\x1c\r\n \t\xef\xbb\xbf"


def parse(body: bytes, agreed: str = "") -> list[Message]:
    """One record for each message; MalformedMessageError when there is no header segment.

    A message that does not name its character set is in the one that was agreed with its sender.
    """
    start = _header(body)
    if start:
        body = body[start:]
    spans = segments(body)
    if len(spans) > MAX_SEGMENTS:
        raise MalformedMessageError("segment count")
    messages = _messages(spans)
    for part in messages if len(body) > MAX_DELIMITERS else ():
        _check_delimiters(body if len(messages) == 1 else body[part[0][1] : part[-1][2]])
    ascii = body.isascii() and b"\x1b" not in body
    found = [Message(body, part, start, agreed, ascii=ascii) for part in messages]
    for number, message in enumerate(found if len(found) > 1 else (), 1):
        message.place = f"MSH[{number}]"
    names = [span[0] for span in spans]
    if "BTS" in names or "FTS" in names:
        _check_counts(found)
    return found


def _header(body: bytes) -> int:
    """Where the first header segment starts: after a frame, a byte order mark, blank lines."""
    start = 0
    if body[:3] not in (b"MSH", b"FHS", b"BHS"):
        start = len(body) - len(body.lstrip(_FRAME))
    if body[start : start + 3] not in (b"MSH", b"FHS", b"BHS") or not body[start + 3 : start + 4].strip():
        start = next((at for mark in (b"\rMSH|", b"\nMSH|") if (at := body.find(mark)) >= 0), -2) + 1
        if start < 0:
            raise MalformedMessageError("MSH")
    if body[start + 3 : start + 4].isalnum():
        raise MalformedMessageError("MSH-1")
    return start


def _messages(spans: list[Span]) -> list[list[Span]]:
    """The segments of each message; the headers of a batch go with the first, its trailers with the last."""
    messages: list[list[Span]] = []
    part: list[Span] = []
    headed = False
    for span in spans:
        if span[0] in HEADERS:
            if headed:
                messages.append(part)
                part = []
            headed = span[0] == "MSH"
        part.append(span)
    if headed:
        messages.append(part)
    elif messages:
        messages[-1] += part
    else:
        raise MalformedMessageError("MSH")
    return messages


def _check_delimiters(sent: bytes) -> None:
    signs = declared(sent[:9].decode("latin-1"))
    delimiters = (signs.field + signs.component + signs.repetition + signs.subcomponent).encode("latin-1")
    if len(sent) > MAX_DELIMITERS and len(sent) - len(sent.translate(None, delimiters)) > MAX_DELIMITERS:
        raise MalformedMessageError("delimiter count")


def _check_counts(messages: list[Message]) -> None:
    """BTS-1 says how many messages its batch holds, FTS-1 how many batches the file."""
    held = batches = 0
    for message in messages:
        for segment in message.segments:
            if segment.name == "MSH":
                held += 1
            elif segment.name == "BTS":
                _compare(segment, held)
                held, batches = 0, batches + 1
            elif segment.name == "FTS" and batches:
                _compare(segment, batches)


def _compare(trailer: Segment, held: int) -> None:
    said = next((part.peek for part in trailer.field(1)), "")
    if said and said.lstrip("0") != str(held):
        trailer.record.warn("batch-count", f"{trailer.location}-1")
