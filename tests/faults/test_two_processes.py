"""Two stores open on one database, as two processes have them: what both do at once is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from gateway.audit import trail
from gateway.audit.trail import Event
from gateway.store import submissions, work
from gateway.store.engine import open_store
from gateway.store.tables import clinics

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = "2026-03-02T09:00:00.000000Z"
KEY = b"k" * 32


@pytest.fixture
def pair(database_url):
    both = [open_store(database_url), open_store(database_url)]
    both[0].write(lambda c: c.execute(insert(clinics), {"id": "a", "name": "A", "created": AT}) and None)
    yield both
    for one in both:
        one.close()


def keep(store, body, key=None):
    def change(connection):
        words = {"media_type": None, "file_name": None, "idempotency_key": key, "at": AT}
        receipt, new = submissions.keep(connection, clinic="a", body=body, **words)
        trail.record(connection, Event("C", "create", "0", "k", "clinic", "a", submission=receipt.id), key=KEY, at=AT)
        return receipt.id, new

    return store.write(change)


def test_the_same_submission_sent_fifty_times_at_once_is_stored_once(pair):
    with ThreadPoolExecutor(16) as clients:
        said = list(clients.map(lambda number: keep(pair[number % 2], b"same", "key-1"), range(50)))
    assert len({id for id, _ in said}) == 1
    assert [new for _, new in said].count(True) == 1
    assert pair[0].read(work.depths)["process"] == 1


def test_the_audit_chain_of_two_writers_is_one_chain(pair):
    with ThreadPoolExecutor(16) as clients:
        list(clients.map(lambda number: keep(pair[number % 2], b"%d" % number), range(60)))
    verdict = trail.verify(pair[0], KEY)
    assert (verdict.sound, verdict.count) == (True, 60)


def test_workers_of_two_processes_never_hold_the_same_row(pair):
    for number in range(40):
        lane = f"lane:{number % 8}"
        pair[0].write(
            lambda c, lane=lane, number=number: work.add(c, lane=lane, task="deliver", subject=f"{number:02}")
        )
    done = []

    def drain(place):
        store = pair[place % 2]
        while store.read(work.depths)["deliver"]:
            jobs = store.write(lambda c: work.claim(c, task="deliver", worker=f"w{place}", now=NOW, limit=2))
            for job in jobs:
                done.append(job.subject)
                store.write(lambda c, job=job: work.finish(c, job))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(drain, range(4)))
    assert sorted(done) == [f"{number:02}" for number in range(40)]
    for lane in range(8):
        in_lane = [subject for subject in done if int(subject) % 8 == lane]
        assert in_lane == sorted(in_lane)
