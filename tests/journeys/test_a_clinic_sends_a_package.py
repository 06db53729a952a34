"""A clinic sends a zip: one case comes of it, and what becomes of that is told in the clinic's own format."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from gateway.access.keys import add_key
from gateway.intake.mllp.door import Door
from gateway.parse.xdm import MAX_BYTES
from gateway.pipeline import process
from gateway.store import work
from gateway.worker import Desk, Worker
from tests.packages import ORDER, package, xdm

FIXTURES = Path(__file__).parents[1] / "fixtures"
NOTE = (FIXTURES / "ccda" / "referral_note.xml").read_bytes()


@pytest.fixture
def settings(settings, tmp_path):
    (tmp_path / "senders").mkdir()
    return replace(settings, senders=tmp_path / "senders", max_body=2 * MAX_BYTES)


@pytest.fixture
def send(here, client, riverbend):
    """Sends a body, lets the worker do all of it, and gives what the clinic's own page knows then."""

    def one(body, **said):
        sent = client.post("/submissions", data=body, headers=riverbend | said)
        assert sent.status_code == 202
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process, here.senders))
        while worker.turn("process"):
            pass
        return client.get(f"/submissions/{sent.json['id']}", headers=riverbend).json

    return one


@pytest.fixture
def ask(client, riverbend):
    """Asks for the reply to a submission, as segments when it is a message."""

    def one(status):
        answer = client.get(f"/submissions/{status['id']}/reply", headers=riverbend)
        assert answer.status_code == 200
        if answer.mimetype != "x-application/hl7-v2+er7":
            return answer.json
        return {line.split("|")[0]: line.split("|") for line in answer.text.split("\r") if line}

    return one


@pytest.fixture
def step(here, client):
    """Takes a step with a case, as a nurse does."""
    admin = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'admin', 'a nurse')}"}

    def one(number, **said):
        version = client.get(f"/admin/cases/{number}", headers=admin).json["version"]
        headers = admin | {"If-Match": f'W/"{version}"', "Idempotency-Key": said["event"]}
        assert client.post(f"/admin/cases/{number}/steps", json=said, headers=headers).status_code == 200

    return one


def test_a_package_opens_one_case_and_its_order_is_answered_at_every_step(send, ask, step):
    status = send(xdm(NOTE))
    assert (status["state"], status["kind"], status["case"]) == ("routed", "xdm:SubmissionSet", "SO-2026-000001")
    told = ask(status)
    assert (told["MSH"][8], told["MSH"][4]) == ("OSU^O51^OSU_O51", "BROOKEHR^2.16.840.1.113883.19.77.5^ISO")
    assert told["PID"][3] == "BR-1187^^^&2.16.840.1.113883.19.77.1&ISO^MR"
    assert told["ORC"][1:3] == ["SC", "BK-4471^BROOKEHR^2.16.840.1.113883.19.77.5^ISO"]
    assert told["ORC"][3].startswith("SO-2026-000001^")
    assert (told["ORC"][5], told["ORC"][25]) == ("HD", "^needs-information")
    step(status["case"], event="decline", reason="No bed | for weeks")
    told = ask(status)
    assert (told["ORC"][1], told["ORC"][5], told["ORC"][25]) == ("UA", "CA", "4.0^declined^99BSER")
    assert told["ORC"][16] == "^No bed \\F\\ for weeks"


def test_a_listener_that_is_agreed_is_owed_a_message_for_each_step(here, settings, send, step):
    (settings.senders / "brookside.yaml").write_text(
        "clinic: riverbend-clinic\nfacilities: [BROOKSIDE]\nlistener: {host: 127.0.0.1, port: 2999}\n"
    )
    number = send(xdm(NOTE))["case"]
    step(number, event="decline", reason="Not a cancer")
    jobs = here.store.write(lambda c: work.claim(c, task="reply", worker="w", now=here.clock.now(), limit=9))
    assert [job.subject for job in jobs] == [f"{number}/1"]
    assert here.store.read(work.depths)["reply"] == 2
    due = [Door(here).due_of_case(f"{number}/{place}") for place in (1, 2)]
    assert [one.listener.port for one in due] == [2999, 2999]
    assert [message.split(b"\rORC|")[1][:2] for one in due for message in one.messages] == [b"SC", b"UA"]


def test_nothing_is_owed_where_no_listener_is_agreed(here, send):
    send(ORDER)
    assert "reply" not in here.store.read(work.depths)


@pytest.mark.parametrize(
    ("sample", "kind"), [("hl7v2/REF_I12_second_opinion.hl7", "RRI"), ("form/referral.json", "Task")]
)
def test_others_are_answered_in_their_own_format_too(send, ask, sample, kind):
    told = ask(send((FIXTURES / sample).read_bytes()))
    if kind == "Task":
        assert (told["resourceType"], told["code"]["coding"][0]["code"]) == ("Task", "fulfill")
    else:
        assert told["MSH"][8] == "RRI^I12^RRI_I12"
        assert told["RF1"][1] == "P^Pending^HL70283"


def test_what_opened_no_case_has_no_reply(client, riverbend, send):
    status = send((FIXTURES / "hl7v2" / "ADT_A08_update.hl7").read_bytes())
    assert client.get(f"/submissions/{status['id']}/reply", headers=riverbend).status_code == 404


def test_a_cover_of_somebody_else_sets_the_package_aside_and_says_why(send):
    status = send(xdm(NOTE, name="Millstone^Lena^^^"))
    assert (status["state"], status["reason"]) == ("quarantined", "patient-conflict")


def of_size(size):
    """A package of one document that is so many bytes long."""
    held = BytesIO()
    with ZipFile(held, "w", ZIP_STORED) as archive:
        archive.writestr("scan.pdf", b"%PDF-".ljust(size - 114, b"."))
    return held.getvalue()


OTHER = NOTE.replace(b"<given>Lorenz", b"<given>Ottilie").replace(b"19580614", b"19910203")
TWO = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": name, "name": [{"family": name}], "birthDate": born}}
        for name, born in (("Aldern", "1950-01-02"), ("Brook", "1960-01-02"))
    ],
}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (json.dumps(TWO).encode(), "multi-patient"),
        (ORDER + b"PID|2||X9^^^H^MR||Other^One||19700101|F\r", "multi-patient"),
        (package({"one.xml": NOTE, "two.xml": OTHER}), "patient-conflict"),
    ],
)
def test_one_file_of_two_persons_is_set_aside_and_nothing_of_either_is_stored(here, client, send, body, reason):
    status = send(body)
    assert (status["state"], status["reason"]) == ("quarantined", reason)
    reader = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}
    assert client.get("/fhir/Patient", headers=reader).json["total"] == 0


def test_twenty_mebibytes_are_taken_and_one_byte_more_is_refused_with_a_reason(client, riverbend):
    assert len(of_size(MAX_BYTES)) == MAX_BYTES
    assert client.post("/submissions", data=of_size(MAX_BYTES), headers=riverbend).status_code == 202
    refused = client.post("/submissions", data=of_size(MAX_BYTES + 1), headers=riverbend)
    assert (refused.status_code, refused.json["issue"][0]["details"]["coding"][0]["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("files", "code", "place"),
    [
        ({"note.xml": NOTE, "more.zip": package({"note.xml": NOTE})}, "unsafe-package", "entry 2"),
        ({"note.xml": NOTE, "../../etc/note.xml": NOTE}, "unsafe-package", "entry 2"),
        ({"/note.xml": NOTE}, "unsafe-package", "entry 1"),
        ({"C:\\note.xml": NOTE}, "unsafe-package", "entry 1"),
        ({"note.xml": NOTE, "bomb.bin": bytes(8_000_000)}, "unsafe-package", "entry 2"),
        ({"note.xml": NOTE, "NOTE.xml": NOTE}, "unsafe-package", "names"),
        ({f"{n}.txt": b"x" for n in range(1001)}, "unsafe-package", "entries"),
    ],
    ids=["a zip within", "out of it", "from the root", "a drive", "a bomb", "one name twice", "too many"],
)
def test_what_tries_to_leave_a_package_or_to_flood_us_is_refused_and_the_clinic_reads_why(send, files, code, place):
    told = send(package(files))
    assert (told["state"], told["act"]["who"]) == ("quarantined", "clinic")
    assert [(one["code"], one["location"]) for one in told["issues"]] == [(code, place)]
