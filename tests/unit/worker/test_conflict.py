"""gateway/worker/conflict.py: a number of one beside the name of another waits for a person, and is released."""

import pytest

from gateway import casework
from gateway.core import fhirjson
from gateway.core.errors import NotFoundError
from gateway.match.person import SSN
from gateway.store import failures, matches, resources, submissions
from tests.unit.match.people import patient

ONE = patient("Robert", "Ashgrove", "1961-04-09", id="p1", identifier=[{"system": SSN, "value": "219-09-9998"}])
OTHER = patient("Carla", "Calloway", "1975-11-30", id="p2", gender="female")
# The number (and so the id) of the first under the name of the second, and of nobody.
MIXED = {**OTHER, "id": "p1", "identifier": ONE["identifier"]}
STRANGER = {**patient("Hugo", "Ivarsson", "1931-05-06"), "id": "p1", "identifier": ONE["identifier"]}


@pytest.fixture
def send(desk, worker, submit):
    def act(*sent, clinic="a"):
        id = submit(*sent, clinic=clinic)
        while worker.turn("process"):
            pass
        return id

    return act


@pytest.fixture
def asked(desk):
    return lambda: desk.store.read(lambda c: matches.listing(c, ["aside"]))


@pytest.fixture
def decide(desk, worker):
    """A person decides on what is set aside, and what that leads to is done."""

    def act(question, verdict):
        words = {"actor": "nurse", "version": question.version, "at": desk.now()}
        desk.store.write(lambda c: casework.identity.decide(c, question.id, verdict, **words))
        while worker.turn("process"):
            pass

    return act


def held(desk, id):
    return fhirjson.read_own(desk.store.read(lambda c: resources.read(c, "Patient", id)).body)


def test_a_number_of_one_with_the_name_and_birth_date_of_another_stores_nothing_and_asks(desk, send, state, asked):
    send(ONE)
    send(OTHER, clinic="b")
    before = held(desk, "p1")
    id = send(MIXED, {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}})
    assert state(id) == ("quarantined", "patient-conflict")
    assert held(desk, "p1") == before
    with pytest.raises(NotFoundError):
        desk.store.read(lambda c: resources.read(c, "Condition", "c"))
    [question] = asked()
    assert (question.submission, question.candidate, question.rule) == (id, "p1", "patient-conflict")
    sent, numbered, named = fhirjson.read_own(question.said)
    assert [one["name"][0]["family"] for one in (sent, numbered, named)] == ["Calloway", "Ashgrove", "Calloway"]
    assert desk.store.read(lambda c: failures.stopped_by(c, id))[0] == "patient-conflict"


def test_a_number_under_another_id_is_asked_about_in_the_same_way(send, state, asked):
    send(ONE)
    send(OTHER, clinic="b")
    assert state(send({**MIXED, "id": "p9"}, clinic="b")) == ("quarantined", "patient-conflict")
    assert [one.candidate for one in asked()] == ["p1"]


def test_a_record_is_not_overwritten_with_somebody_whom_nobody_knows(desk, send, state):
    send(ONE)
    assert state(send(STRANGER)) == ("quarantined", "patient-conflict")
    assert held(desk, "p1")["name"] == ONE["name"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": [{"family": "Birkwood", "given": ["Robert"]}]},
        {"birthDate": "1961-09-04"},
        {"birthDate": "1970-01-01"},
        {"name": [{"family": "Robert", "given": ["Ashgrove"]}], "birthDate": "1970-01-01"},
    ],
)
def test_what_may_be_a_correction_is_taken(send, state, change):
    send(ONE)
    assert state(send({**ONE, **change}))[0] == "routed"


def test_a_release_processes_it_again_and_holds_for_what_was_decided(desk, send, state, asked, decide):
    send(ONE)
    send(OTHER, clinic="b")
    id, again = send(MIXED), send(MIXED, {"resourceType": "Basic", "id": "b", "code": {"text": "b"}})
    first, _ = asked()
    decide(first, "release")
    assert state(id) == state(again) == ("routed", None)
    assert held(desk, "p1")["name"] == MIXED["name"]
    assert asked() == []
    assert state(send({**MIXED, "maritalStatus": {"text": "married"}}))[0] == "routed"


def test_what_is_refused_stays_aside_and_a_replay_asks_nothing_anew(desk, send, state, asked, decide):
    send(ONE)
    send(OTHER, clinic="b")
    id = send(MIXED)
    [question] = asked()
    decide(question, "refuse")
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    send()
    assert state(id) == ("quarantined", "patient-conflict")
    assert asked() == []
    assert [one.decision for one in desk.store.read(lambda c: matches.history(c, question.id))] == ["aside", "refuse"]


def test_what_is_no_conflict_any_more_goes_on_when_it_is_replayed(desk, send, state, asked):
    send(ONE)
    send(OTHER, clinic="b")
    id = send({**MIXED, "id": "p9"}, clinic="b")
    send({**ONE, "identifier": []})
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    send()
    assert state(id) == ("routed", None)
    assert asked() == []


def test_a_replay_of_what_was_taken_before_is_never_set_aside(desk, send, state):
    id = send(ONE)
    send({**ONE, "name": OTHER["name"]})
    send({**MIXED})
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    send()
    assert state(id) == ("routed", None)
    assert held(desk, "p1")["name"] == OTHER["name"]
