"""The limits of the clinics' door: how large, how packed, how often."""

import threading
import zlib
from datetime import datetime, timedelta
from typing import Final

from flask import current_app, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from gateway.access.caller import caller
from gateway.audit.trail import Event
from gateway.core.clock import Clock
from gateway.core.errors import IntakeError, ThrottledError, TooLargeError, UnsupportedFormatError
from gateway.services import services

_GZIP: Final = 31  # zlib's window bits for a gzip stream


class Rate:
    """So many requests a minute for each clinic, counted in this process; a quiet minute saves up a burst."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._step = timedelta(minutes=1) / per_minute
        self._burst = timedelta(minutes=1)
        self._lock = threading.Lock()
        self._next: dict[str, datetime] = {}

    def take(self, clinic: str) -> None:
        """Count one request. Raises ThrottledError."""
        with self._lock:
            now = self._clock.now()
            due = max(self._next.get(clinic, now), now)
            if due - now > self._burst - self._step:
                raise ThrottledError
            self._next[clinic] = due + self._step


def check_size() -> None:
    """Refuse by its announced length what is too large, and let nothing longer be read."""
    most = services().settings.max_body
    # One byte more than we take: a stream without a length is cut at this limit in silence, and what was cut must show.
    request.max_content_length = most + 1
    if (request.content_length or 0) > most:
        services().witness(Event("C", "create", "4", "unknown", ""))
        raise TooLargeError("Content-Length")


def check_rate() -> None:
    """Refuse a clinic that sends faster than is agreed with all."""
    here = services()
    rate: Rate = current_app.extensions.setdefault("gateway.rate", Rate(here.settings.rate, here.clock))
    rate.take(caller().clinic)


def read_body() -> bytes:
    """The body of the request, unpacked when it came packed. Raises TooLargeError."""
    try:
        sent = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLargeError("body") from None
    except ClientDisconnected:
        raise IntakeError("body") from None
    if request.content_length not in (None, len(sent)):
        raise IntakeError("Content-Length")
    return unpack(sent, request.headers.get("Content-Encoding", ""), services().settings.max_body)


def unpack(sent: bytes, coding: str, most: int) -> bytes:
    """Undo the content coding; never unpack more than `most` bytes."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return sent
    if coding not in ("gzip", "x-gzip"):
        raise UnsupportedFormatError("Content-Encoding")
    stream = zlib.decompressobj(_GZIP)
    try:
        body = stream.decompress(sent, most + 1)
    except zlib.error:
        raise IntakeError("Content-Encoding") from None
    if len(body) > most:
        raise TooLargeError("body")
    if not stream.eof or stream.unused_data:
        raise IntakeError("Content-Encoding")
    return body


def one_file() -> FileStorage:
    """The one file of a multipart body. Raises IntakeError when there is none, or more."""
    files = [file for _, file in request.files.items(multi=True)]
    if len(files) != 1:
        raise IntakeError("file")
    return files[0]
