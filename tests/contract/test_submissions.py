"""The clinics' door as programs meet it: what is promised, and what hostile senders get."""

import gzip
import hashlib
import uuid
from io import BytesIO

import pytest

from gateway.access.keys import add_key
from gateway.app import create_app
from gateway.core import fhirjson
from gateway.pipeline import process
from gateway.services import Services
from gateway.store import audit, submissions
from gateway.worker import Desk, Worker

CANARY = "Zebedee-Quux"
REFERRAL = (
    b"MSH|^~\\&|RIVERBEND|RB|SO|SO|20260301100000||REF^I12|RB1|P|2.5.1\r"
    b"RF1|P|R|||O|RX-70\r"
    b"PRD|RP|Brandauer^Odile\r"
    b"PID|1||RB-7^^^RIVERBEND^MR||Quellwein^Marta||19610409|F\r"
)


@pytest.fixture
def post(client, riverbend):
    def one(body=REFERRAL, headers=(), **words):
        return client.post("/submissions", data=body, headers=riverbend | dict(headers), **words)

    return one


@pytest.fixture
def work(here):
    """Do what waits, in this process."""

    def all_of_it():
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process))
        while worker.turn("process"):
            pass

    return all_of_it


def refusal(answer):
    """The refusal's code; it is an OperationOutcome, and repeats nothing."""
    said = fhirjson.read(answer.data)
    assert answer.content_type == "application/fhir+json"
    assert said["resourceType"] == "OperationOutcome"
    assert CANARY.encode() not in answer.data
    return answer.status_code, said["issue"][0]["details"]["coding"][0]["code"]


def trail(here):
    """Interaction and outcome of every audit event, the oldest first."""
    rows = here.store.read(lambda c: audit.walk(c, 0, 1000))
    return [(row.subtype, row.outcome) for row in rows]


# --- what is promised ---------------------------------------------------------------------------------------------


def test_a_submission_is_answered_with_its_receipt_and_where_to_ask(post, client, riverbend, settings):
    answer = post()
    assert answer.status_code == 202
    assert answer.json == {
        "id": answer.json["id"],
        "state": "received",
        "sha256": hashlib.sha256(REFERRAL).hexdigest(),
        "size": len(REFERRAL),
        "received": "2026-03-02T09:00:00.000000Z",
        "status": f"{settings.base_url}/submissions/{answer.json['id']}",
    }
    assert answer.headers["Location"] == answer.json["status"]
    assert client.get(f"/submissions/{answer.json['id']}", headers=riverbend).status_code == 200


def test_the_bytes_and_their_work_are_in_the_store_when_the_answer_leaves(post, here):
    id = post().json["id"]
    assert here.store.read(lambda c: submissions.original(c, id, None))[0] == REFERRAL
    assert [event.event for event in here.store.read(lambda c: submissions.events(c, id))] == ["receive"]
    assert trail(here)[-1] == ("create", "0")


@pytest.mark.parametrize("body", [REFERRAL, b"\x00\xff\xfe" * 9, b"<a>", b"{", b" ", "名".encode("utf-16")])
def test_any_bytes_come_back_as_they_were_sent(post, client, riverbend, body):
    id = post(body, content_type="text/html").json["id"]
    answer = client.get(f"/submissions/{id}/original", headers=riverbend)
    assert answer.data == body
    assert answer.headers["Content-Disposition"] == f'attachment; filename="submission-{id}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_same_bytes_get_the_same_receipt(post, here):
    assert post().data == post(content_type="text/plain").data
    assert len(here.store.read(lambda c: submissions.listing(c))) == 1


def test_the_same_bytes_of_two_clinics_are_two_submissions(post, client, harbor):
    assert post().json["id"] != client.post("/submissions", data=REFERRAL, headers=harbor).json["id"]


def test_an_idempotency_key_stands_for_one_content(post, client, harbor):
    first = post(headers={"Idempotency-Key": "k-1"})
    assert post(headers={"Idempotency-Key": "k-1"}).data == first.data
    assert refusal(post(b"other", headers={"Idempotency-Key": "k-1"})) == (422, "key-reused")
    other = client.post("/submissions", data=b"other", headers=harbor | {"Idempotency-Key": "k-1"})
    assert other.status_code == 202


def test_a_form_with_one_file_is_taken_as_the_file(post, client, riverbend):
    form = {"file": (BytesIO(REFERRAL), "referral.hl7", "x-application/hl7-v2+er7")}
    sent = post({**form, "note": "ignored"}, content_type="multipart/form-data")
    assert sent.json["sha256"] == hashlib.sha256(REFERRAL).hexdigest()


def test_gzip_is_undone_on_the_way_in(post):
    sent = post(gzip.compress(REFERRAL), headers={"Content-Encoding": "gzip"})
    assert sent.json["sha256"] == hashlib.sha256(REFERRAL).hexdigest()


def test_a_gzip_file_that_is_no_coding_stays_as_it_is(post):
    packed = gzip.compress(REFERRAL)
    assert post(packed, content_type="application/gzip").json["sha256"] == hashlib.sha256(packed).hexdigest()


def test_the_status_tells_how_far_it_came_and_that_nobody_need_act(post, client, riverbend, work):
    path = f"/submissions/{post().json['id']}"
    before = client.get(path, headers=riverbend).json
    assert [step["done"] for step in before["steps"]] == ["yes", "now", "no", "no", "no"]
    work()
    after = client.get(path, headers=riverbend).json
    assert after["kind"] == "hl7v2:REF^I12"
    assert sum(number for name, number in after["counts"].items() if name != "leaves") == after["counts"]["leaves"]
    assert {"issues", "act", "links", "reason", "updated"} <= set(after)


def test_the_status_says_which_message_of_a_batch_was_set_aside_why_and_that_somebody_looks_at_it(
    post, client, riverbend, work
):
    head = b"MSH|^~\\&|RIVERBEND|RB|SO|SO|20260301100000||ADT^A04|%d|P|2.5.1\rPID|1||%d^^^RIVERBEND^MR||Quellwein\r"
    two = head % (2, 8) + b"PID|2||9^^^RIVERBEND^MR||Quellwein\r"
    sent = b"BHS|^~\\&|RIVERBEND\r" + head % (1, 7) + two
    path = f"/submissions/{post(sent).json['id']}"
    work()
    said = client.get(path, headers=riverbend).json
    assert (said["state"], said["act"]["who"]) == ("routed", "care-team")
    (aside,) = (one for one in said["issues"] if one["code"] == "record-refused")
    assert aside["location"] == "MSH[2]"
    assert "more than one patient" in aside["text"]
    assert b"MSH[2]" in client.get(path, headers=riverbend | {"Accept": "text/html"}).data


@pytest.mark.parametrize(
    ("body", "reason"), [(b"<a", "parse-error"), (b"no format at all", "unsupported-type"), (b"MSH", "parse-error")]
)
def test_what_cannot_be_read_says_so_and_asks_the_clinic(post, client, riverbend, work, body, reason):
    path = f"/submissions/{post(body).json['id']}"
    work()
    said = client.get(path, headers=riverbend).json
    assert (said["state"], said["act"]["who"]) == ("quarantined", "clinic")
    assert said["reason"] in (reason, "unsupported-type")
    assert said["issues"][0]["severity"] == "fatal"
    assert said["issues"][0]["text"]


def test_the_list_holds_the_clinics_own_the_newest_first_and_pages(post, client, riverbend, harbor):
    client.post("/submissions", data=b"theirs", headers=harbor)
    sent = [post(b"%d" % number).json["id"] for number in range(5)]
    page, seen = client.get("/submissions?limit=2", headers=riverbend).json, []
    while True:
        seen += [one["id"] for one in page["submissions"]]
        if "next" not in page:
            break
        page = client.get(page["next"], headers=riverbend).json
    assert seen == sent[::-1]


def test_a_person_gets_a_page_where_a_program_gets_json(post, client, riverbend, work):
    id = post().json["id"]
    work()
    for path in ("/submissions", f"/submissions/{id}"):
        page = client.get(path, headers=riverbend | {"Accept": "text/html,*/*;q=0.8"})
        assert page.content_type.startswith("text/html")
        assert id.encode() in page.data
        assert client.get(path, headers=riverbend).is_json


def test_the_page_shows_the_patient_masked(post, client, riverbend, work):
    id = post().json["id"]
    work()
    page = client.get(f"/submissions/{id}", headers=riverbend | {"Accept": "text/html"}).data
    assert b"Quellwein" not in page
    assert b"1961-04-09" not in page


# --- whom it is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/submissions/{id}", "/submissions/{id}/original"])
def test_another_clinics_submission_is_absent_to_the_byte(post, client, harbor, here, path):
    foreign = client.get(path.format(id=post().json["id"]), headers=harbor)
    absent = client.get(path.format(id=uuid.uuid4()), headers=harbor)
    assert refusal(foreign) == (404, "not-found")
    same = ("X-Request-Id",)
    assert foreign.data == absent.data
    assert {k: v for k, v in foreign.headers if k not in same} == {k: v for k, v in absent.headers if k not in same}
    assert trail(here)[-2:] == [("read", "8")] * 2


@pytest.mark.parametrize("id", ["1", "' OR 1=1 --", "%00", "..%2f..%2fetc", CANARY, "x" * 4000])
def test_an_id_that_is_none_is_absent_like_any_other(client, riverbend, id):
    assert refusal(client.get(f"/submissions/{id}", headers=riverbend)) == (404, "not-found")


@pytest.mark.parametrize(("method", "path"), [("post", ""), ("get", ""), ("get", "/{id}"), ("get", "/{id}/original")])
def test_nobody_gets_in_without_a_key_and_only_a_clinic_with_one(client, post, here, method, path):
    path = "/submissions" + path.format(id=post().json["id"])
    assert refusal(getattr(client, method)(path, data=CANARY)) == (401, "unknown-caller")
    for role in ("reader", "admin"):
        key = {"Authorization": f"Bearer {add_key(here.store, here.clock, role, role)}"}
        assert refusal(getattr(client, method)(path, headers=key)) == (403, "forbidden")
    assert trail(here)[-3:] == [("access", "8")] * 3


def test_nothing_of_a_stranger_is_kept(client, here):
    client.post("/submissions", data=REFERRAL, headers={"Authorization": "Bearer nobody"})
    assert here.store.read(lambda c: submissions.listing(c)) == []


def test_too_large_is_said_before_who_is_calling_is_asked(client, here, settings):
    answer = client.post("/submissions", data=b"x" * (settings.max_body + 1))
    assert refusal(answer) == (413, "too-large")
    assert trail(here) == [("create", "4")]


@pytest.mark.parametrize("more", [1, 2, 99_999])
def test_a_body_without_a_length_is_refused_above_the_cap_and_never_cut(client, riverbend, settings, more):
    length = settings.max_body + more
    endless = {"wsgi.input": BytesIO(b"x" * length), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    chunked = riverbend | {"Transfer-Encoding": "chunked"}
    answer = client.post("/submissions", headers=chunked, environ_overrides=endless)
    assert refusal(answer) == (413, "too-large")


def test_a_body_shorter_than_it_was_said_to_be_is_not_acknowledged(client, riverbend):
    short = {"wsgi.input": BytesIO(REFERRAL), "wsgi.input_terminated": True, "CONTENT_LENGTH": "9999"}
    assert refusal(client.post("/submissions", headers=riverbend, environ_overrides=short)) == (400, "intake")


def test_a_gzip_bomb_is_refused(post):
    bomb = gzip.compress(bytes(20_000_000))
    assert refusal(post(bomb, headers={"Content-Encoding": "gzip"})) == (413, "too-large")


@pytest.mark.parametrize(
    ("body", "headers", "refused"),
    [
        (b"", {}, (400, "intake")),
        (REFERRAL, {"Content-Encoding": CANARY}, (415, "unsupported-format")),
        (CANARY.encode(), {"Content-Encoding": "gzip"}, (400, "intake")),
        (REFERRAL, {"Idempotency-Key": f"{CANARY} {CANARY}"}, (400, "intake")),
        (REFERRAL, {"Idempotency-Key": CANARY * 100}, (400, "intake")),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(post, here, body, headers, refused):
    assert refusal(post(body, headers=headers)) == refused
    assert here.store.read(lambda c: submissions.listing(c)) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"note": CANARY},
        {"a": (BytesIO(b"1"), "a"), "b": (BytesIO(b"2"), "b")},
        {"file": (BytesIO(b""), "empty")},
    ],
)
def test_a_form_has_one_file_with_something_in_it(post, form):
    assert refusal(post(form, content_type="multipart/form-data")) == (400, "intake")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (CANARY.encode(), "multipart/form-data"),
        (CANARY.encode(), "multipart/form-data; boundary="),
        (CANARY.encode(), f"multipart/form-data; boundary={CANARY}"),
        (b"--b\r\n\r\n" + CANARY.encode(), "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="' + b"n" * 9000, "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n' * 1001 + b"--b--",
            "multipart/form-data; boundary=b",
        ),
        (
            b"\r\n".join([b'--b\r\nContent-Disposition: form-data; filename="../../etc/x"\r\n', b"x", b"--b--"]),
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_a_form_that_is_broken_is_refused_or_taken_and_never_a_crash(post, body, content_type):
    answer = post(body, content_type=content_type)
    assert answer.status_code in (202, 400, 413)
    if answer.status_code != 202:
        refusal(answer)


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x\\y.hl7", "a\x00b", "n" * 5000, "\u202egnp.exe", ""])
def test_a_file_name_is_a_label_and_never_a_path(post, client, riverbend, name):
    form = {"file": (BytesIO(name.encode() + REFERRAL), name or "x")}
    answer = post(form, content_type="multipart/form-data")
    assert answer.status_code == 202
    page = client.get(f"/submissions/{answer.json['id']}", headers=riverbend | {"Accept": "text/html"}).data.decode()
    assert "etc/" not in page
    assert "\u202e" not in page


def test_a_file_name_with_markup_is_shown_as_text(post, client, riverbend):
    form = {"file": (BytesIO(REFERRAL), "<script>alert(1)</script>.hl7")}
    id = post(form, content_type="multipart/form-data").json["id"]
    page = client.get(f"/submissions/{id}", headers=riverbend | {"Accept": "text/html"}).data
    assert b"<script>alert" not in page


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=x", "limit=0", "before=1e9", "before=%00", "limit=" + "9" * 30, "limit=١"]
)
def test_a_number_that_is_none_is_named_by_its_parameter(client, riverbend, query):
    answer = client.get(f"/submissions?{query}", headers=riverbend)
    assert refusal(answer) == (400, "request")
    assert fhirjson.read(answer.data)["issue"][0]["expression"] == [query.partition("=")[0]]


def test_a_large_limit_is_cut_and_not_refused(client, riverbend):
    assert client.get("/submissions?limit=1000000000", headers=riverbend).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_another_method_is_not_guessed(client, riverbend, method):
    assert refusal(getattr(client, method)("/submissions", headers=riverbend)) == (405, "method-not-allowed")


def test_a_clinic_that_sends_too_fast_is_told_when_to_come_back(here, settings, riverbend, harbor):
    slow = type(settings)(**{**vars(settings), "rate": 3})
    client = create_app(
        slow, services=Services(slow, here.store, here.clock, here.destinations, here.audit_key)
    ).test_client()
    answers = [client.post("/submissions", data=b"%d" % number, headers=riverbend) for number in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert refusal(answers[-1]) == (429, "throttled")
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert client.post("/submissions", data=b"x", headers=harbor).status_code == 202


def test_what_was_sent_appears_in_no_log_line(post, client, riverbend, work, capfd, caplog):
    body = REFERRAL.replace(b"Quellwein", CANARY.encode())
    id = post(body, headers={"User-Agent": f"{CANARY}\x1b[31m", "Idempotency-Key": CANARY}).json["id"]
    work()
    client.get(f"/submissions/{id}?q={CANARY}", headers=riverbend)
    written = capfd.readouterr()
    assert CANARY not in written.out + written.err + caplog.text
