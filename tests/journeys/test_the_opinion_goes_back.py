"""The opinion goes back to whoever asked, and to nobody who may not see it (services 16 and 19 of the centre)."""

import base64
from dataclasses import replace

import pytest

from gateway import convert, validate
from gateway.access.keys import add_key
from gateway.cases.opinion import PROFILE
from gateway.core.issue import Severity
from gateway.intake.mllp.door import Door
from gateway.pipeline import process
from gateway.store import submissions, work
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

    def one(body):
        sent = client.post("/submissions", data=body, headers=riverbend)
        assert sent.status_code == 202
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process, here.senders))
        while worker.turn("process"):
            pass
        [found] = here.store.read(lambda c: submissions.listing(c, limit=1))
        assert (found.state, found.reason) == ("routed", None)
        return f"/submissions/{sent.json['id']}"

    return one


@pytest.fixture
def returned(here, send):
    """The address of a referral whose opinion is there."""

    def one(referral=opinions.REFERRAL, note=opinions.NOTE):
        address = send(referral)
        send(note)
        here.store.write(lambda c: opinions.answer(c, "2026-03-20T10:00:00.000000Z", here.senders))
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
    return b"\r".join(patient if line[:4] == b"PID|" else line for line in lines).replace(b"LK-REF-881^LAKEEHR", number)


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


def test_what_a_listener_was_told_of_an_opinion_it_is_not_told_again(here, settings, send, returned):
    overlay = "clinic: riverbend-clinic\nfacilities: [LAKESIDE]\nlistener: {host: 127.0.0.1, port: 2999}\n"
    (settings.senders / "lakeside.yaml").write_text(overlay)
    returned()
    send(opinions.NOTE.replace(b"LK000520", b"LK000521"))
    [job] = claimed(here)
    due = Door(here).due_of_case(job.subject)
    assert due.listener.port == 2999
    assert [b"|MDM^T02^MDM_T02|" in one for one in due.messages] == [True]
    here.store.write(lambda c: work.finish(c, job))
    send(opinions.NOTE.replace(b"LK000520", b"LK000522").replace(b"Second line.", b"Second line, mended."))
    [job] = claimed(here)
    [again] = Door(here).due_of_case(job.subject).messages
    assert b"Second line, mended." in again


def claimed(here):
    return here.store.write(lambda c: work.claim(c, task="reply", worker="w", now=here.clock.now(), limit=9))
