"""gateway/casework/views.py: views of cases on their way; on both engines"""

import pytest

from gateway.core import fhirjson
from gateway.core.labels import REDACTED
from gateway.core.outcome import BASE
from gateway.route import Destination
from gateway.store import audit, deliveries, submissions, work
from tests.unit.worker.conftest import URL
from tests.unit.worker.test_process import PATIENT, REFERRAL

TRAVEL_URL = "https://travel.example/fhir"
WISH = {"coding": [{"system": f"{BASE}/CodeSystem/so-activity", "code": "travel-lodging"}]}
ASKED = REFERRAL | {"orderDetail": [WISH], "note": [{"text": "People who would travel: 3"}, {"text": "metastases"}]}
DRUG = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "Capecitabine"},
}


@pytest.fixture
def desk(desk):
    desk.destinations["travel"] = Destination("travel", TRAVEL_URL, view="travel")
    return desk


@pytest.fixture
def sent(desk):
    """What was put on its way to a destination, the oldest first."""

    def look(name):
        found = desk.store.read(lambda c: deliveries.listing(c, destination=name))
        return [desk.store.read(lambda c, id=one.id: deliveries.bundle(c, id)) for one in found[::-1]]

    return look


def drain(worker):
    while worker.turn("process"):
        pass


def test_the_travel_desk_gets_its_part_of_a_case_and_the_store_all_of_it(worker, submit, sent):
    submit(PATIENT, ASKED, DRUG)
    drain(worker)
    (part,) = sent("travel")
    held = [entry["resource"] for entry in fhirjson.read_own(part)["entry"]]
    assert sorted(one["resourceType"] for one in held) == ["Patient", "ServiceRequest", "ServiceRequest", "Task"]
    assert all(REDACTED in one["meta"]["security"] for one in held)
    assert b"People who would travel: 3" in part
    for word in (b"metastases", b"Capecitabine", b"1961-04-09", b"M-77"):
        assert word not in part
    assert b"Capecitabine" in sent("home")[0]


def test_a_view_goes_out_when_its_activity_is_called_for_and_again_when_it_says_something_new(
    desk, worker, submit, sent
):
    submit(PATIENT, REFERRAL, DRUG)
    drain(worker)
    assert sent("travel") == []
    id = submit(PATIENT, ASKED)
    drain(worker)
    submit(PATIENT, DRUG | {"id": "m2"})
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    drain(worker)
    assert len(sent("travel")) == 1
    submit(PATIENT | {"telecom": [{"system": "phone", "value": "+1 555 0100"}]})
    drain(worker)
    assert len(sent("travel")) == 2


def test_what_is_no_part_never_reaches_the_address_of_a_view(desk, worker, submit, destination):
    desk.destinations["travel"] = Destination("travel", TRAVEL_URL)
    submit(PATIENT, REFERRAL)
    drain(worker)
    desk.destinations["travel"] = Destination("travel", TRAVEL_URL, view="travel")
    destination.post(URL, status=503)
    while worker.turn("deliver"):
        pass
    assert {call.request.url for call in destination.calls} == {URL}
    (dead,) = desk.store.read(lambda c: deliveries.listing(c, destination="travel"))
    assert dead.state == "dead"


def test_a_part_that_is_sent_again_stays_the_part_that_it_was_and_each_release_is_in_the_trail(
    desk, worker, submit, sent, destination
):
    submit(PATIENT, ASKED, DRUG)
    drain(worker)
    destination.post(URL, status=400)
    destination.post(TRAVEL_URL, status=400)
    while worker.turn("deliver"):
        pass
    (part,) = sent("travel")
    (dead,) = desk.store.read(lambda c: deliveries.listing(c, destination="travel"))
    desk.store.write(lambda c: deliveries.retry(c, dead.id, desk.now()))
    assert sent("travel") == [part]
    assert desk.store.read(work.depths)["deliver"] == 1
    released = desk.store.read(lambda c: audit.listing(c, entity="travel"))
    assert [one.subtype for one in released] == ["deliver"]
