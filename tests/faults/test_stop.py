"""SIGTERM: what is being answered is answered, what is in hand is finished, and the exit is a clean one."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from gateway.store import submissions
from gateway.store.tables import work as w
from tests.faults.gateway_process import GatewayProcess
from tests.faults.test_kill import referral


@pytest.fixture
def gateway(tmp_path):
    made = GatewayProcess(tmp_path)
    made.start()
    yield made
    made.kill()


def test_it_leaves_with_every_acknowledged_submission_and_no_lease(gateway):
    with ThreadPoolExecutor(8) as clients:
        sent = [clients.submit(gateway.submit, referral(number)) for number in range(24)]
        acknowledged = {one.result() for one in sent[:8]}
        assert gateway.stop() == 0
        gateway.start()
        acknowledged |= {one.result() for one in sent}
    assert gateway.stop() == 0
    with gateway.store() as store:
        assert store.read(lambda c: c.execute(select(func.count()).where(w.c.lease != "")).scalar()) == 0
        assert acknowledged == {one.id for one in store.read(submissions.listing)}


def test_silent_and_slow_callers_do_not_hold_the_door(gateway):
    """Two hundred connections that say nothing, or not all: the next caller is answered all the same."""
    idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(200)]
    for slow in idle[::2]:
        slow.sendall(b"POST /submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nab")
    began = time.monotonic()
    assert gateway.submit(referral(1))
    assert time.monotonic() - began < 10
    for one in idle:
        one.close()


def test_a_request_with_two_lengths_is_refused(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port)) as caller:
        caller.sendall(
            b"POST /submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        )
        assert caller.recv(100).startswith(b"HTTP/1.1 400")
