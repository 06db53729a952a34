"""The corridor in a process of its own, so that what kills, hangs or bloats it harms one submission."""

import gc
import resource
import signal
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import structlog

from gateway.core.errors import GatewayError, StartupError
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.worker.desk import Convert

SECONDS: Final = 60.0  # for one submission of no size
PER_MEBIBYTE: Final = 6.0  # seconds more for each; the slowest documents take a fifth of it on a quiet machine
LONGEST: Final = 900.0  # seconds, whatever the size
MEMORY: Final = 2 * 1024**3  # address space of the process, definitions and tables included
_START: Final = 60.0  # seconds for a child to load and check what it stands on
_LOOKED: Final = 1.0  # seconds until we look again whether what the child stands on has changed
_NONE: Final[Mapping[str, GatewayError]] = MappingProxyType({})
_context = get_context("spawn")
_log = structlog.get_logger()


def patience(size: int, least: float = SECONDS) -> float:
    """How many seconds a submission of so many bytes may take."""
    return min(least + size / 1024**2 * PER_MEBIBYTE, max(least, LONGEST))


class ConversionCrashError(Exception):
    """The process that converts came to its end, or did not come to one."""


class _Child(NamedTuple):
    process: Any
    pipe: Pipe

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _nothing() -> None:
    """Nothing to prepare, and nothing to look at."""


class Isolated:
    """Calls a function of a module in a child, which lives until it fails, its files change, or we close it.

    `prepare` runs in a child before it takes over: one that cannot be prepared takes nothing over from another.
    `look` tells the state of what the child stands on.
    """

    def __init__(
        self,
        convert: Convert,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        *,
        prepare: Callable[[], None] = _nothing,
        look: Callable[[], Hashable] = _nothing,
    ) -> None:
        self._convert = convert
        self._seconds = seconds
        self._memory = memory
        self._prepare = prepare
        self._look = look
        self._child: _Child | None = None
        self._seen: Hashable = None
        self._looked = 0.0

    def __call__(
        self,
        body: bytes,
        *,
        media_type: str | None = None,
        sender: Sender = Sender(),  # noqa: B008 - frozen
        received: datetime | None = None,
        apart: Mapping[str, GatewayError] = _NONE,
    ) -> Outcome:
        """Bytes to outcome. Raises ConversionCrashError, and a new child begins the next time."""
        pipe = self._ready()
        try:
            words = {"media_type": media_type, "sender": sender, "received": received, "apart": dict(apart)}
            pipe.send((body, words))
            if not pipe.poll(patience(len(body), self._seconds)):
                raise ConversionCrashError
            said = pipe.recv()
        except (EOFError, OSError, ConversionCrashError):
            self.close()
            raise ConversionCrashError from None
        if not isinstance(said, Outcome):
            raise ConversionCrashError
        return said

    def warm(self) -> None:
        """Begin a child, so that the first submission need not wait for it; one that does not start is tried again."""
        with suppress(ConversionCrashError, OSError):
            self._ready()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.end()
        self._child = None

    def _ready(self) -> Pipe:
        now, child = time.monotonic(), self._child
        if child is None or now >= self._looked + _LOOKED:
            self._looked, seen = now, self._look()
            if child is None or seen != self._seen:
                self._seen = seen
                child = self._renewed()
        return child.pipe

    def _renewed(self) -> _Child:
        """A new child takes over when it is prepared; what is wrong in changed files changes nothing."""
        ours, theirs = _context.Pipe()
        work = (self._convert, self._prepare, theirs, self._memory)
        process = _context.Process(target=_serve, args=work, daemon=True)
        process.start()
        theirs.close()
        child = _Child(process, ours)
        try:
            trouble = ours.recv() if ours.poll(_START) else ""
        except (EOFError, OSError):
            trouble = ""
        if trouble is None:
            self.close()
            self._child = child
            return child
        child.end()
        _log.error("mapping-refused", place=trouble)
        if self._child is None:
            raise ConversionCrashError
        return self._child


def _serve(convert: Convert, prepare: Callable[[], None], pipe: Pipe, memory: int) -> None:
    """Convert what comes until nobody sends any more. A bug or a lack of memory is told as nothing, not as its text."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, who ends us
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        prepare()
    except StartupError as trouble:
        pipe.send(trouble.place)
        return
    gc.freeze()  # what is loaded stays to the end; the search for garbage need not go through it again and again
    pipe.send(None)
    while True:
        try:
            body, words = pipe.recv()
        except EOFError:
            return
        try:
            said = convert(body, **words)
        except Exception:  # noqa: BLE001 - the worker's edge, on the other side of the pipe
            said = None
        pipe.send(said)
