"""What a caregiver or a Part 2 programme sends waits for the patient's consent, and goes on when it is recorded."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.access.keys import add_clinic, add_key
from gateway.core import fhirjson
from gateway.core.issue import Issue, Severity
from gateway.core.outcome import BASE
from gateway.pipeline import process
from gateway.store import audit, outcomes, submissions
from gateway.store.tables import resources as table
from gateway.worker import Desk, Worker

FORM = json.loads(Path("tests/fixtures/form/referral.json").read_text("utf-8"))
CAREGIVER = FORM | {"question": FORM["question"] | {"informant": "caregiver"}}
DOCUMENT = Path("tests/fixtures/ccda/referral_note.xml").read_bytes()
GIVEN = {"given": "2026-03-01", "given_by": "patient", "document": "signed form, page 2"}
CONSENT = {
    "resourceType": "Consent",
    "id": "c",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/x"},
    "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
}


@pytest.fixture
def house(here, client):
    return House(here, client)


class House:
    """A clinic and an admin over HTTP, and a worker behind them."""

    def __init__(self, here, client):
        self.here, self.client = here, client
        self.clinic = {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'Riverbend Clinic')}"}
        self.admin = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'admin', 'Nurse Ada')}"}
        self.worker = Worker(Desk(here.store, here.clock, {}, here.audit_key, self.convert))
        self.labels, self.issues = (), ()

    def convert(self, body, *, sender, **words):
        outcome = process(body, sender=replace(sender, labels=self.labels), **words)
        return replace(outcome, issues=(*outcome.issues, *self.issues))

    def send(self, body):
        body = body if isinstance(body, bytes) else fhirjson.write(body)
        id = self.client.post("/submissions", data=body, headers=self.clinic).json["id"]
        self.work()
        return id

    def work(self):
        while self.worker.turn("process"):
            pass

    def status(self, id):
        return self.client.get(f"/submissions/{id}", headers=self.clinic).json

    def consent(self, id, press="1", **said):
        headers = {**self.admin, "Idempotency-Key": press}
        answer = self.client.post(f"/admin/submissions/{id}/consent", json=GIVEN | said, headers=headers)
        self.work()
        return answer

    def stored(self, type=None):
        def look(connection):
            rows = connection.execute(table.select().where(table.c.current)).mappings()
            return [fhirjson.read_own(row["body"]) for row in rows]

        return [one for one in self.here.store.read(look) if type in (None, one["resourceType"])]


@pytest.mark.parametrize(
    ("body", "labels", "reason"),
    [(CAREGIVER, (), "consent-missing"), (DOCUMENT, ("42CFRPart2",), "sensitive-hold")],
    ids=["a caregiver's form", "a Part 2 document"],
)
def test_it_waits_with_nothing_stored_and_goes_on_when_a_nurse_records_the_consent(house, body, labels, reason):
    house.labels = labels
    id = house.send(body)
    told = house.status(id)
    assert (told["state"], told["reason"]) == ("quarantined", reason)
    assert house.stored() == []
    assert house.here.store.read(lambda c: outcomes.load(c, id)).bundle is None
    assert "consent" in told["act"]["text"]

    assert house.consent(id).status_code == 200
    told = house.status(id)
    assert (told["id"], told["state"]) == (id, "routed")
    assert told["case"].startswith("SO-2026-")
    (consent,) = house.stored("Consent")
    assert (consent["status"], consent["dateTime"]) == ("active", "2026-03-01")
    (referral,) = (one for one in house.stored("ServiceRequest") if one.get("requester") and one["intent"] == "order")
    assert {"reference": f"Consent/{consent['id']}"} in referral["supportingInfo"]
    steps = [(one.event, one.actor) for one in house.here.store.read(lambda c: submissions.events(c, id))]
    assert ("consent", "admin") in [(event, actor.partition("-")[0]) for event, actor in steps]
    trail = house.here.store.read(lambda c: audit.listing(c, subtype="consent"))
    assert len(trail) == 1


def test_what_the_clinic_sees_of_a_held_submission_says_nothing_clinical(house):
    told = json.dumps(house.status(house.send(CAREGIVER)))
    for word in ("Quendler", "Adenocarcinoma", "C18", "Capecitabine", "surgery", "QU-20418"):
        assert word not in told


def test_the_same_consent_pressed_twice_is_recorded_once_and_none_where_nothing_waits(house):
    id = house.send(CAREGIVER)
    assert [house.consent(id).status_code for _ in range(2)] == [200, 200]
    assert len(house.stored("Consent")) == 1
    assert house.consent(id, "2").status_code == 412
    assert house.consent(house.send(FORM), "3").status_code == 412


@pytest.mark.parametrize("wrong", [{"given": "2026-03-03"}, {"given_by": "neighbour"}, {"document": ""}])
def test_a_consent_is_of_a_day_that_was_of_the_patient_and_of_a_document_that_was_seen(house, wrong):
    id = house.send(CAREGIVER)
    assert house.consent(id, **wrong).status_code == 400
    assert house.status(id)["state"] == "quarantined"


def test_a_form_of_the_clinic_or_of_the_patient_waits_for_nobody(house):
    for informant in ("clinic", "patient"):
        form = FORM | {"question": FORM["question"] | {"informant": informant}}
        assert house.status(house.send(form))["state"] == "routed"


def test_a_consent_that_arrives_releases_what_waits_for_it(house):
    id = house.send(CAREGIVER)
    patient = {
        "resourceType": "Patient",
        "id": "x",
        "identifier": [{"system": f"{BASE}/sid/sender/riverbend-clinic/mrn", "value": "QU-20418"}],
        "name": [{"family": "Quendler"}],
        "birthDate": "1961-03-25",
        "gender": "female",
    }
    entries = [{"resource": patient}, {"resource": CONSENT}]
    told = house.status(house.send({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    assert told["state"] == "routed"
    assert house.status(id)["state"] == "routed"


def test_a_replay_without_a_consent_changes_nothing(house):
    id = house.send(CAREGIVER)
    headers = {**house.admin, "Idempotency-Key": "again"}
    assert house.client.post(f"/admin/submissions/{id}/replay", headers=headers).status_code == 200
    house.work()
    assert (house.status(id)["state"], house.stored()) == ("quarantined", [])


def test_part_2_content_that_is_not_sound_waits_too_and_leaves_nothing(house):
    house.labels, house.issues = ("42CFRPart2",), (Issue(Severity.ERROR, "resource-invalid"),)
    id = house.send(DOCUMENT)
    assert house.status(id)["reason"] == "sensitive-hold"
    assert house.here.store.read(lambda c: outcomes.load(c, id)).bundle is None
    house.consent(id)
    assert house.status(id)["reason"] == "profile-invalid"
    assert house.stored() == []


def referral(number, patient, *more):
    head = f"MSH|^~\\&|HIS|WEST|||20260301||REF^I12|{number}|P|2.5.1"
    who = f"PID|1||{number}^^^HIS^MR||{patient}"
    return "\r".join([head, f"RF1|P|R|||O|R{number}", "PRD|RP|Brandauer^Odile", who, *more])


BATCH = "\r".join(
    [
        "BHS|^~\\&|HIS|WEST",
        referral(1, "Ashgrove^Robert||19610409|M"),
        referral(2, "Calloway^Carla||19751130|F", "ARV|1|A|42CFRPart2^^2.16.840.1.113883.5.4"),
        referral(3, "Ivarsson^Hugo||19310506|M"),
        "BTS|3",
    ]
).encode()


def test_of_a_batch_of_three_the_protected_patient_waits_alone_and_is_released_alone(house):
    reader = {"Authorization": f"Bearer {add_key(house.here.store, house.here.clock, 'reader', 'EHR', sees=['all'])}"}
    id = house.send(BATCH)
    told = house.status(id)
    assert (told["state"], told["reason"], told["act"]["who"]) == ("routed", None, "clinic")
    assert "consent" in told["act"]["text"]
    assert [one["location"] for one in told["issues"] if one["code"] == "record-refused"] == ["MSH[2]"]
    assert {one["name"][0]["family"] for one in house.stored("Patient")} == {"Ashgrove", "Ivarsson"}
    assert "Calloway" not in json.dumps(told)
    assert house.client.get(f"/fhir/Binary/{id}", headers=reader).status_code == 404
    page = house.client.get(f"/admin/submissions/{id}", headers={**house.admin, "Accept": "text/html"}).text
    assert 'name="place" value="MSH[2]"' in page

    assert house.consent(id, "wrong", place="MSH[1]").status_code == 412
    assert house.consent(id, place="MSH[2]").status_code == 200
    assert {one["name"][0]["family"] for one in house.stored("Patient")} == {"Ashgrove", "Calloway", "Ivarsson"}
    assert house.status(id)["act"]["text"] != told["act"]["text"]
    assert house.client.get(f"/fhir/Binary/{id}", headers=reader).status_code == 200


def message(consent):
    return "\r".join(
        [
            "MSH|^~\\&|HIS|RIVERBEND|||20260301||MDM^T02^MDM_T02|1|P|2.5.1",
            "EVN||20260301",
            f"PID|1||QU-20418^^^{BASE}/sid/sender/riverbend-clinic/mrn^MR||Quendler^Agathe||19610325|F",
            "PV1|1|O",
            "TXA|1|DI|TX|20260301||||||||D1||||||AU",
            consent,
        ]
    ).encode()


def document():
    authorization = (
        '<authorization><consent><id root="2.16.840.1.113883.19.77" extension="C1"/>'
        '<code code="59284-0" codeSystem="2.16.840.1.113883.6.1"/>'
        '<statusCode code="completed"/></consent></authorization>'
    )
    return DOCUMENT.replace(b"<component>", authorization.encode() + b"<component>", 1)


AGREED = "CON|1|001^Release of information^HL70496|100-2||Privacy form||||||A|20260228||||||||||||Quendler^Agathe|1"
ANOTHER_FORM = FORM | {"question": FORM["question"] | {"informant": "patient", "consent": True}}


@pytest.mark.parametrize("consent", [message(AGREED), ANOTHER_FORM], ids=["a message", "the patient's own form"])
def test_the_patients_consent_by_another_carrier_opens_the_case_of_a_caregivers_form(house, consent):
    id = house.send(CAREGIVER)
    assert (house.status(id)["reason"], house.stored("Task")) == ("consent-missing", [])
    house.send(consent)
    told = house.status(id)
    assert (told["state"], told["case"][:8]) == ("routed", "SO-2026-")
    rule = f"{BASE}/consent-rule/consent-missing"
    [account] = [one for one in house.stored("Provenance") if rule in one.get("policy", ())]
    [consent] = [one["id"] for one in house.stored("Consent") if one["status"] == "active"][:1]
    assert {"reference": f"Consent/{consent}"} in [one["what"] for one in account["entity"]]
    [event] = house.here.store.read(lambda c: audit.listing(c, subtype="release"))
    assert consent.encode() in event.event


def test_a_consent_that_is_refused_or_limited_or_of_somebody_else_opens_nothing(house):
    id = house.send(CAREGIVER)
    for wrong in (
        AGREED.replace("|A|", "|R|"),
        AGREED.replace("|A|", "|L|"),
        AGREED.replace("|001^", "|002^"),
        AGREED.replace("Quendler^Agathe|1", "Quendler^Ansgar|3"),
    ):
        house.send(message(wrong))
        assert house.status(id)["state"] == "quarantined"
    house.send(FORM | {"question": FORM["question"] | {"informant": "caregiver", "consent": True}})
    assert house.status(id)["state"] == "quarantined"


def test_a_withdrawal_by_message_ends_what_readers_see_and_the_clinic_reads_why(house):
    reader = {"Authorization": "Bearer " + add_key(house.here.store, house.here.clock, "reader", "EHR", sees=["all"])}
    id = house.send(CAREGIVER)
    house.send(message(AGREED))
    [task] = house.stored("Task")[:1]
    assert house.client.get(f"/fhir/Task/{task['id']}", headers=reader).status_code == 200
    house.send(message(AGREED.replace("|A|20260228", "|X|20260302")))
    assert house.client.get(f"/fhir/Task/{task['id']}", headers=reader).status_code == 404
    for path in (
        f"Task/{task['id']}/_history",
        f"Task/{task['id']}/_history/1",
        f"Task/{task['id']}/$lineage",
        f"Binary/{id}",
    ):
        assert house.client.get(f"/fhir/{path}", headers=reader).status_code == 404
    assert house.client.get("/fhir/Task", headers=reader).json["total"] == 0
    told = house.status(id)
    assert (told["state"], told["reason"]) == ("quarantined", "consent-missing")
    assert house.client.get(f"/fhir/Task/{task['id']}", headers=house.clinic).status_code == 200


def test_a_document_that_is_authorized_by_the_patient_says_so(house):
    house.send(document())
    [consent] = house.stored("Consent")
    assert consent["scope"]["coding"][0]["code"] == "patient-privacy"
    assert consent["policyRule"]["coding"][0]["code"] == "OPTIN"
