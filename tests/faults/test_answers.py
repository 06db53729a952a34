"""What a mocking library cannot do to us: half a body, a reset, an answer lost after the commit, a drip, a flood."""

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from gateway.route import Destination, Verdict, deliver, open_session, plan
from tests.faults.store_double import store_double

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
(BUNDLE,) = plan([{"resourceType": "Patient", "id": "p", "gender": "female"}], max_entries=10)


def send(url, **limits):
    destination = Destination("home", url, **limits)
    with open_session(destination) as session:
        return deliver(session, destination, BUNDLE, NOW)


@pytest.mark.parametrize("fault", ["503", "429", "reset", "late", "half"])
def test_after_any_fault_the_same_is_sent_again_and_has_one_effect(fault):
    faults = [fault]
    with store_double(lambda: faults.pop() if faults else None) as double:
        assert send(double.url).verdict is Verdict.RETRY
        assert send(double.url).verdict is Verdict.DELIVERED
        assert {place: set(bodies) for place, bodies in double.held.items()}.keys() == {"Patient/p"}
        assert len(set(double.held["Patient/p"])) == 1


def test_nobody_there_is_tried_again():
    with store_double() as double:
        url = double.url
    assert send(url).verdict is Verdict.RETRY


@contextmanager
def raw_server(say):
    """Accepts one connection after the other and leaves it to `say`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        over = threading.Event()

        def serve():
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.recv(65536)
                    try:
                        say(connection, over)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"


def test_a_store_that_hangs_after_its_headers_is_left():
    def hang(connection, over):
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n")
        over.wait(5)

    with raw_server(hang) as url:
        assert send(url, read_seconds=0.2).verdict is Verdict.RETRY


def test_a_store_that_drips_is_left_at_the_deadline():
    def drip(connection, over):
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b" ")

    with raw_server(drip) as url:
        assert send(url, total_seconds=0.3).verdict is Verdict.RETRY


def test_a_store_that_never_stops_is_read_no_further_than_we_said():
    sent = 0

    def flood(connection, over):
        nonlocal sent
        connection.sendall(HEAD + b"Connection: close\r\n\r\n")
        while not over.is_set():
            connection.sendall(b" " * 65536)
            sent += 65536

    with raw_server(flood) as url:
        assert send(url, max_answer=100_000, total_seconds=5).verdict is Verdict.RETRY
    assert sent < 20_000_000
