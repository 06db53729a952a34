"""gateway/worker/deliver.py"""

from datetime import timedelta

import pytest

from gateway.route.breaker import PAUSE, TROUBLES
from gateway.store import deliveries, submissions, work

from .conftest import URL

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female"}


def confirmed(*places):
    entries = [{"response": {"status": "201 Created", "location": f"{place}/_history/1"}} for place in places]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


@pytest.fixture
def routed(submit, worker):
    """A submission that waits for its delivery."""

    def act(id="p1"):
        submission = submit(PATIENT | {"id": id})
        worker.turn("process")
        return submission

    return act


def only(desk, submission):
    (found,) = desk.store.read(lambda c: deliveries.listing(c, submission=submission))
    return found


def test_what_is_delivered_is_entered_with_its_attempt_and_its_work_is_done(desk, worker, destination, routed):
    destination.post(URL, json=confirmed("Patient/p1"))
    id = routed()
    worker.turn("deliver")
    found = only(desk, id)
    assert (found.state, found.attempts, found.last_status) == ("delivered", 1, 200)
    assert desk.store.read(work.depths)["deliver"] == 0
    assert desk.store.read(lambda c: submissions.events(c, id))[-1].event == "deliver"


def test_a_busy_store_is_asked_again_when_it_said(desk, worker, clock, destination, routed):
    destination.post(URL, status=429, headers={"Retry-After": "120"})
    id = routed()
    worker.turn("deliver")
    clock.move(timedelta(seconds=119))
    assert worker.turn("deliver") == 0
    destination.replace("POST", URL, json=confirmed("Patient/p1"))
    clock.move(timedelta(seconds=1))
    worker.turn("deliver")
    assert (only(desk, id).state, only(desk, id).attempts) == ("delivered", 2)


def test_a_refusal_is_a_dead_letter_at_once_and_a_person_can_send_it_again(desk, worker, destination, routed):
    destination.post(URL, status=422, body=b'{"resourceType":"OperationOutcome"}')
    id = routed()
    worker.turn("deliver")
    found = only(desk, id)
    assert (found.state, found.attempts) == ("dead", 1)
    (attempt,) = desk.store.read(lambda c: deliveries.attempts(c, found.id))
    assert attempt.answer == b'{"resourceType":"OperationOutcome"}'
    destination.replace("POST", URL, json=confirmed("Patient/p1"))
    desk.store.write(lambda c: deliveries.retry(c, found.id, desk.now()))
    worker.turn("deliver")
    assert only(desk, id).state == "delivered"


def test_one_patient_s_trouble_holds_that_patient_s_deliveries_and_nobody_else_s(desk, worker, destination, submit):
    destination.post(URL, status=503)
    first = submit(PATIENT)
    second = submit(PATIENT | {"gender": "male"})
    other = submit(PATIENT | {"id": "p2"})
    while worker.turn("process"):
        pass
    worker.turn("deliver")
    destination.replace("POST", URL, json=confirmed("Patient/p2"))
    worker.turn("deliver")
    states = [only(desk, id).state for id in (first, second, other)]
    assert states == ["waiting", "waiting", "delivered"]


def test_an_answer_that_never_comes_ends_as_a_dead_letter_after_the_deadline(desk, worker, clock, destination, routed):
    destination.post(URL, status=503)
    id, states = routed(), {}
    for hour in range(75):
        worker.turn("deliver")
        states[hour] = only(desk, id).state
        clock.move(timedelta(hours=1))
    assert (states[72], states[74]) == ("waiting", "dead")


def test_when_a_store_is_down_the_others_wait_without_asking_it(desk, worker, clock, destination, routed):
    destination.post(URL, status=503)
    for number in range(TROUBLES + 3):
        routed(f"p{number}")
    while worker.turn("deliver"):
        pass
    assert len(destination.calls) == TROUBLES
    clock.move(PAUSE)
    worker.turn("deliver")
    worker.turn("deliver")
    assert len(destination.calls) == TROUBLES + 1


def test_a_destination_that_the_settings_no_longer_name_keeps_its_deliveries(desk, worker, clock, destination, routed):
    id = routed()
    home = desk.destinations.pop("home")
    worker.turn("deliver")
    assert only(desk, id).state == "waiting"
    desk.destinations["home"] = home
    destination.post(URL, json=confirmed("Patient/p1"))
    clock.move(timedelta(minutes=15))
    worker.turn("deliver")
    assert only(desk, id).state == "delivered"
