"""gateway/validate/terminology_server.py: what a server tells, and that nothing waits for one that is silent."""

import pytest
import requests
import responses

from gateway.core.issue import Severity
from gateway.validate.definitions import Library, core_plan
from gateway.validate.judge import Judge
from gateway.validate.terminology_server import TerminologyServer, settled

BASE = "https://terminology.example/r4"
SET = "https://a.example/ValueSet/findings"
SNOMED = "http://snomed.info/sct"
OPEN = {
    "resourceType": "ValueSet",
    "url": SET,
    "compose": {"include": [{"system": SNOMED, "filter": [{"property": "concept", "op": "is-a", "value": "1"}]}]},
}
SAID = {"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": True}]}
DENIED = {"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": False}]}


@pytest.fixture
def server():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def answer(server, **more):
    server.get(f"{BASE}/ValueSet/$validate-code", **more)


def judged(strength, *codes):
    bound = {"path": "Basic.code", "binding": {"strength": strength, "valueSet": SET}}
    profile = {
        "resourceType": "StructureDefinition",
        "url": "urn:it",
        "type": "Basic",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Basic",
        "differential": {"element": [{"path": "Basic"}, bound]},
    }
    coded = [{"system": SNOMED, "code": code} for code in codes]
    resource = {"resourceType": "Basic", "meta": {"profile": ["urn:it"]}, "code": {"coding": coded, "text": "Testrup"}}
    found = Judge(Library([profile, OPEN], core_plan())).examine(resource)
    return {(one.severity, one.rule) for one in settled(found, TerminologyServer(BASE)) if one.path == "Basic.code"}


@pytest.mark.parametrize(
    ("strength", "body", "expected"),
    [
        ("required", SAID, set()),
        ("required", DENIED, {(Severity.ERROR, "binding.required")}),
        ("extensible", DENIED, {(Severity.WARNING, "binding.extensible")}),
        ("required", {"resourceType": "Parameters"}, {(Severity.INFORMATION, "binding.not-checked")}),
        ("required", [], {(Severity.INFORMATION, "binding.not-checked")}),
    ],
)
def test_the_server_decides_what_could_not_be_told_here(server, strength, body, expected):
    answer(server, json=body)
    assert judged(strength, "254837009") == expected


@pytest.mark.parametrize("more", [{"status": 404}, {"status": 503}, {"body": requests.Timeout()}, {"body": "<html>"}])
def test_without_an_answer_the_code_is_still_said_to_be_unchecked(server, more):
    answer(server, **more)
    assert judged("required", "254837009") == {(Severity.INFORMATION, "binding.not-checked")}


def test_one_coding_that_fits_is_enough(server):
    answer(server, json=DENIED)
    answer(server, json=SAID)
    assert judged("required", "254837009", "254838004") == set()


def test_only_value_set_system_and_code_leave_the_house(server):
    answer(server, json=SAID)
    judged("required", "254837009")
    (call,) = server.calls
    assert call.request.params == {"url": SET, "system": SNOMED, "code": "254837009"}
    assert call.request.body is None


def test_an_answer_is_remembered_for_a_day(server):
    answer(server, json=DENIED)
    clock = [0.0]
    asked = TerminologyServer(BASE, now=lambda: clock[0])
    assert [asked.holds(SET, SNOMED, "1") for _ in range(3)] == [False] * 3
    assert len(server.calls) == 1
    clock[0] = 25 * 3600
    assert asked.holds(SET, SNOMED, "1") is False
    assert len(server.calls) == 2


def test_a_server_that_fails_is_left_in_peace_and_tried_once_after_a_minute(server):
    answer(server, status=503)
    clock = [100.0]
    asked = TerminologyServer(BASE, now=lambda: clock[0])
    assert {asked.holds(SET, SNOMED, str(code)) for code in range(20)} == {None}
    assert len(server.calls) == 5
    clock[0] += 61
    assert {asked.holds(SET, SNOMED, str(code)) for code in range(20)} == {None}
    assert len(server.calls) == 6
    server.replace("GET", f"{BASE}/ValueSet/$validate-code", json=SAID)
    clock[0] += 61
    assert [asked.holds(SET, SNOMED, str(code)) for code in range(3)] == [True] * 3
