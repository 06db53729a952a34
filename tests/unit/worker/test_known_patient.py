"""gateway/worker/known_patient.py: what the rules decide of two records, and what they leave as a person said."""

import pytest

from gateway import casework
from gateway.core import fhirjson
from gateway.store import matches, resources, submissions
from tests.unit.match.people import address, patient

HOME, PHONE = {"address": [address()]}, {"telecom": [{"system": "phone", "value": "507-555-0101"}]}
KNOWN = patient(id="p1", **HOME, **PHONE)
ALIKE = patient("Roberta", id="p2", **PHONE)
PAIR = matches.pair("p1", "p2")


@pytest.fixture
def send(desk, worker, submit):
    """Clinic b sends Patients and they are processed; gives the submission."""

    def act(*sent):
        id = submit(*sent, clinic="b")
        while worker.turn("process"):
            pass
        return id

    return act


@pytest.fixture
def pair(desk):
    return lambda id=PAIR: desk.store.read(lambda c: matches.find(c, id))


@pytest.fixture
def decide(desk, pair):
    """A person decides on a pair as it stands."""

    def act(verdict, id=PAIR):
        words = {"actor": "nurse", "version": pair(id).version, "at": desk.now()}
        desk.store.write(lambda c: casework.identity.decide(c, id, verdict, **words))

    return act


def links(desk, id):
    held = fhirjson.read_own(desk.store.read(lambda c: resources.read(c, "Patient", id)).body)
    return [one["other"]["reference"] for one in held.get("link", ())]


def test_a_question_says_by_which_rule_in_which_version_it_is_asked_and_links_nobody(desk, send, pair):
    send(KNOWN)
    id = send(ALIKE)
    assert (pair().state, pair().grade, pair().submission, pair().clinic) == ("open", "probable", id, "b")
    assert links(desk, "p2") == []
    [line] = desk.store.read(lambda c: matches.history(c, PAIR))
    assert (line.actor, line.rule, len(line.mapping), len(line.inputs_sha256)) == ("gateway", pair().rule, 12, 64)


def test_what_a_person_kept_apart_is_asked_again_only_when_a_record_says_something_else(desk, send, pair, decide):
    send(KNOWN)
    send(ALIKE)
    decide("apart")
    send({**ALIKE, "maritalStatus": {"text": "married"}})
    assert pair().state == "apart"
    send({**ALIKE, "gender": "female"})
    assert (pair().state, pair().actor, pair().vetoes) == ("open", "gateway", "sex")


def test_a_persons_link_outlives_a_replay_and_a_change_of_the_record(desk, send, pair, decide):
    send(KNOWN)
    id = send(ALIKE)
    decide("same")
    version = desk.store.read(lambda c: resources.read(c, "Patient", "p2")).version
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    send(KNOWN)
    assert desk.store.read(lambda c: resources.read(c, "Patient", "p2")).version == version
    send({**ALIKE, "birthDate": "1950-01-01"})
    assert (links(desk, "p2"), pair().state) == (["Patient/p1"], "same")


def test_a_link_that_was_taken_back_is_not_made_again_by_the_rule(desk, send, pair, decide):
    send(KNOWN)
    id = send({**KNOWN, "id": "p2"})
    assert (pair().state, links(desk, "p2")) == ("same", ["Patient/p1"])
    decide("unlink")
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    send({**KNOWN, "id": "p2", "maritalStatus": {"text": "married"}})
    assert (pair().state, links(desk, "p2")) == ("apart", [])
    send({**KNOWN, "id": "p2", **PHONE, "gender": "unknown"})
    assert (pair().state, pair().rule, links(desk, "p2")) == ("open", "kept-apart", [])


def test_a_link_whose_ground_has_gone_stays_and_is_doubted_until_a_person_decides(desk, send, pair, decide):
    send(KNOWN)
    send({**KNOWN, "id": "p2"})
    send({**KNOWN, "id": "p2", "birthDate": "1990-12-30"})
    assert (pair().state, pair().rule, links(desk, "p2")) == ("doubted", "none", ["Patient/p1"])
    decide("unlink")
    assert links(desk, "p2") == []


def test_a_question_that_new_facts_answer_is_closed_by_the_rule(send, pair):
    send(KNOWN)
    send(ALIKE)
    send({**KNOWN, "id": "p2"})
    assert (pair().state, pair().actor) == ("same", "gateway")
    send(patient("Carla", "Birkwood", "1980-01-02", id="p3", **PHONE))
    send(patient("Carlo", "Birkwood", "1980-01-02", id="p4", **PHONE))
    send(patient("Carlo", "Birkwood", "1931-05-06", id="p4"))
    assert pair(matches.pair("p3", "p4")).state == "apart"


def test_rows_of_one_sheet_are_compared_with_each_other_and_one_person_is_one_question(desk, send):
    send(KNOWN, {**KNOWN, "id": "p2"}, {**KNOWN, "id": "p3"}, {**ALIKE, "id": "p4"})
    assert (links(desk, "p2"), len(links(desk, "p3"))) == (["Patient/p1"], 1)
    [question] = desk.store.read(lambda c: matches.listing(c, matches.ASKED))
    assert question.patient == "p4"


def test_one_who_fits_two_alike_is_for_a_person(desk, send, decide):
    send(KNOWN)
    send({**KNOWN, "id": "p2"})
    decide("unlink")
    send({**KNOWN, "id": "p3"})
    rules = {one.rule for one in desk.store.read(lambda c: matches.listing(c, matches.ASKED))}
    assert (rules, links(desk, "p3")) == ({"several-certain"}, [])
