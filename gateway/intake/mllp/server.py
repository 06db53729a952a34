"""The MLLP server: frames off the wire, answers back in their order; what a peer does harms its own connection only."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from gateway.core.clock import SystemClock
from gateway.core.errors import ThrottledError
from gateway.intake.limits import Rate
from gateway.intake.mllp.door import Answer, Later
from gateway.intake.mllp.frame import Decoder, Frame, framed
from gateway.intake.mllp.watch import Watch

_PIECE: Final = 65536
_PIPELINED: Final = 16  # frames of one connection that may wait for their answers; then we stop reading
_LARGE: Final = 1024 * 1024
_LARGE_AT_ONCE: Final = 4  # frames above that size in the whole server; the next waits unread
_PAUSE: Final = 0.05
_Answering = Callable[[Frame, Collection[str]], Coroutine[None, None, Answer]]
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long the server bears with its peers; times in seconds."""

    message: int
    connections: int = 256
    rate: int = 6000  # messages a minute from one address; more are read later, and not refused
    idle: float = 300.0  # from one message to the end of the next
    stalled: float = 10.0  # without a byte in the midst of a message, or without room for an answer
    quiet: float = 0.5  # after an end mark without its CR
    processing: float = 60.0  # until a sender that is answered after processing is left without an answer


class Server:
    """Listens, counts its connections, and ends when what it has begun to answer is answered."""

    def __init__(self, answer: _Answering, watch: Watch, limits: Limits, told: Callable[[Later], bytes]) -> None:
        self.limits = limits
        self.told = told  # what is said of a message that only the store knows
        self.watch = watch
        self.large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self.rate = Rate(limits.rate, SystemClock())
        self._answer = answer
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; gives the port."""
        handshake = self.limits.stalled if tls else None
        self._listening = await asyncio.start_server(
            self._accept, host, port, ssl=tls, ssl_handshake_timeout=handshake, limit=_PIECE
        )
        return int(self._listening.sockets[0].getsockname()[1])

    async def stop(self, seconds: float = 8.0) -> None:
        """Accept and read no more; wait until what was read is answered."""
        if self._listening is not None:
            self._listening.close()
        for connection in tuple(self._open):
            connection.leave()
        if self._open:
            await asyncio.wait(self._open.values(), timeout=seconds)
        self.watch.close()

    def begin(self, frame: Frame, shown: Collection[str]) -> asyncio.Task[Answer]:
        """Begin to answer a frame; tasks start in the order in which they are made."""
        return asyncio.create_task(self._answer(frame, shown))

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        if len(self._open) >= self.limits.connections:
            _log.warning("too-many-connections")
            writer.transport.abort()
            return
        connection = Connection(self, reader, writer)
        task = asyncio.create_task(connection.run())
        self._open[connection] = task
        task.add_done_callback(lambda _: self._open.pop(connection))


class Connection:
    """One peer: a task reads and begins to answer, another writes the answers in the order of their frames."""

    def __init__(self, server: Server, reader: StreamReader, writer: StreamWriter) -> None:
        self._server = server
        self._limits = server.limits
        self._reader = reader
        self._writer = writer
        self._host = str((writer.get_extra_info("peername") or ("",))[0])
        self._shown = _names(writer.get_extra_info("peercert") or {})
        self._decoder = Decoder(server.limits.message)
        self._pending: asyncio.Queue[asyncio.Task[Answer] | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(_PIPELINED)
        self._holds_large = False
        self._laters: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()

    async def run(self) -> None:
        """Serve the peer until it leaves, or is to be left."""
        self._reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write())
        writing.add_done_callback(lambda _: self.leave())
        try:
            await asyncio.wait({self._reading})
            self._pending.put_nowait(None)
            await asyncio.wait({writing})
            if self._laters and not self._reading.cancelled():
                # Who has nothing more to say may still listen.
                await asyncio.wait(self._laters, timeout=self._limits.processing)
        finally:
            self._end(self._reading, writing, *self._laters)
            await self._close()

    def _end(self, *tasks: asyncio.Task[None]) -> None:
        for task in tasks:
            if not task.cancel() and not task.cancelled() and (trouble := task.exception()):
                _log.info("connection-broken", kind=type(trouble).__name__)
        if self._holds_large:
            self._server.large.release()
        if self._decoder.restarts:
            _log.warning("frames-restarted", attempt=self._decoder.restarts)

    async def _close(self) -> None:
        """Let what is written go out, unless the peer does not take it."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.stalled):
                await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()
        except OSError:
            pass  # the peer went first

    async def _read(self) -> None:
        clock = asyncio.get_running_loop().time
        silent, due = 0.0, clock() + self._limits.idle
        while not self._reader.at_eof() and (clock() < due or self._laters):
            patience = self._limits.quiet if self._decoder.inside else max(due - clock(), self._limits.quiet)
            try:
                async with asyncio.timeout(patience):
                    piece = await self._reader.read(_PIECE)
            except TimeoutError:
                silent += patience
                found = list(self._decoder.rest())
                if self._decoder.inside and silent >= self._limits.stalled:
                    return
            else:
                silent, found = 0.0, list(self._decoder.feed(piece) if piece else self._decoder.rest())
            while found:
                await self._begin(found.pop(0))
                due = clock() + self._limits.idle
            if self._decoder.held > _LARGE and not self._holds_large:
                await self._server.large.acquire()
                self._holds_large = True

    async def _begin(self, frame: Frame) -> None:
        """Hand a frame over to be answered; when too many wait already, wait with them."""
        await self._pace()
        await self._room.acquire()
        pending = self._server.begin(frame, self._shown)
        if self._holds_large:
            self._holds_large = False
            pending.add_done_callback(lambda _: self._server.large.release())
        self._pending.put_nowait(pending)

    async def _pace(self) -> None:
        while True:
            try:
                return self._server.rate.take(self._host)
            except ThrottledError:
                await asyncio.sleep(_PAUSE)

    async def _write(self) -> None:
        while (pending := await self._pending.get()) is not None:
            answer = await pending
            await self._send(answer.message)
            for later in answer.later:
                if later.in_order:
                    async with asyncio.timeout(self._limits.processing):
                        await self._say(later)
                else:
                    task = asyncio.create_task(self._say_between(later))
                    self._laters.add(task)
                    task.add_done_callback(self._laters.discard)
            self._room.release()

    async def _say_between(self, later: Later) -> None:
        with suppress(OSError, TimeoutError):  # the peer has left, and its other task sees that too
            await self._say(later)

    async def _say(self, later: Later) -> None:
        well = await self._server.watch.processed(later.submission)
        if well and later.place >= 0:
            await self._send(await asyncio.to_thread(self._server.told, later))
        else:
            await self._send(later.well if well else later.ill)

    async def _send(self, message: bytes) -> None:
        if message:
            self._writer.write(framed(message))
            if self._writer.transport.get_write_buffer_size():
                async with asyncio.timeout(self._limits.stalled):
                    await self._writer.drain()


def _names(certificate: dict[str, Any]) -> list[str]:
    """What it names its holder: by common name, and by the alternative names that are a host's or a URI."""
    common = [text for names in certificate.get("subject", ()) for kind, text in names if kind == "commonName"]
    return common + [text for kind, text in certificate.get("subjectAltName", ()) if kind in ("DNS", "URI")]
