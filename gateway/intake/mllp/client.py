"""The sending side of MLLP: one connection that stays, each message acknowledged before the next."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.intake.mllp.frame import START, Decoder, framed
from gateway.intake.mllp.header import read_header

_PIECE: Final = 65536
_LONGEST_ANSWER: Final = 1024 * 1024


class Trouble(StrEnum):
    """Why no acknowledgment came."""

    UNREACHABLE = "unreachable"
    SILENT = "no-answer"
    CLOSED = "closed"
    UNFRAMED = "answer-not-framed"


@dataclass(frozen=True, slots=True)
class Sent:
    """How a message was answered: the code of MSA-1, or why there is none."""

    code: str = ""
    trouble: Trouble | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.code in ("AA", "CA")

    @property
    def again(self) -> bool:
        """Whether sending it again can help: no answer came, or the receiver failed and did not refuse."""
        return self.trouble is not None or self.code in ("AE", "CE")


class Client:
    """Sends to one listener. A connection on which something went wrong is never used again."""

    def __init__(self, host: str, port: int, *, seconds: float = 30.0, tls: ssl.SSLContext | None = None) -> None:
        self._address = (host, port)
        self._seconds = seconds
        self._tls = tls
        self._open: tuple[StreamReader, StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def send(self, message: bytes) -> Sent:
        """Send a message once and wait for the acknowledgment that bears its number (MSA-2)."""
        header = read_header(message)
        number = header.field(10) if header else ""
        async with self._turn:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._exchange(message, number)
            except TimeoutError:
                found = Sent(trouble=Trouble.SILENT if self._open else Trouble.UNREACHABLE)
            except OSError:
                found = Sent(trouble=Trouble.CLOSED if self._open else Trouble.UNREACHABLE)
            await self._drop()
            return found

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._turn:
            await self._drop()

    async def _exchange(self, message: bytes, number: str) -> Sent:
        if self._open is None:
            self._open = await asyncio.open_connection(*self._address, ssl=self._tls)
        reader, writer = self._open
        writer.write(framed(message))
        await writer.drain()
        decoder, between = Decoder(_LONGEST_ANSWER), b""
        while piece := await reader.read(_PIECE):
            # An answer without a frame would never end: it is told from silence by its first letters.
            between = (between + piece)[:64]
            if not decoder.inside and START not in between and between.lstrip().startswith(b"MSH"):
                await self._drop()
                return Sent(trouble=Trouble.UNFRAMED)
            for frame in decoder.feed(piece):
                if (code := _code(frame.body, number)) is not None:
                    return Sent(code)
        await self._drop()
        return Sent(trouble=Trouble.CLOSED)

    async def _drop(self) -> None:
        if self._open is not None:
            _, writer = self._open
            self._open = None
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


def _code(answer: bytes, number: str) -> str | None:
    """MSA-1 when MSA-2 is the number: an answer to an earlier message, which came too late, is none to this one."""
    header = read_header(answer)
    if header is None:
        return None
    for line in answer.decode("latin-1").replace("\n", "\r").split("\r"):
        fields = line.split(header.delimiters.field)
        if fields[0] == "MSA" and len(fields) > 2 and fields[2] == number:
            return fields[1]
    return None
