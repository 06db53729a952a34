"""gateway/worker/tend.py"""

from dataclasses import replace
from datetime import timedelta

from gateway.cases.centre import Centre
from gateway.store import audit, cases, deliveries
from gateway.worker import Worker
from gateway.worker.tend import tend
from tests.unit.worker.test_process import PATIENT, REFERRAL


def test_a_case_ends_when_the_centre_says_how_long_it_may_wait(desk, worker, submit, clock):
    submit(PATIENT, REFERRAL)
    worker.turn("process")
    strict = replace(desk, centre=Centre(expires_after=30))
    clock.move(timedelta(days=29))
    tend(strict)
    clock.move(timedelta(days=2))
    tend(desk)
    assert [one.state for one in desk.store.read(cases.listing)] == ["needs-information"]
    sent = len(desk.store.read(deliveries.listing))
    for _ in range(2):
        tend(strict)
    assert [one.state for one in desk.store.read(cases.listing)] == ["expired"]
    assert len(desk.store.read(deliveries.listing)) == sent + 1
    newest = desk.store.read(lambda c: audit.listing(c, subtype="case-step", limit=9))
    assert len(newest) == 2


def test_a_worker_tends_the_cases_when_it_starts(desk, worker, submit, clock):
    submit(PATIENT, REFERRAL)
    worker.turn("process")
    clock.move(timedelta(days=31))
    runs = Worker(replace(desk, centre=Centre(expires_after=30)))
    with desk.store.committed:
        runs.start()
        assert desk.store.committed.wait_for(
            lambda: [one.state for one in desk.store.read(cases.listing)] == ["expired"], timeout=20
        )
    assert runs.stop()
