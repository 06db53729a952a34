"""gateway/worker/consent.py and gateway/store/consents.py, on both engines"""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core import fhirjson
from gateway.core.errors import NotFoundError
from gateway.core.labels import PART_2, WITHHELD
from gateway.core.submission import Sender
from gateway.store import audit, consents, resources, submissions
from gateway.store.criteria import Asking
from gateway.store.query import read_query
from gateway.store.search import search
from gateway.worker import Worker
from gateway.worker.tend import tend
from tests.unit.cases.test_consent import YES
from tests.unit.worker.test_process import PATIENT, REFERRAL

PROTECTED = {
    "resourceType": "Condition",
    "id": "k",
    "meta": {"security": [PART_2]},
    "subject": {"reference": "Patient/p1"},
    "code": {"text": "known"},
}
FROM_RELATIVE = REFERRAL | {"requester": {"reference": "RelatedPerson/r"}}
CONSENT = YES | {"id": "given", "patient": {"reference": "Patient/p1"}}
COVERING = CONSENT | {"provision": {"securityLabel": [PART_2]}}


def drain(worker):
    while worker.turn("process"):
        pass


@pytest.mark.parametrize(
    ("waits", "reason", "consent"),
    [(PROTECTED, "sensitive-hold", COVERING), (FROM_RELATIVE, "consent-missing", CONSENT)],
    ids=["part 2", "relative"],
)
def test_it_waits_until_the_consent_of_the_same_person_arrives(desk, worker, submit, state, waits, reason, consent):
    id = submit(PATIENT, waits)
    drain(worker)
    assert state(id) == ("quarantined", reason)
    with pytest.raises(NotFoundError):
        desk.store.read(lambda c: resources.read(c, "Patient", "p1"))
    submit(
        PATIENT | {"id": "p2", "identifier": [], "birthDate": "1940-01-01"},
        consent | {"patient": {"reference": "Patient/p2"}},
    )
    drain(worker)
    assert state(id) == ("quarantined", reason)
    submit(PATIENT, consent)
    drain(worker)
    assert state(id) == ("routed", None)


def test_a_part_2_programme_may_send_the_consent_with_it_and_a_relative_may_not(worker, submit, state):
    by_relative = submit(PATIENT, FROM_RELATIVE, CONSENT, clinic="b")
    drain(worker)
    assert state(by_relative) == ("quarantined", "consent-missing")
    with_it = submit(PATIENT, PROTECTED, COVERING)
    drain(worker)
    assert state(with_it) == ("routed", None)


def test_a_consent_recorded_for_one_hold_does_not_lift_another(desk, worker, submit, state):
    id = submit(PATIENT, PROTECTED, FROM_RELATIVE)
    drain(worker)
    said = {"at": desk.now(), "actor": "admin-1", "given": "2026-03-01", "given_by": "patient", "document": "a form"}
    for hold, then in (("sensitive-hold", ("quarantined", "consent-missing")), ("consent-missing", ("routed", None))):
        assert state(id) == ("quarantined", hold)

        def change(connection, hold=hold):
            consents.record(connection, submission=id, hold=hold, **said)
            submissions.requeue(connection, id, desk.now())

        desk.store.write(change)
        drain(worker)
        assert state(id) == then


READER = frozenset({WITHHELD})


@pytest.fixture
def shown(desk):
    """The ids of the resources of a type that a reader who may see every label finds."""

    def look(type):
        query = read_query(type, [("_count", "50")], Asking("https://x/", desk.clock.now(), READER))
        return {one.id for one in desk.store.read(lambda c: search(c, query, clinic=READER)).matches}

    return look


@pytest.mark.parametrize(
    "no",
    [
        CONSENT | {"status": "inactive"},
        CONSENT | {"id": "another", "provision": {"type": "deny"}, "dateTime": "2026-03-02"},
        CONSENT | {"provision": {"period": {"end": "2026-03-01"}}},
    ],
    ids=["the same is inactive", "another denies", "it has run out"],
)
def test_what_rests_on_a_consent_that_is_withdrawn_is_shown_and_sent_no_more_and_stays(
    desk, worker, submit, state, shown, no, destination
):
    id = submit(PATIENT, FROM_RELATIVE)
    submit(PATIENT, CONSENT)
    drain(worker)
    before = shown("ServiceRequest")
    assert (state(id), shown("Patient"), "s1" in before) == (("routed", None), {"p1"}, True)
    submit(PATIENT, no)
    drain(worker)
    assert state(id) == ("quarantined", "consent-missing")
    assert [shown(type) for type in ("ServiceRequest", "Task", "CarePlan", "CareTeam")] == [set()] * 4
    held = desk.store.read(lambda c: resources.read(c, "ServiceRequest", "s1"))  # an admin sees it as it was
    assert held.version == 1
    sent = set()

    def receive(request):
        sent.update(entry["resource"]["resourceType"] for entry in fhirjson.read(request.body)["entry"])
        return 200, {}, b'{"resourceType":"Bundle","type":"transaction-response","entry":[]}'

    destination.add_callback("POST", "https://store.example/fhir", callback=receive)
    while worker.turn("deliver"):
        pass
    assert not sent & {"ServiceRequest", "Task", "CarePlan"}
    submit(PATIENT, CONSENT | {"id": "anew", "dateTime": "2026-03-03"})
    drain(worker)
    assert (state(id), shown("ServiceRequest")) == (("routed", None), before)


def test_a_consent_that_runs_out_with_time_ends_what_rests_on_it(desk, worker, submit, state, shown, clock):
    id = submit(PATIENT, FROM_RELATIVE)
    submit(PATIENT, CONSENT | {"provision": {"period": {"end": "2026-03-10"}}})
    drain(worker)
    assert "s1" in shown("ServiceRequest")
    clock.move(timedelta(days=9))
    tend(desk)
    drain(worker)
    assert (state(id), shown("ServiceRequest")) == (("quarantined", "consent-missing"), set())


OTHER_RECORD = PATIENT | {"id": "p2"}  # the same person under the same number, as another carrier or clinic names it
OF_OTHER_RECORD = CONSENT | {"id": "there", "patient": {"reference": "Patient/p2"}}


def test_a_consent_of_the_same_person_under_another_record_of_the_clinic_wakes_what_waits(worker, submit, state):
    id = submit(PATIENT, FROM_RELATIVE)
    drain(worker)
    submit(OTHER_RECORD, OF_OTHER_RECORD)
    drain(worker)
    assert state(id) == ("routed", None)


@pytest.mark.parametrize(("agreed", "then"), [({}, "quarantined"), ({"consent_from": "any-clinic"}, "routed")])
def test_a_consent_told_by_another_clinic_counts_only_where_that_is_agreed(desk, submit, state, agreed, then):
    worker = Worker(replace(desk, senders=Anybody(agreed)))
    id = submit(PATIENT, FROM_RELATIVE)
    drain(worker)
    submit(OTHER_RECORD, OF_OTHER_RECORD, clinic="b")
    drain(worker)
    assert state(id)[0] == then


class Anybody:
    """Senders with whom the same is agreed, whoever they are."""

    def __init__(self, policies):
        self.policies = policies

    def find(self, clinic, *names):
        return Sender(clinic=clinic, policies=self.policies)


@pytest.mark.parametrize("change", [{"status": "draft"}, {"provision": {"type": "deny"}}, {"scope": {"text": "care"}}])
def test_a_consent_that_says_no_yes_wakes_nothing(desk, worker, submit, state, change):
    id = submit(PATIENT, FROM_RELATIVE)
    submit(PATIENT, CONSENT | change)
    drain(worker)
    assert state(id) == ("quarantined", "consent-missing")
    assert not any(step.event == "replay" for step in desk.store.read(lambda c: submissions.events(c, id)))


def test_the_audit_trail_names_the_rule_and_the_consent_of_a_release(desk, worker, submit):
    id = submit(PATIENT, FROM_RELATIVE)
    submit(PATIENT, CONSENT)
    drain(worker)
    [event] = desk.store.read(lambda c: audit.listing(c, subtype="release"))
    about = desk.store.read(lambda c: audit.listing(c, subtype="release", entity="given"))
    assert [one.seq for one in about] == [event.seq]
    assert b"consent-missing" in event.event
    assert id.encode() in event.event
