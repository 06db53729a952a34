"""The corridor in a process of its own, so that what kills, hangs or bloats it harms one submission."""

import resource
import signal
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final

from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.worker.desk import Convert

SECONDS: Final = 60.0  # for one submission, at most
MEMORY: Final = 2 * 1024**3  # address space of the process, definitions and tables included
_context = get_context("spawn")


class ConversionCrashError(Exception):
    """The process that converts came to its end, or did not come to one."""


class Isolated:
    """Calls a function of a module in a child, which lives until it fails or we close it."""

    def __init__(self, convert: Convert, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._convert = convert
        self._seconds = seconds
        self._memory = memory
        self._child: Any = None
        self._pipe: Pipe | None = None

    def __call__(
        self,
        body: bytes,
        *,
        media_type: str | None = None,
        sender: Sender = Sender(),  # noqa: B008 - frozen
        received: datetime | None = None,
    ) -> Outcome:
        """Bytes to outcome. Raises ConversionCrashError, and a new child begins the next time."""
        pipe = self._ready()
        try:
            pipe.send((body, media_type, sender, received))
            if not pipe.poll(self._seconds):
                raise ConversionCrashError
            said = pipe.recv()
        except (EOFError, OSError, ConversionCrashError):
            self.close()
            raise ConversionCrashError from None
        if not isinstance(said, Outcome):
            raise ConversionCrashError
        return said

    def close(self) -> None:
        """End the child."""
        if self._child is not None and self._pipe is not None:
            self._pipe.close()
            self._child.kill()
            self._child.join()
            self._child.close()
        self._child = self._pipe = None

    def _ready(self) -> Pipe:
        if self._pipe is None:
            self._pipe, theirs = _context.Pipe()
            self._child = _context.Process(target=_serve, args=(self._convert, theirs, self._memory), daemon=True)
            self._child.start()
            theirs.close()
        return self._pipe


def _serve(convert: Convert, pipe: Pipe, memory: int) -> None:
    """Convert what comes until nobody sends any more. A bug or a lack of memory is told as nothing, not as its text."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, who ends us
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while True:
        try:
            body, media_type, sender, received = pipe.recv()
        except EOFError:
            return
        try:
            said = convert(body, media_type=media_type, sender=sender, received=received)
        except Exception:  # noqa: BLE001 - the worker's edge, on the other side of the pipe
            said = None
        pipe.send(said)
