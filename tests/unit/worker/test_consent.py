"""gateway/worker/consent.py and gateway/store/consents.py, on both engines"""

import pytest

from gateway.core.errors import NotFoundError
from gateway.core.labels import PART_2
from gateway.store import consents, resources, submissions
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
