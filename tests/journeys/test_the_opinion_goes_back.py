"""The opinion goes back to whoever asked, and to nobody who may not see it (services 16 and 19 of the centre)."""

import base64
from dataclasses import replace

import pytest
import responses

from gateway import casework, convert, validate
from gateway.access.keys import add_clinic, add_key
from gateway.cases.opinion import PROFILE
from gateway.core import fhirjson
from gateway.core.errors import IllegalTransitionError
from gateway.core.issue import Severity
from gateway.intake.mllp.door import Door
from gateway.pipeline import process
from gateway.route import read_destinations
from gateway.store import audit, cases, deliveries, resources, submissions, work
from gateway.worker import Desk, Worker
from tests import opinions
from tests.packages import ORDER

PDF = b"%PDF-1.4\n"
TEXT = b"First line.\nSecond line."


@pytest.fixture
def settings(settings, tmp_path):
    (tmp_path / "senders").mkdir()
    return replace(settings, senders=tmp_path / "senders")


@pytest.fixture
def send(here, client, riverbend):
    """Sends a body, lets the worker do all of it, and gives the address of the submission."""

    def one(body, by=riverbend):
        sent = client.post("/submissions", data=body, headers=by)
        assert sent.status_code == 202
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process, here.senders))
        while worker.turn("process"):
            pass
        [found] = here.store.read(lambda c: submissions.listing(c, limit=1))
        assert (found.state, found.reason) == ("routed", None)
        return f"/submissions/{sent.json['id']}"

    return one


@pytest.fixture
def centre(here):
    """The headers of the centre's own system, which writes the opinions."""
    return {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'The centre')}"}


@pytest.fixture
def returned(here, send, centre):
    """The address of a referral whose opinion is there."""

    def one(referral=opinions.REFERRAL, note=opinions.NOTE):
        address = send(referral)
        send(note, centre)
        here.store.write(lambda c: opinions.answer(c, "2026-03-20T10:00:00.000000Z", here.senders, here.destinations))
        return address

    return one


@pytest.fixture
def ehr(here, client):
    """Asks for the opinion as an EHR system with these labels does."""

    def one(*sees):
        key = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR', sees=sees)}"}
        found = client.get("/fhir/Composition?type=http://loinc.org|11488-4", headers=key).json
        ids = [entry["resource"]["id"] for entry in found.get("entry", ())]
        return [client.get(f"/fhir/Composition/{id}/$document", headers=key).json for id in ids]

    return one


def test_the_referring_clinic_gets_the_opinion_as_a_document_with_every_byte(client, riverbend, returned):
    address = returned()
    assert client.get(address, headers=riverbend).json["links"]["opinion"].endswith(f"{address}/opinion")
    document = client.get(f"{address}/opinion", headers=riverbend).json
    issues = validate.validate(document, profiles=[PROFILE])
    assert [one for one in issues if one.severity in (Severity.ERROR, Severity.FATAL)] == []
    [note] = [e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == "DocumentReference"]
    assert [base64.b64decode(one["attachment"]["data"]) for one in note["content"]] == [TEXT, PDF]
    saved = client.get(f"{address}/opinion/2", headers=riverbend)
    assert (saved.data, saved.mimetype) == (PDF, "application/pdf")
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_person_reads_it_on_a_page_and_saves_its_documents(client, riverbend, returned):
    address, page = returned(), riverbend | {"Accept": "text/html"}
    assert f"{address}/opinion" in client.get(address, headers=page).text
    read = client.get(f"{address}/opinion", headers=page).text
    assert "Second line." in read
    assert f"{address}/opinion/2" in read


def test_nobody_else_gets_it_and_nobody_before_it_is_returned(client, riverbend, harbor, send, returned):
    address = send(opinions.REFERRAL)
    assert client.get(f"{address}/opinion", headers=riverbend).status_code == 404
    returned()
    assert client.get(f"{address}/opinion", headers=harbor).status_code == 404


def test_an_ehr_pulls_the_document_where_its_key_shows_all_of_it(returned, ehr):
    about_genes = opinions.NOTE.replace(b"11488-4^Consult note", b"51969-4^Genetic report")
    returned(note=about_genes.replace(b"CN^Consultation", b"11488-4^Consult note^LN"))
    assert ehr() == []
    [document] = ehr("GDIS")
    assert document["type"] == "document"
    assert "GDIS" in [one["code"] for one in document["meta"]["security"]]


@pytest.fixture
def reply(client, riverbend, returned):
    """What a sender is answered once its opinion is there."""

    def one(*sent):
        return client.get(f"{returned(*sent)}/reply", headers=riverbend)

    return one


def about(note, patient, number):
    """The same note of another patient, under another number of a referral."""
    lines = note.split(b"\r")
    return b"\r".join(patient if line[:4] == b"PID|" else line for line in lines).replace(opinions.CASE, number)


def test_a_sender_of_a_referral_message_is_told_its_state_and_gets_every_byte_as_mdm(reply):
    said = reply().data
    status, notice = said.split(b"MSH|")[1:]
    assert b"|RRI^I12^RRI_I12|" in status
    assert b"RF1|A^Accepted^HL70283|" in status
    assert b"|MDM^T02^MDM_T02|" in notice
    assert b"\rOBX|1|FT|11488-4^Consult note^LN||First line.\\.br\\Second line.||||||F\r" in notice
    [document] = [
        entry["resource"]
        for entry in convert(b"MSH|" + notice).bundle["entry"]
        if entry["resource"].get("docStatus") == "final"
    ]
    assert [base64.b64decode(one["attachment"]["data"]) for one in document["content"]] == [TEXT, PDF]


def test_a_sender_of_an_order_gets_it_beside_the_order_status(reply):
    patient = next(line for line in ORDER.split(b"\r") if line.startswith(b"PID|"))
    said = reply(ORDER, about(opinions.NOTE, patient, b"BK-4471^BROOKEHR^2.16.840.1.113883.19.77.5^ISO")).data
    assert [one.split(b"|")[7][:3] for one in said.split(b"MSH|")[1:]] == [b"OSU", b"MDM"]
    assert b"|BK-4471^BROOKEHR^2.16.840.1.113883.19.77.5^ISO|" in said.partition(b"\rTXA|")[2]


def test_what_a_listener_was_told_of_an_opinion_it_is_not_told_again(here, settings, send, returned, centre):
    overlay = "clinic: riverbend-clinic\nfacilities: [LAKESIDE]\nlistener: {host: 127.0.0.1, port: 2999}\n"
    (settings.senders / "lakeside.yaml").write_text(overlay)
    returned()
    send(opinions.NOTE.replace(b"LK000520", b"LK000521"), centre)
    [job] = claimed(here)
    due = Door(here).due_of_case(job.subject)
    assert due.listener.port == 2999
    assert [b"|MDM^T02^MDM_T02|" in one for one in due.messages] == [True]
    here.store.write(lambda c: work.finish(c, job))
    send(opinions.NOTE.replace(b"LK000520", b"LK000522").replace(b"Second line.", b"Second line, mended."), centre)
    [job] = claimed(here)
    [again] = Door(here).due_of_case(job.subject).messages
    assert b"Second line, mended." in again


def claimed(here):
    return here.store.write(lambda c: work.claim(c, task="reply", worker="w", now=here.clock.now(), limit=9))


NPI = "http://hl7.org/fhir/sid/us-npi"
MARSH = "https://marsh.example/fhir"


@pytest.fixture
def marsh(here, settings, tmp_path):
    """The destination that is agreed with the patient's own doctor."""
    row = f'{{name: marsh, url: "{MARSH}", view: opinion, for: ["{NPI}|3334445556"]}}'
    (tmp_path / "destinations.yaml").write_text(f"destinations: [{row}]")
    here.destinations.update(read_destinations(replace(settings, destinations=tmp_path / "destinations.yaml")))


def sent_to_marsh(here):
    """What is on its way to the doctor, or went there, the oldest first."""
    found = here.store.read(lambda c: deliveries.listing(c, destination="marsh"))[::-1]
    return [fhirjson.read_own(here.store.read(lambda c, id=one.id: deliveries.bundle(c, id))) for one in found]


def carry(here):
    """Deliver what waits, to a store that takes everything."""
    worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process, here.senders))
    with responses.RequestsMock() as fake:
        place = {"response": {"status": "201 Created"}}
        fake.post(MARSH, json={"resourceType": "Bundle", "type": "transaction-response", "entry": [place]})
        while worker.turn("deliver"):
            pass


def unsettled(here):
    [case] = here.store.read(cases.listing)
    return here.store.read(lambda c: casework.unsettled(c, case))


def close(here):
    def change(connection):
        [case] = cases.listing(connection)
        version = resources.read(connection, "Task", case.task).version
        words = {"actor": "nurse", "version": version, "at": "2026-03-22T10:00:00.000000Z"}
        return casework.take(connection, case.number, "close", **words)

    return here.store.write(change)


def communications(here):
    [case] = here.store.read(cases.listing)
    held = here.store.read(lambda c: cases.holdings(c, {case.patient}))
    return [one for one in held if one["resourceType"] == "Communication" and "basedOn" in one]


def test_the_doctor_at_home_gets_the_document_and_the_case_closes_when_both_have_it(
    here, client, riverbend, marsh, returned
):
    address = returned()
    [transaction] = sent_to_marsh(here)
    [entry] = transaction["entry"]
    assert entry["request"] == {"method": "PUT", "url": f"Bundle/{entry['resource']['id']}"}
    assert (entry["resource"]["type"], entry["resource"]["meta"]["profile"]) == ("document", [PROFILE])
    carry(here)
    assert [one["medium"][0]["text"] for one in communications(here)] == ["To marsh"]
    with pytest.raises(IllegalTransitionError):
        close(here)
    client.get(f"{address}/opinion", headers=riverbend)
    client.get(f"{address}/reply", headers=riverbend)
    assert unsettled(here) == []
    assert close(here).assembled.case.state == "closed"
    made = communications(here)
    assert [(one["status"], one["sent"][:4]) for one in made] == [("completed", "2026")] * 2
    assert len({one["recipient"][0]["reference"] for one in made}) == 2
    assert [i for one in made for i in validate.validate(one) if i.severity in (Severity.ERROR, Severity.FATAL)] == []
    told = here.store.read(lambda c: audit.listing(c, entity=made[0]["identifier"][0]["value"].split("/")[0]))
    assert [one.subtype for one in told].count("case-step") >= 2


def test_the_same_opinion_goes_to_a_doctor_once(here, marsh, send, returned, centre):
    returned()
    send(opinions.NOTE.replace(b"LK000520", b"LK000521"), centre)
    assert len(sent_to_marsh(here)) == 1


@pytest.mark.parametrize(
    "held_back", [b"TXA|1|CN^Consultation|", b"PID|1||700123"], ids=["a label of the note", "the patient said no"]
)
def test_what_a_label_or_the_patient_forbids_goes_to_no_doctor(here, marsh, send, returned, held_back):
    if held_back.startswith(b"PID"):
        send(refusal())
        returned()
    else:
        about_genes = opinions.NOTE.replace(b"11488-4^Consult note", b"51969-4^Genetic report")
        returned(note=about_genes.replace(b"CN^Consultation", b"11488-4^Consult note^LN"))
    assert sent_to_marsh(here) == []
    assert unsettled(here) == ["opinion-communication"]


def test_a_nurse_prints_a_letter_and_says_that_it_was_sent(here, client, riverbend, returned):
    returned()
    key = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'admin', 'a nurse')}"}
    page = f"/admin/cases/{here.store.read(cases.listing)[0].number}"
    assert client.get(f"{page}/letters/2", headers=key).status_code == 403
    seen = client.get(page, headers=key).json
    assert {one["name"] for one in seen["recipients"]} == {"Masked"}
    reveal = f"/admin/submissions/{seen['submission']}/reveal"
    client.post(reveal, json={"reason": "patient-safety"}, headers=key | {"Idempotency-Key": "r"})
    seen = client.get(page, headers=key).json
    asked, doctor = seen["recipients"]
    assert "Okafor" in asked["name"]
    assert "fax: +1 555 0198" in asked["ways"]
    letter = client.get(f"{page}/letters/2", headers=key | {"Accept": "text/html"}).text
    for said in (
        "Marsh",
        "Patient: Imelda Ruth Sandoval, born 1961-04-12",
        "Second line.",
        "Nurse care manager on duty",
    ):
        assert said in letter
    assert client.get(f"{page}/opinion/2", headers=key).data == PDF
    said = {"event": "sent", "recipient": doctor["key"], "reason": "Fax, 20 March"}
    press = key | {"If-Match": f'W/"{seen["version"]}"', "Idempotency-Key": "s"}
    assert client.post(f"{page}/steps", json=said, headers=press).status_code == 200
    [made] = communications(here)
    assert made["medium"] == [{"text": "Fax, 20 March"}]
    again = press | {"Idempotency-Key": "again"}
    assert client.post(f"{page}/steps", json=said, headers=again).status_code in (409, 412)
    assert unsettled(here) == ["opinion-communication"]


def refusal():
    """A Consent by which the patient of the referral does not agree, of a day."""
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5.1", "value": "700123"}],
        "name": [{"family": "Sandoval", "given": ["Imelda", "Ruth"]}],
        "gender": "female",
        "birthDate": "1961-04-12",
    }
    tho = "http://terminology.hl7.org/CodeSystem"
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": f"{tho}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
        "dateTime": "2026-03-01",
        "policyRule": {"coding": [{"system": f"{tho}/v3-ActCode", "code": "OPTIN"}]},
        "provision": {"type": "deny"},
    }
    entries = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{n}", "resource": one}
        for n, one in enumerate((patient, consent), 1)
    ]
    return fhirjson.write({"resourceType": "Bundle", "type": "collection", "entry": entries})
