"""gateway/validate/command.py"""

import json

import responses

from gateway.validate.command import run

CORE = "http://hl7.org/fhir/StructureDefinition/"


def outcomes(*files, **asked):
    return [json.loads(line) for line in run([str(file) for file in files], **asked)]


def test_each_file_has_its_own_outcome_and_a_bad_one_stops_nothing(tmp_path):
    sound, broken, wrong = (tmp_path / name for name in ("sound.json", "broken.json", "wrong.json"))
    sound.write_text('{"resourceType": "Patient", "gender": "female"}')
    broken.write_text('{"resourceType": "Patient", "gender": "female", "gender": "male"}')
    wrong.write_text('{"resourceType": "Patient", "gender": "f"}')
    found = outcomes(sound, tmp_path / "absent.json", broken, wrong)
    assert {one["resourceType"] for one in found} == {"OperationOutcome"}
    assert [one["issue"][0]["severity"] for one in found] == ["information", "error", "error", "error"]
    assert found[0]["issue"] == [{"severity": "information", "code": "informational"}]
    assert found[3]["issue"][0]["expression"] == ["Patient.gender"]


def test_the_models_of_another_library_are_asked_when_that_is_wished(tmp_path):
    reason = {"extension": [{"url": f"{CORE}data-absent-reason", "valueCode": "unknown"}]}
    patient = {"resourceType": "Patient", "_id": reason}
    (tmp_path / "patient.json").write_text(json.dumps(patient))
    (alone,) = outcomes(tmp_path / "patient.json")
    (asked,) = outcomes(tmp_path / "patient.json", second_opinion=True)
    assert [one["severity"] for one in alone["issue"]] == ["information"]
    assert [(one["severity"], one["expression"]) for one in asked["issue"]] == [("warning", ["Patient._id"])]


def test_a_profile_from_a_file_is_judged(tmp_path):
    profile = {
        "resourceType": "StructureDefinition", "url": "urn:profile", "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": [{"path": "Patient"}, {"path": "Patient.name", "min": 1}]},
    }  # fmt: skip
    (tmp_path / "profile.json").write_text(json.dumps(profile))
    (tmp_path / "patient.json").write_text('{"resourceType": "Patient", "gender": "female"}')
    (found,) = outcomes(tmp_path / "patient.json", profiles=["urn:profile"], packages=[str(tmp_path / "profile.json")])
    assert found["issue"][0]["expression"] == ["Patient", "Patient.name"]
    assert found["issue"][0]["code"] == "required"


def test_a_terminology_server_is_asked_when_one_is_named(tmp_path):
    known = {
        "resourceType": "ValueSet", "url": "urn:set",
        "compose": {"include": [{"system": "http://loinc.org", "filter": [{"property": "x", "op": "exists"}]}]},
    }  # fmt: skip
    profile = {
        "resourceType": "StructureDefinition", "url": "urn:profile", "type": "Basic", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Basic",
        "differential": {"element": [
            {"path": "Basic"},
            {"path": "Basic.code", "binding": {"strength": "required", "valueSet": "urn:set"}},
        ]},
    }  # fmt: skip
    for name, one in (("set", known), ("profile", profile)):
        (tmp_path / f"{name}.json").write_text(json.dumps(one))
    coded = {"coding": [{"system": "http://loinc.org", "code": "1234-5"}]}
    (tmp_path / "basic.json").write_text(json.dumps({"resourceType": "Basic", "code": coded}))
    with responses.RequestsMock() as server:
        server.get(
            "https://t.example/ValueSet/$validate-code",
            json={"resourceType": "Parameters", "parameter": [{"name": "result", "valueBoolean": False}]},
        )
        (found,) = outcomes(
            tmp_path / "basic.json", profiles=["urn:profile"], packages=[str(tmp_path)], terminology="https://t.example"
        )
    assert [(one["severity"], one["expression"]) for one in found["issue"]] == [("error", ["Basic.code"])]
