"""Frames of MLLP (HL7 transport specification, release 1): 0x0B, the message, 0x1C 0x0D."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c\r"
HEAD: Final = 8192  # bytes kept of a message that is too long: its header, so that it can be answered
_BLOCK: Final = END[:1]
_FILL: Final = b"\x00\r\n \t"  # what senders put between frames
_TAIL: Final = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes of one frame; of a message above the limit its head only."""

    body: bytes
    whole: bool = True


def framed(message: bytes) -> bytes:
    """The message in its frame."""
    return START + message + END


class Decoder:
    """Takes bytes as they come, gives frames as they end; holds the open frame once, and never more than `most`."""

    def __init__(self, most: int) -> None:
        self.inside = False
        self.restarts = 0  # frames that began again before they had ended
        self._most = most
        self._body, self._tail, self._over = bytearray(), b"", False

    @property
    def held(self) -> int:
        """How many bytes of the open frame are held."""
        return len(self._body)

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """The frames that end in this piece."""
        at = 0
        while at < len(piece):
            if not self.inside:
                at = piece.find(START, at) + 1
                if not at:
                    return
                self._begin()
            elif self._tail.endswith(_BLOCK) and piece.startswith(END[1:], at):
                at += 1
                yield self._finish(1)
            else:
                mark, until = _mark(piece, at)
                self._keep(piece[at:until])
                at = until + len(mark)
                if mark:
                    yield from self._at(mark)

    def rest(self) -> Iterator[Frame]:
        """After a quiet time, or at the end of the stream: the frame whose last CR never came."""
        ended = self._tail.rstrip(_FILL)
        if self.inside and ended.endswith(_BLOCK):
            yield self._finish(len(self._tail) - len(ended) + 1)

    def _at(self, mark: bytes) -> Iterator[Frame]:
        """At an end mark, or at a new start: what was open ends there if it can, and is forgotten if it cannot."""
        if mark == END:
            yield self._finish(0)
            return
        yield from self.rest()
        self.restarts += self.inside
        self._begin()

    def _begin(self) -> None:
        self._body, self._tail, self._over, self.inside = bytearray(), b"", False, True

    def _keep(self, part: bytes) -> None:
        self._tail = (self._tail + part[-_TAIL:])[-_TAIL:]
        if self._over:
            return
        self._body += part
        # The end mark may lie in the body until its last byte comes.
        if len(self._body) > self._most + _TAIL:
            self._over = True
            del self._body[HEAD:]

    def _finish(self, cut: int) -> Frame:
        if self._over or len(self._body) - cut > self._most:
            frame = Frame(bytes(self._body[:HEAD]), whole=False)
        else:
            if cut:
                del self._body[-cut:]
            frame = Frame(bytes(self._body))
        self._body, self._tail, self.inside = bytearray(), b"", False
        return frame


def _mark(piece: bytes, at: int) -> tuple[bytes, int]:
    """The next start or end in the piece and where it stands; empty at its end."""
    start = piece.find(START, at)
    until = len(piece) if start < 0 else start
    # Not beyond the next start, so that no part of a piece is looked through for each start in it.
    end = piece.find(END, at, until)
    if end >= 0:
        return END, end
    return piece[until : until + 1], until
