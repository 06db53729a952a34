"""What the CapabilityStatement claims is there, and nothing else answers."""

import json

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from gateway.access.keys import add_key
from gateway.store.parameters import registry
from tests.ward import keep

US_CORE = "http://hl7.org/fhir/us/core/"
VALUES = {"token": "a-code", "string": "words", "date": "ge2024-01-01", "reference": "an-id"}


@pytest.fixture
def get(client, here):
    headers = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}
    return lambda path: client.get(f"/fhir/{path}", headers=headers)


@pytest.fixture
def statement(client):
    return client.get("/fhir/metadata").get_json()


@pytest.fixture
def claimed(statement):
    return {one["type"]: one for one in statement["rest"][0]["resource"]}


def test_it_is_open_cached_and_a_capability_statement_of_r4(client):
    answer = client.get("/fhir/metadata")
    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+json")
    CapabilityStatement.model_validate_json(answer.data)
    again = client.get("/fhir/metadata", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_it_names_us_core_and_our_own_address(statement, claimed):
    assert statement["instantiates"] == [f"{US_CORE}CapabilityStatement/us-core-server"]
    assert statement["implementation"]["url"] == "https://gateway.example/fhir"
    assert f"{US_CORE}StructureDefinition/us-core-patient" in claimed["Patient"]["supportedProfile"]
    combinations = [
        {part.get("valueString") for part in one["extension"]} - {None}
        for one in claimed["CarePlan"]["extension"]
        if "extension" in one
    ]
    assert {"patient", "category"} in combinations


@pytest.mark.parametrize("type", registry())
def test_every_claimed_interaction_parameter_and_include_answers(type, get, here, claimed):
    keep(here.store, "any", {"resourceType": type, "id": "one"})
    said = claimed[type]
    assert {one["code"] for one in said["interaction"]} == {"read", "vread", "history-instance", "search-type"}
    for path in (f"{type}/one", f"{type}/one/_history", f"{type}/one/_history/1", type):
        assert get(path).status_code == 200, path
    asked = [f"{one['name']}={VALUES[one['type']]}" for one in said["searchParam"]]
    asked += [f"_include={name}" for name in said.get("searchInclude", [])]
    asked += [f"_revinclude={name}" for name in said.get("searchRevInclude", [])]
    for start in range(0, len(asked), 90):
        answer = get(f"{type}?{'&'.join(asked[start : start + 90])}")
        assert answer.status_code == 200, answer.get_json()["issue"][0].get("expression")


def test_no_parameter_answers_that_is_not_claimed(get, claimed):
    names = {parameter["name"] for one in claimed.values() for parameter in one.get("searchParam", [])}
    for type in ("CarePlan", "MedicationRequest", "Goal"):
        own = {parameter["name"] for parameter in claimed[type]["searchParam"]}
        for name in names - own:
            assert get(f"{type}?{name}=x").status_code == 400, (type, name)


def test_no_type_operation_or_address_answers_that_is_not_claimed(get, claimed):
    for path in ("Unicorn", "Unicorn/1", "Bundle", "AuditEvent", "", "_history", "Patient/_history", "$export"):
        assert path not in claimed
        assert get(path).status_code in (400, 404), path
    for path in ("Patient/$everything", "DocumentReference/$docref", "Patient/one/CarePlan"):
        assert get(path).status_code == 404, path
    assert get("Binary").status_code == 404


def test_no_smart_configuration_is_announced_that_is_not_there(client, statement):
    assert client.get("/fhir/.well-known/smart-configuration").status_code in (401, 404)
    assert "oauth" not in json.dumps(statement).lower()
