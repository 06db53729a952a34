"""The clinics' door for messages as a process: kills, leaving, the largest message, and the gateway beside it."""

import sqlite3
import sys
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.intake.mllp.frame import framed
from gateway.store import submissions, work
from gateway.store.engine import open_store
from tests.conftest import new_database
from tests.faults.gateway_process import GatewayProcess, until
from tests.faults.mllp_process import MllpProcess, read


def message(number, rest=b"PID|1||77^^^RB||Testperson^Ada\r"):
    return b"MSH|^~\\&|HIS|RB|SO|CENTRE|20260302101500||ADT^A08|%b|P|2.5.1\r%b" % (number, rest)


def kept(gateway):
    """The originals in the store, the oldest first."""
    with closing(sqlite3.connect(gateway.folder / "gateway.db")) as look:
        found = look.execute("SELECT body FROM originals JOIN submissions s ON s.seq = submission ORDER BY s.seq")
        return [body for (body,) in found]


@contextmanager
def out_of_reach(server, address):
    """A database of that PostgreSQL to which nobody is connected and nobody connects."""
    name = make_url(address).database
    admin = create_engine(make_url(server.format(database="postgres")).set(drivername="postgresql+psycopg"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :d"), {"d": name}
        )
        yield
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()


@pytest.fixture
def gateway(tmp_path):
    return GatewayProcess(tmp_path)


@pytest.fixture
def mllp(gateway):
    made = MllpProcess(gateway)
    made.start()
    yield made
    made.kill()


def test_killed_between_commit_and_answer_it_has_the_message_once(gateway, mllp):
    with mllp.connect() as deaf:
        deaf.sendall(framed(message(b"M1")))
        with gateway.store() as store:
            until(lambda: store.read(submissions.listing))
        mllp.kill()
    mllp.start()
    first, second = mllp.ask(message(b"M1")), mllp.ask(message(b"M1"))
    assert b"\rMSA|AA|M1\r" in first[0]
    assert first == second
    with gateway.store() as store:
        assert len(store.read(submissions.listing)) == store.read(work.depths)["process"] == 1


def test_what_was_acknowledged_is_there_after_kills_at_any_moment(gateway, mllp):
    acknowledged = []
    for turn in range(2):
        with mllp.connect() as connection:
            connection.sendall(b"".join(framed(message(b"M%d-%d" % (turn, number))) for number in range(30)))
            acknowledged += [answer.split(b"MSA|AA|")[1].rstrip(b"\r") for answer in read(connection, 10)]
            mllp.kill()
        mllp.start()
    with gateway.store() as store:
        kept = store.read(lambda c: submissions.listing(c, limit=1000))
        bodies = {store.read(lambda c, id=one.id: submissions.original(c, id, None)[0]) for one in kept}
    assert len(acknowledged) >= 20
    assert {message(number) for number in acknowledged} <= bodies


def test_while_the_database_is_locked_nothing_is_accepted_and_afterwards_it_goes_on(gateway, mllp):
    enhanced = message(b"M2").replace(b"|2.5.1\r", b"|2.5.1|||AL|NE\r")
    with mllp.connect() as connection, closing(sqlite3.connect(gateway.folder / "gateway.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        connection.sendall(framed(message(b"M1")) + framed(enhanced))
        refused = read(connection, 2)
        other.rollback()
        assert [b"\rMSA|AR|M1\r" in refused[0], b"\rMSA|CE|M2\r" in refused[1]] == [True, True]
        connection.sendall(framed(message(b"M1")) + framed(enhanced))
        taken = read(connection, 2)
    assert [b"\rMSA|AA|M1\r" in taken[0], b"\rMSA|CA|M2\r" in taken[1]] == [True, True]
    assert kept(gateway) == [message(b"M1"), enhanced]


def test_what_comes_while_the_database_is_locked_a_moment_only_waits_for_it(gateway, mllp):
    with mllp.connect() as connection, closing(sqlite3.connect(gateway.folder / "gateway.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        connection.sendall(framed(message(b"M1")))
        assert kept(gateway) == []
        other.rollback()
        assert b"\rMSA|AA|M1\r" in read(connection, 1)[0]


def test_while_the_database_is_down_nothing_is_accepted_and_afterwards_it_goes_on(tmp_path, postgres):
    address = new_database(postgres)
    mllp = MllpProcess(GatewayProcess(tmp_path, DATABASE_URL=address))
    mllp.start()
    try:
        with mllp.connect() as connection:
            connection.sendall(framed(message(b"M1")))
            assert b"\rMSA|AA|M1\r" in read(connection, 1)[0]
            with out_of_reach(postgres, address):
                connection.sendall(framed(message(b"M2")))
                assert b"\rMSA|AR|M2\r" in read(connection, 1)[0]
            connection.sendall(framed(message(b"M3")) + framed(message(b"M2")))
            assert [answer.split(b"\rMSA|")[1] for answer in read(connection, 2)] == [b"AA|M3\r", b"AA|M2\r"]
    finally:
        mllp.kill()
    with closing(open_store(address)) as store:
        assert len(store.read(submissions.listing)) == store.read(work.depths)["process"] == 3


def test_asked_to_leave_it_answers_what_it_has_read_and_leaves_cleanly(gateway, mllp):
    with mllp.connect() as connection:
        connection.sendall(framed(message(b"M1")) + b"\x0bhalf a mess")
        read(connection, 1)
        assert mllp.stop() == 0
        assert connection.recv(100) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_the_largest_message_is_held_twice_for_a_moment_and_no_more(mllp):
    """While it comes, and as the whole that it is when it has come."""
    size = 40_000_000
    mllp.ask(message(b"M1", b"OBX|1|ED|||" + b"QUJD" * 50_000 + b"\r"))
    before = mllp.memory("VmRSS")
    large = message(b"M2", b"OBX|1|ED|||" + b"QUJD" * (size // 4) + b"\r")
    assert b"\rMSA|AA|M2\r" in mllp.ask(large)[0]
    assert mllp.memory("VmHWM") - before < 2.2 * len(large)


def test_beside_the_gateway_what_it_takes_is_processed_and_answered_for(gateway, mllp):
    gateway.start()
    try:
        sent = message(b"M1").replace(b"|2.5.1\r", b"|2.5.1|||AL|AL\r")
        at_once, later = mllp.ask(sent, answers=2)
        assert b"\rMSA|CA|M1\r" in at_once
        assert b"\rMSA|AA|M1\r" in later
        sent = sent.replace(b"M1", b"M2").replace(b"PID|1||77^^^RB", b"PID|1||77^^^RB\rPID|2||78^^^RB")
        assert b"\rMSA|AE|M2\r" in mllp.ask(sent, answers=2)[1]
    finally:
        gateway.kill()
