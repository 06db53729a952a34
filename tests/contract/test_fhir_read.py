"""Reading over HTTP: bytes as stored, validators of caches, formats, versions, history, originals."""

import json

import pytest

from gateway.access.keys import add_key
from gateway.core.fhirjson import read_own
from gateway.parse.fhir.xml import body as fhirxml_body
from gateway.store import resources, submissions
from gateway.store.tables import audit
from tests.ward import LATER, care_plan, keep, patient

FHIR = "application/fhir+json"


@pytest.fixture
def ward(here, riverbend, harbor):
    keep(here.store, "riverbend-clinic", patient("p1", "Lindqvist", "Åsa"), care_plan("c1", "p1"))
    keep(here.store, "riverbend-clinic", patient("p1", "Lindqvist-Moreau", "Åsa"), at=LATER)
    keep(here.store, "harbor-oncology", patient("h1", "Okafor"))


@pytest.fixture
def reader(here):
    return {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}


@pytest.fixture
def get(client, riverbend, ward):
    def ask(path, headers=None, **more):
        return client.get(f"/fhir/{path}", headers=riverbend | (headers or {}), **more)

    return ask


def refused(answer, status, code=None):
    assert answer.status_code == status
    assert answer.mimetype == FHIR
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    if code:
        assert outcome["issue"][0]["details"]["coding"][0]["code"] == code
    return outcome


def test_a_read_passes_the_stored_bytes_through(get, here):
    answer = get("Patient/p1")
    stored = here.store.read(lambda connection: resources.read(connection, "Patient", "p1"))
    assert answer.data == stored.body
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.headers["Last-Modified"] == "Sun, 01 Mar 2026 09:00:00 GMT"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer.headers["Vary"]


def test_a_caller_who_has_it_already_gets_no_body(get):
    for headers in ({"If-None-Match": 'W/"2"'}, {"If-Modified-Since": "Sun, 01 Mar 2026 09:00:00 GMT"}):
        answer = get("Patient/p1", headers)
        assert (answer.status_code, answer.data) == (304, b"")
    assert get("Patient/p1", {"If-None-Match": 'W/"1"'}).status_code == 200


def test_head_is_a_read_without_its_body(client, riverbend, ward):
    answer = client.head("/fhir/Patient/p1", headers=riverbend)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", 'W/"2"')


def test_a_version_is_read_by_its_number(get):
    assert get("Patient/p1/_history/1").get_json()["name"][0]["family"] == "Lindqvist"
    for number in ("3", "0", "-1", "x", "1" * 30):
        refused(get(f"Patient/p1/_history/{number}"), 404, "not-found")


def test_a_history_is_a_bundle_of_versions_the_newest_first(get):
    bundle = get("Patient/p1/_history").get_json()
    assert (bundle["type"], bundle["total"]) == ("history", 2)
    assert [entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]] == ["2", "1"]
    assert [entry["response"]["status"] for entry in bundle["entry"]] == ["200 OK", "201 Created"]
    assert bundle["entry"][0]["fullUrl"] == "https://gateway.example/fhir/Patient/p1"


def test_a_history_is_paged(get):
    first = get("Patient/p1/_history?_count=1").get_json()
    [onward] = [link["url"] for link in first["link"] if link["relation"] == "next"]
    second = get(onward.removeprefix("https://gateway.example/fhir/")).get_json()
    assert [one["entry"][0]["resource"]["meta"]["versionId"] for one in (first, second)] == ["2", "1"]
    assert [link["relation"] for link in second["link"]] == ["self"]


def test_what_was_deleted_is_gone_and_its_history_says_so(get, here, client, harbor):
    here.store.write(lambda connection: resources.remove(connection, "CarePlan", "c1", at=LATER))
    refused(get("CarePlan/c1"), 410, "gone")
    refused(get("CarePlan/c1/_history/2"), 410, "gone")
    newest = get("CarePlan/c1/_history").get_json()["entry"][0]
    assert (newest["request"]["method"], "resource" in newest) == ("DELETE", False)
    assert client.get("/fhir/CarePlan/c1", headers=harbor).status_code == 404
    assert get("CarePlan?patient=p1").get_json()["total"] == 0


@pytest.mark.parametrize(
    "path", ["Patient/{}", "Patient/{}/_history", "Patient/{}/_history/1", "Binary/{}", "Medication/{}"]
)
def test_another_clinics_is_answered_byte_for_byte_as_what_is_not_there(get, path):
    foreign, absent = get(path.format("h1")), get(path.format("never-was"))
    assert foreign.data == absent.data
    volatile = {"X-Request-Id", "Date"}
    assert {k: v for k, v in foreign.headers if k not in volatile} == {
        k: v for k, v in absent.headers if k not in volatile
    }
    refused(foreign, 404, "not-found")


def test_a_reader_sees_every_clinics_resources(client, ward, reader):
    assert client.get("/fhir/Patient/p1", headers=reader).status_code == 200
    assert client.get("/fhir/Patient/h1", headers=reader).status_code == 200


def test_who_shows_no_key_is_not_let_in(client, ward):
    for path in ("Patient/p1", "Patient", "Binary/x", "Nothing"):
        answer = client.get(f"/fhir/{path}")
        refused(answer, 401, "unknown-caller")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("query", "accept", "status"),
    [
        ("", "application/fhir+json", 200),
        ("", "application/json", 200),
        ("", "*/*", 200),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", 200),
        ("", "application/fhir+json; fhirVersion=4.0", 200),
        ("", "application/fhir+json; fhirVersion=5.0", 406),
        ("", "application/fhir+xml; fhirVersion=5.0", 406),
        ("", "application/fhir+json;q=0", 406),
        ("", "text/turtle", 406),
        ("?_format=json", "application/fhir+xml", 200),
        ("?_format=application/fhir%2Bjson", "", 200),
        ("?_format=application/fhir+json", "", 200),
        ("?_format=ttl", "application/fhir+json", 406),
    ],
)
def test_the_answer_is_fhir_json_or_none(get, query, accept, status):
    answer = get(f"Patient/p1{query}", {"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (status, FHIR)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("Patient/p1", "application/fhir+xml"),
        ("Patient/p1", "application/fhir+json;q=0.5, application/fhir+xml"),
        ("Patient/p1?_format=xml", "application/fhir+json"),
        ("Patient/p1/_history/1?_format=application/fhir%2Bxml", ""),
        ("Patient?_format=text/xml", ""),
        ("metadata", "application/fhir+xml"),
    ],
)
def test_who_asks_for_xml_gets_the_same_as_xml(get, path, accept):
    answer = get(path, {"Accept": accept} if accept else {})
    plain = read_own(get(path.partition("?")[0]).data)
    found = fhirxml_body(answer.data, [])
    assert answer.mimetype == "application/fhir+xml"
    for one in (plain, found):
        one.pop("link", None)  # a page's address names the format
    assert found == plain


def test_pretty_is_the_same_with_more_lines(get):
    plain, pretty = get("Patient/p1"), get("Patient/p1?_pretty=true")
    assert read_own(pretty.data) == read_own(plain.data)
    assert pretty.data.count(b"\n") > 10


def test_a_read_takes_no_parameter_that_it_does_not_know(get):
    outcome = refused(get("Patient/p1?colour=red"), 400, "unknown-parameter")
    assert outcome["issue"][0]["expression"] == ["colour"]


def test_a_part_is_marked_as_a_part(get):
    part = get("CarePlan/c1?_elements=category").get_json()
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert set(part) == {"resourceType", "id", "meta", "status", "intent", "category", "subject"}
    assert "text" not in get("CarePlan/c1?_summary=data").get_json()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["Patient", "Patient/p1", "Binary/x", "metadata"])
def test_this_door_writes_nothing(client, riverbend, ward, method, path):
    answer = getattr(client, method)(f"/fhir/{path}", headers=riverbend, data=b"{}")
    refused(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


def test_the_original_is_given_byte_for_byte_to_its_clinic_alone(client, here, riverbend, harbor, ward):
    body = b"MSH|^~\\&|<script>alert(1)</script>\r"
    receipt, _ = here.store.write(
        lambda connection: submissions.keep(
            connection,
            clinic="riverbend-clinic",
            body=body,
            media_type="text/html",
            file_name="../x.html",
            idempotency_key=None,
            at=LATER,
        )
    )
    answer = client.get(f"/fhir/Binary/{receipt.id}", headers=riverbend)
    assert answer.data == body
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert client.get(f"/fhir/Binary/{receipt.id}", headers=harbor).status_code == 404
    wrapped = client.get(f"/fhir/Binary/{receipt.id}", headers=riverbend | {"Accept": FHIR}).get_json()
    assert (wrapped["resourceType"], wrapped["contentType"]) == ("Binary", "text/html")


def test_every_access_leaves_its_audit_event(get, here):
    for path, status in (("Patient/p1", 200), ("Patient/h1", 404), ("CarePlan?patient=p1", 200)):
        assert get(path).status_code == status
    written = [json.loads(row.event) for row in here.store.read(audit_rows)]
    ours = [event for event in written if event["subtype"][0]["code"] in ("read", "search")]
    assert [(event["subtype"][0]["code"], event["outcome"]) for event in ours] == [
        ("read", "0"),
        ("read", "4"),
        ("search", "0"),
    ]
    assert {"reference": "Patient/p1"} in [entity.get("what") for entity in ours[2]["entity"]]


def audit_rows(connection):
    return connection.execute(audit.select().order_by(audit.c.seq)).all()
