"""A listening server over a fresh store, and peers that speak to it over real sockets."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from gateway.access.keys import add_clinic
from gateway.intake.mllp.door import Door
from gateway.intake.mllp.frame import Decoder, framed
from gateway.intake.mllp.server import Limits, Server
from gateway.intake.mllp.watch import Watch
from gateway.store import submissions

CLINIC = "riverbend-clinic"
PATIENCE = 20  # seconds until an answer that must come is held not to


def message(
    number="M1", *, type="ADT^A01", version="2.5.1", modes="|", processing="P", rest="PID|1||77^^^RB\r", sender="RB"
):
    """A message of an invented sender; `modes` are MSH-15 and MSH-16."""
    head = f"MSH|^~\\&|HIS|{sender}|SO|CENTRE|20260302101500||{type}|{number}|{processing}|{version}|||{modes}\r"
    return head.encode() + rest.encode()


class Peer:
    """A sender's end of a connection."""

    def __init__(self, connection):
        self._connection = connection
        self._connection.settimeout(PATIENCE)
        self._decoder = Decoder(1_000_000)
        self._answers = []

    def send(self, *bodies):
        """Send messages, each in a frame, in one write."""
        self.write(b"".join(map(framed, bodies)))

    def write(self, raw):
        self._connection.sendall(raw)

    def finish(self):
        """Say that nothing more comes, and go on listening."""
        self._connection.shutdown(socket.SHUT_WR)

    def answer(self):
        """The next answer's segments, each split into fields; none when the server has closed."""
        while not self._answers:
            piece = self._connection.recv(65536)
            if not piece:
                return None
            self._answers += self._decoder.feed(piece)
        body = self._answers.pop(0).body
        assert body.endswith(b"\r")
        return segments(body)

    def asks(self, *bodies):
        """Send messages and give what MSA says of each."""
        self.send(*bodies)
        return [said(self.answer()) for _ in bodies]

    def is_left(self):
        with suppress(ConnectionError):
            return self._connection.recv(1) == b""
        return True


def said(answer):
    """The code and the number of MSA."""
    return tuple(next(segment for segment in answer if segment[0] == "MSA")[1:3])


def segments(raw):
    """Each segment, split into its fields."""
    return [one.split("|") for one in raw.decode("latin-1").split("\r") if one]


class Listening:
    """The server's address, and ways to reach it."""

    def __init__(self, server, port, loop):
        self.server, self.port, self.loop = server, port, loop

    @contextmanager
    def peer(self, wrap=lambda plain: plain):
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as plain, wrap(plain) as connection:
            yield Peer(connection)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop).result(PATIENCE)


@contextmanager
def listening(answer, states=lambda _: {}, limits=None, tls=None, told=lambda later: later.well) -> Iterator[Listening]:
    """A server in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start():
        server = Server(answer, Watch(states, every=0.01), limits or Limits(65_536, rate=10**9), told)
        return server, await server.start("127.0.0.1", 0, tls)

    found = Listening(*asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE), loop)
    try:
        yield found
    finally:
        found.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.fixture
def overlay(tmp_path):
    """Writes what is agreed with a clinic."""
    folder = tmp_path / "senders"
    folder.mkdir()

    def write(text="", clinic=CLINIC):
        (folder / f"{clinic}.yaml").write_text(f"clinic: {clinic}\nfacilities: [RB]\n{text}")

    write()
    write.folder = folder
    return write


@pytest.fixture
def settings(settings, overlay):
    return replace(settings, senders=overlay.folder, mllp_port=0)


@pytest.fixture
def here(here):
    add_clinic(here.store, here.clock, "Riverbend Clinic")
    return here


@pytest.fixture
def door(here):
    return Door(here)


@pytest.fixture
def mllp(here, door):
    """The server as it is run, with a small limit on a message."""
    ask = lambda wanted: here.store.read(lambda connection: submissions.states(connection, wanted))  # noqa: E731
    with listening(door.answer, ask) as found:
        yield found


@pytest.fixture
def kept(here):
    """The originals in the store, the oldest first."""

    def look():
        found = here.store.read(submissions.listing)
        return [here.store.read(lambda c, id=one.id: submissions.original(c, id, None)[0]) for one in reversed(found)]

    return look
