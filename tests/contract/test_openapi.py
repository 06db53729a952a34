"""/openapi.json says of every route what it takes and how it answers, and the answers are those that callers get."""

from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from gateway import casework
from gateway.access.keys import add_key
from gateway.app import openapi
from gateway.core.errors import StoreError, StoreFullError
from gateway.pipeline import process
from gateway.serve.validate import LARGEST
from gateway.store import resources
from gateway.store.engine import Store
from gateway.worker import Desk, Worker
from tests import opinions
from tests.ward import LATER, care_plan, keep, patient

FORM = "application/x-www-form-urlencoded"
FHIR = "application/fhir+json"
JUDGES = ("/fhir/$validate", "/fhir/Patient/$validate")
SOUND = b'{"resourceType": "Patient", "gender": "female"}'
BASE = "https://gateway.example/"
MAIN = ("intake.", "serve.")


@pytest.fixture
def said(client):
    """Every operation by its id."""
    paths = client.get("/openapi.json").get_json()["paths"]
    return {one["operationId"]: one for path in paths.values() for one in path.values()}


def test_every_route_and_method_is_described(app, said):
    routes = {
        f"{rule.endpoint}.{method.lower()}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    assert set(said) == routes
    for name, operation in said.items():
        assert operation["summary"], name
        assert any(status < "400" for status in operation["responses"]), name
        assert not operation["security"] or "401" in operation["responses"], name


def test_nothing_is_described_that_is_not_there(app):
    described = yaml.safe_load(Path(openapi.FILE).read_bytes())
    assert set(described["operations"]) <= set(app.view_functions)
    assert set(described["doors"]) == {*app.blueprints, "gateway"}


def test_a_route_is_said_to_be_open_when_a_stranger_gets_in(app, client, said):
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and rule.endpoint != "static":
            refused = client.get(str(rule)).status_code == 401
            assert refused == bool(said[f"{rule.endpoint}.get"]["security"]), rule


def test_the_parts_of_an_address_are_described_by_their_kind(said):
    [id] = said["intake.status.get"]["parameters"]
    assert (id["name"], id["in"], id["schema"]) == ("id", "path", {"type": "string", "format": "uuid"})


def test_a_submission_is_described_with_its_media_types_and_headers(said):
    submit = said["intake.submit.post"]
    assert {"application/hl7-v2", "application/fhir+json", "text/csv", "multipart/form-data"} <= set(
        submit["requestBody"]["content"]
    )
    assert {"Idempotency-Key", "Content-Encoding"} == {one["name"] for one in submit["parameters"]}
    assert {"202", "400", "401", "403", "413", "415", "422", "429", "503", "507"} == set(submit["responses"])


def test_the_main_routes_answer_as_they_are_described_and_in_every_way_that_is_described(
    app, client, here, clock, settings, riverbend, harbor, said, monkeypatch
):
    seen = defaultdict(set)

    def see(answer):
        rule, _ = app.url_map.bind("x").match(answer.request.path, method=answer.request.method, return_rule=True)
        code = answer.get_json()["issue"][0]["details"]["coding"][0]["code"] if answer.status_code >= 400 else ""
        seen[f"{rule.endpoint}.{answer.request.method.lower()}"].add((str(answer.status_code), code))
        return answer

    def get(path, headers=(), **words):
        return see(client.get(path.removeprefix(BASE), headers=riverbend | dict(headers), **words))

    def post(path, data=b"MSH|", headers=(), **words):
        return see(client.post(path, data=data, headers=riverbend | dict(headers), **words))

    keep(here.store, "riverbend-clinic", patient("p1", "Lindqvist"), *(care_plan(f"c{n}", "p1") for n in range(3)))
    keep(here.store, "riverbend-clinic", patient("p1", "Lindqvist-Moreau"), at=LATER)
    here.store.write(lambda connection: resources.remove(connection, "CarePlan", "c2", at=LATER))
    reader = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}
    id = post("/submissions", headers={"Idempotency-Key": "k"}).get_json()["id"]
    referral = post("/submissions", opinions.REFERRAL).get_json()["id"]
    post("/submissions", opinions.NOTE, headers=harbor)
    worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process))
    while worker.turn("process"):
        pass
    case = here.store.write(lambda connection: opinions.answer(connection, LATER, here.senders))
    opinion = casework.case_of(case).id("Composition", "opinion")
    every = ["/submissions", f"/submissions/{id}", f"/submissions/{id}/original", f"/submissions/{referral}/reply"]
    every += [f"/submissions/{referral}/opinion", f"/submissions/{referral}/opinion/1"]
    every += [f"/fhir/Binary/{id}", f"/fhir/Composition/{opinion}/$document"]
    every += ["/fhir/Patient/p1", "/fhir/Patient/p1/_history", "/fhir/Patient/p1/_history/1", "/fhir/CarePlan"]
    every += ["/fhir/Patient/p1/$lineage"]

    # What goes well, and what is asked in a way that nobody understands.
    see(client.get("/fhir/metadata"))
    get("/fhir/metadata", {"If-None-Match": see(client.get("/fhir/metadata")).headers["ETag"]})
    for path in every:
        get(path, {"If-None-Match": get(path).headers.get("ETag", "none")})
    for path in [*every[7:], "/fhir/metadata"]:
        for query in ("?colour=red", "?_pretty=maybe", "?_format=ttl"):
            get(path + query)
    post("/fhir/CarePlan/_search", "patient=p1", content_type=FORM)
    for query in ("colour=red", "patient:above=p1", "_count=x", "_format=ttl", "_page=x", "_page=x&_count=1"):
        get(f"/fhir/CarePlan?{query}")
        post("/fhir/CarePlan/_search", query, content_type=FORM)
    post("/fhir/CarePlan/_search", "{}", content_type="application/json")
    post("/fhir/CarePlan/_search", "a" * (settings.max_body + 9), content_type=FORM)
    for path in JUDGES:
        for query in ("", "?colour=red", "?_pretty=maybe", "?_format=ttl"):
            post(path + query, SOUND, content_type=FHIR)
        for body, media in ((b"[]", FHIR), (b"{", FHIR), (SOUND, "text/plain"), (b" " * (LARGEST + 9), FHIR)):
            post(path, body, content_type=media)
    post("/fhir/Nothing/$validate", SOUND, content_type=FHIR)
    get("/fhir/Patient/p1/_history?_page=x")
    get("/submissions?limit=x")
    # What is not there, or no longer.
    for path in ("/fhir/Nothing", "/fhir/Nothing/x", "/fhir/Binary/x", f"/submissions/{id[:-4]}0000"):
        get(path)
    for path in (
        "/fhir/Nothing/x/_history",
        "/fhir/Nothing/x/_history/1",
        "/fhir/Nothing/x/$lineage",
        f"/submissions/{id[:-4]}0000/original",
        f"/submissions/{id}/reply",
        f"/submissions/{id}/opinion",
        f"/submissions/{referral}/opinion/9",
        "/fhir/Composition/x/$document",
    ):
        get(path)
    post("/fhir/Nothing/_search", "", content_type=FORM)
    get("/fhir/CarePlan/c2")
    get("/fhir/CarePlan/c2/_history/2")
    get("/fhir/CarePlan/c2/$lineage")
    here.store.write(lambda connection: resources.remove(connection, "Composition", opinion, at=LATER))
    get(f"/fhir/Composition/{opinion}/$document")
    onward = [
        next(link["url"] for link in get(path).get_json()["link"] if link["relation"] == "next")
        for path in ("/fhir/CarePlan?_count=1", "/fhir/Patient/p1/_history?_count=1")
    ]
    clock.move(timedelta(hours=2))
    for path in onward:
        get(path)
    post("/fhir/CarePlan/_search", onward[0].partition("?")[2], content_type=FORM)
    # Who may not.
    for path in every:
        see(client.get(path))
        see(client.get(path, headers=reader))
    for path in ("/fhir/CarePlan/_search", *JUDGES):
        see(client.post(path))
    see(client.post("/submissions", data=b"x"))
    see(client.post("/submissions", data=b"x", headers=reader))
    # What a clinic sends and we do not take.
    post("/submissions", b"")
    post("/submissions", b"x" * (settings.max_body + 9))
    post("/submissions", headers={"Content-Encoding": "br"})
    post("/submissions", b"other", headers={"Idempotency-Key": "k"})
    with monkeypatch.context() as patch:
        patch.setattr("gateway.access.caller.MOST_REFUSALS", 0)
        for path in every:
            see(client.get(path))
        for path in ("/fhir/CarePlan/_search", *JUDGES):
            see(client.post(path))
        see(client.post("/submissions"))
    # What the store cannot do.
    for fault in (StoreFullError, StoreError):
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", fails(fault))
            post("/submissions")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "read", fails(StoreError))
        for path in every:
            get(path)
        post("/fhir/CarePlan/_search", "", content_type=FORM)
        for path in JUDGES:
            post(path, SOUND, content_type=FHIR)

    main = {name for name in said if name.startswith(MAIN)}
    assert {name: seen[name] ^ described(said[name]) for name in main} == {name: set() for name in main}


def described(operation):
    found = set()
    for status, answer in operation["responses"].items():
        codes = answer.get("content", {}).get("application/fhir+json", {}).get("examples", ())
        found |= {(status, code) for code in codes} if status >= "400" else {(status, "")}
    return found


def fails(error):
    def call(*_):
        raise error

    return call
