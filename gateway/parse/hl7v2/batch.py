"""The one way in: bytes of a message, or of a batch file (FHS, BHS), to records."""

from collections.abc import Iterator
from typing import Final

from gateway.core.errors import MalformedMessageError
from gateway.parse.hl7v2 import charset
from gateway.parse.hl7v2.delimiters import declared
from gateway.parse.hl7v2.message import Message
from gateway.parse.hl7v2.segments import segments
from gateway.parse.hl7v2.structure import arrange

MAX_SEGMENTS: Final = 100_000
_FRAME: Final = b"\x0b\x1c\r\n \t"
_UTF8_MARK: Final = b"\xef\xbb\xbf"


def parse(body: bytes, agreed: str = "") -> list[Message]:
    """One record for each message; MalformedMessageError when there is no header segment.

    A message that does not name its character set is in the one that was agreed with its sender.
    """
    start = _header(body)
    head = body[start : start + 4096].decode("latin-1")
    separator = head[3:4]
    decoded = charset.decode(body[start:], _charset_names(head) or [agreed])
    spans = list(segments(decoded.text, separator))
    if len(spans) > MAX_SEGMENTS:
        raise MalformedMessageError("segment count")
    found = [_message(decoded, part, start) for part in _messages(decoded.text, spans)]
    _check_count(found)
    return found


def _header(body: bytes) -> int:
    """Where the first header segment starts: after a frame, a byte order mark, blank lines."""
    start = len(body) - len(body.lstrip(_FRAME + _UTF8_MARK))
    if body[start : start + 3] not in (b"MSH", b"FHS", b"BHS") or not body[start + 3 : start + 4].strip():
        start = next((at for mark in (b"\rMSH|", b"\nMSH|") if (at := body.find(mark)) >= 0), -2) + 1
        if start < 0:
            raise MalformedMessageError("MSH")
    if body[start + 3 : start + 4].isalnum():
        raise MalformedMessageError("MSH-1")
    return start


def _charset_names(head: str) -> list[str]:
    """MSH-18 of the first message, read before anything can be decoded."""
    at = head.find("MSH")
    line = head[at:].replace("\n", "\r").split("\r", 1)[0] if at >= 0 else ""
    fields = line.split(line[3:4] or "|")
    return fields[17].split("~") if len(fields) > 17 and fields[17] else []


def _messages(text: str, spans: list[tuple[int, int, bool]]) -> Iterator[list[tuple[int, int, bool]]]:
    """The segments of each message; the headers of a batch go with the first, its trailers with the last."""
    part: list[tuple[int, int, bool]] = []
    headed = False
    for span in spans:
        if text.startswith("MSH", span[0]):
            if headed:
                yield part
                part = []
            headed = True
        part.append(span)
    if not headed:
        raise MalformedMessageError("MSH")
    yield part


def _message(decoded: charset.Decoded, spans: list[tuple[int, int, bool]], start: int) -> Message:
    text = decoded.text
    header = next(begin for begin, _, _ in spans if text.startswith("MSH", begin))
    message = Message(text, declared(text[header : header + 12]), decoded.codec, start)
    for begin, end, joined in spans:
        segment = message.add(text[begin : begin + 3], text[begin:end], begin)
        if joined:
            message.warn("line-continued", segment.location)
    if decoded.assumed:
        message.warn("encoding-assumed", "MSH-18")
    fields = message.by_name["MSH"][0].field(9)
    code, event = (
        ((part.peek if part else "") for part in (fields[0].part(1), fields[0].part(2))) if fields else ("", "")
    )
    message.kind = f"hl7v2:{code}^{event}" if event else f"hl7v2:{code}"
    arrange(message, code)
    return message


def _check_count(messages: list[Message]) -> None:
    """BTS-1 says how many messages the batch holds."""
    trailer = messages[-1].by_name.get("BTS")
    said = trailer[0].field(1) if trailer else ()
    if said and said[0].peek != str(len(messages)):
        messages[-1].warn("batch-count", "BTS-1")
