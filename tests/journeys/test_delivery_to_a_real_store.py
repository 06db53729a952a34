"""From a clinic's submission to a care-coordination store that others wrote, and back by its own search."""

import json
from pathlib import Path

import pytest
import requests

from gateway.store import deliveries, submissions
from tests.conftest import skip_unless_ci
from tests.faults.gateway_process import GatewayProcess, until
from tests.journeys.third_party_store import NotInstalledError, installed, third_party_store

FIXTURES = Path(__file__).parents[1] / "fixtures"
PATIENT = {
    "resourceType": "Patient",
    "id": "sent-1",
    "identifier": [{"system": "urn:oid:2.999.7", "value": "RB-20417"}],
    "name": [{"family": "Testperson", "given": ["Amara"]}],
    "gender": "female",
    "birthDate": "1961-04-09",
}
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "sent-2",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": {"text": "capecitabine 500 mg tablet"},
    "subject": {"reference": "Patient/sent-1"},
    "authoredOn": "2026-02-20",
    "dosageInstruction": [{"text": "1500 mg twice a day, days 1 to 14 of 21"}],
}
PLAN = {
    "resourceType": "CarePlan",
    "id": "sent-3",
    "status": "active",
    "intent": "plan",
    "title": "Outside treatment plan",
    "subject": {"reference": "Patient/sent-1"},
    "activity": [{"reference": {"reference": "MedicationRequest/sent-2"}}],
}


def bundle(*resources):
    entries = [{"fullUrl": f"https://clinic.example/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    try:
        installed()
    except NotInstalledError:
        skip_unless_ci("sekmet-fhir cannot be installed here (no package index?)")
    with third_party_store(tmp_path_factory.mktemp("sekmet")) as base:
        yield base


@pytest.fixture
def gateway(tmp_path, store):
    made = GatewayProcess(tmp_path, store)
    made.start()
    yield made
    made.kill()


def settled(gateway, id):
    """The delivery of a submission, once it has an end."""
    from gateway.store.engine import open_store

    look = open_store(f"sqlite:///{gateway.folder}/gateway.db")

    def ended():
        found = look.read(lambda c: deliveries.listing(c, submission=id))
        stands = look.read(lambda c: submissions.find(c, id, None))
        assert stands.state != "quarantined", stands.reason
        return found if found and all(one.state != "waiting" for one in found) else None

    try:
        return until(ended)
    finally:
        look.close()


def search(store, query):
    found = requests.get(f"{store}/{query}", timeout=10).json()
    return [entry["resource"] for entry in found.get("entry", ())]


def test_a_referral_is_found_in_the_store_by_its_own_search(gateway, store):
    id = gateway.submit(bundle(PATIENT, ORDER, PLAN))
    assert [one.state for one in settled(gateway, id)] == ["delivered"]
    (patient,) = search(store, "Patient?identifier=urn:oid:2.999.7|RB-20417")
    assert patient["birthDate"] == "1961-04-09"
    (order,) = search(store, f"MedicationRequest?patient=Patient/{patient['id']}")
    assert order["dosageInstruction"][0]["text"] == "1500 mg twice a day, days 1 to 14 of 21"
    plans = search(store, f"CarePlan?patient=Patient/{patient['id']}")
    assert f"MedicationRequest/{order['id']}" in json.dumps(plans)


def test_a_correction_changes_what_is_there_and_doubles_nothing(gateway, store):
    gateway.submit(bundle(PATIENT, ORDER))
    settled(gateway, gateway.submit(bundle(PATIENT | {"birthDate": "1961-04-10"}, ORDER)))
    (patient,) = search(store, "Patient?identifier=urn:oid:2.999.7|RB-20417")
    assert patient["birthDate"] == "1961-04-10"
    assert len(search(store, f"MedicationRequest?patient=Patient/{patient['id']}")) == 1


def test_every_kind_of_message_reaches_the_store(gateway, store):
    messages = sorted((FIXTURES / "hl7v2").glob("*.hl7"))
    ids = {path.name: gateway.submit(path.read_bytes(), "x-application/hl7-v2+er7") for path in messages}
    ends = {name: {one.state for one in settled(gateway, id)} for name, id in ids.items()}
    assert ends == {name: {"delivered"} for name in ids}
