"""gateway/translate/fhir: what becomes of FHIR that comes in."""

import copy
import importlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.core import fhirjson
from gateway.core.errors import MultiPatientError
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.pipeline import process

FIXTURES = Path("tests/fixtures/fhir")
EXAMPLES = Path("../shared/corpora/fhir")
MADE_BY_US = ("DocumentReference", "Provenance", "Task")
RIVERBEND = Sender("riverbend")


def convert(sent: Any, sender: Sender = RIVERBEND) -> Outcome:
    return process(sent if isinstance(sent, bytes) else json.dumps(sent).encode(), sender=sender, judge=False)


def made(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        entry["resource"]
        for entry in outcome.bundle.get("entry", [])
        if entry["resource"]["resourceType"] not in MADE_BY_US
    ]


def one(outcome: Outcome, type: str) -> dict[str, Any]:
    (found,) = (resource for resource in made(outcome) if resource["resourceType"] == type)
    return found


def states(outcome: Outcome) -> dict[str, str]:
    return {entry.location: entry.state.value for entry in outcome.ledger}


def codes(outcome: Outcome) -> list[str]:
    return [issue.code for issue in outcome.issues]


def bundle(*resources: Any, type: str = "collection") -> dict[str, Any]:
    entries = [one if "resource" in one else {"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": type, "entry": entries}


TRANSACTION = json.loads((FIXTURES / "transaction.json").read_text())
PATIENT = json.loads((FIXTURES / "patient.json").read_text())
ABOUT = {"resourceType": "Condition", "subject": {"reference": "Patient/hb-4417"}, "code": {"text": "Melanoma"}}


# --- ids and references ---------------------------------------------------------------------------------------


def test_json_and_xml_of_one_bundle_give_the_same_resources():
    json_made, xml_made = (made(convert((FIXTURES / f"transaction.{end}").read_bytes())) for end in ("json", "xml"))
    assert json_made == xml_made


def test_the_same_bytes_give_the_same_bytes():
    sent = (FIXTURES / "transaction.json").read_bytes()
    assert fhirjson.write(convert(sent).bundle) == fhirjson.write(convert(sent).bundle)


def test_a_patient_has_one_id_by_its_identifier_in_a_bundle_and_alone_and_another_at_another_clinic():
    inside, alone = one(convert(TRANSACTION), "Patient"), one(convert(PATIENT), "Patient")
    elsewhere = one(convert(PATIENT, Sender("lakeside")), "Patient")
    assert inside["id"] == alone["id"]
    assert alone["id"] != elsewhere["id"]


def test_every_reference_points_to_a_resource_of_the_bundle():
    outcome = convert(TRANSACTION)
    names = {f"{one['resourceType']}/{one['id']}" for one in (e["resource"] for e in outcome.bundle["entry"])}

    def references(node: Any):
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node["reference"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = [text for text in references(made(outcome)) if not text.startswith("#")]
    assert len(found) > 8
    assert set(found) <= names


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("urn:uuid:0f0a7c1e-6d1b-4a53-9d0e-2f6f0a1c0001", "urn:uuid:0f0a7c1e-6d1b-4a53-9d0e-2f6f0a1c0001"),
        ("https://ehr.example/fhir/Patient/hb-4417", "https://ehr.example/fhir/Patient/hb-4417"),
        ("https://ehr.example/fhir/Patient/hb-4417", "https://ehr.example/fhir/Patient/hb-4417/_history/3"),
        ("https://ehr.example/fhir/Patient/hb-4417", "Patient/hb-4417"),
        ("", "Patient/hb-4417"),
        ("", "Patient?identifier=urn:oid:2.999.40.1|HB-4417"),
        ("", "Patient?identifier=HB-4417"),
        ("", "Patient?identifier=urn%3Aoid%3A2.999.40.1%7CHB-4417"),
    ],
)
def test_a_reference_in_any_form_finds_its_patient(url, reference):
    about = {
        "resource": {**ABOUT, "subject": {"reference": reference}},
        "fullUrl": "https://ehr.example/fhir/Condition/1",
    }
    outcome = convert(bundle({"resource": PATIENT, "fullUrl": url}, about))
    assert one(outcome, "Condition")["subject"] == {"reference": f"Patient/{one(outcome, 'Patient')['id']}"}
    assert codes(outcome) == []


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        ({"reference": "Practitioner/77"}, {"type": "Practitioner", "display": "Practitioner/77"}),
        (
            {"reference": "Practitioner/77", "display": "Dr Quill"},
            {"type": "Practitioner", "display": "Dr Quill", "identifier": {"value": "Practitioner/77"}},
        ),
        (
            {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1999999992"},
            {"type": "Practitioner", "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999999992"}},
        ),
        ({"reference": "http://169.254.169.254/latest"}, {"display": "http://169.254.169.254/latest"}),
        ({"reference": "javascript:alert(1)"}, {"display": "javascript:alert(1)"}),
    ],
)
def test_a_reference_to_something_outside_is_kept_as_words_and_points_nowhere(reference, kept):
    outcome = convert(bundle(PATIENT, {**ABOUT, "asserter": reference}))
    assert one(outcome, "Condition")["asserter"] == kept
    assert codes(outcome) == ["reference-dangling"]
    assert states(outcome)["/entry/1/resource/asserter/reference"] == "mapped"


def test_a_contained_resource_stays_where_it_is():
    plan = one(convert(TRANSACTION), "CarePlan")
    assert plan["goal"] == [{"reference": "#goal"}]
    assert plan["contained"][0]["id"] == "goal"
    assert plan["contained"][0]["subject"]["reference"].startswith("Patient/")


def test_one_identifier_on_two_different_things_keeps_both():
    numbered = {**ABOUT, "identifier": [{"system": "urn:oid:2.999.40.9", "value": "1"}]}
    outcome = convert(bundle(PATIENT, numbered, {**numbered, "code": {"text": "Glioblastoma"}}))
    assert [one["code"]["text"] for one in made(outcome) if one["resourceType"] == "Condition"] == [
        "Melanoma",
        "Glioblastoma",
    ]
    assert codes(outcome) == ["id-reused"]


# --- what is not trusted --------------------------------------------------------------------------------------


def test_claims_of_the_sender_go_and_labels_stay():
    outcome = convert(TRANSACTION)
    assert one(outcome, "Patient")["meta"] == {
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]
    }
    said = states(outcome)
    for claim in ("versionId", "lastUpdated", "profile/0", "tag/0/code"):
        assert said[f"/entry/0/resource/meta/{claim}"] == "ignored"


def test_what_is_done_with_a_resource_is_not_the_senders_to_say():
    sent = copy.deepcopy(TRANSACTION)
    sent["entry"][0]["request"] = {"method": "DELETE", "url": "Patient/1", "ifNoneExist": ""}
    assert made(convert(sent)) == made(convert(TRANSACTION))
    assert states(convert(sent))["/entry/0/request/method"] == "ignored"


def test_script_in_narrative_goes_and_is_named():
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a<script>x</script></p></div>'}
    outcome = convert({**PATIENT, "text": text})
    assert one(outcome, "Patient")["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>'
    assert codes(outcome) == ["narrative-cleaned"]


def test_two_patients_stop_the_submission():
    outcome = convert(bundle(PATIENT, {**PATIENT, "id": "x", "identifier": [{"value": "other"}]}))
    assert isinstance(outcome.error, MultiPatientError)
    assert outcome.bundle is None
    assert {entry.state.value for entry in outcome.ledger} == {"unmapped"}


def test_one_identifier_with_two_birth_dates_is_two_patients():
    assert isinstance(convert(bundle(PATIENT, {**PATIENT, "birthDate": "1990-01-01"})).error, MultiPatientError)


def test_one_patient_sent_twice_is_one():
    outcome = convert(bundle(PATIENT, {**PATIENT, "telecom": [{"system": "phone", "value": "1"}]}))
    assert one(outcome, "Patient")["telecom"] == [{"system": "phone", "value": "1"}]


# --- element by element ---------------------------------------------------------------------------------------


def test_numbers_stay_as_they_were_written():
    sent = (FIXTURES / "transaction.json").read_bytes()
    assert b'"value":85.50' in fhirjson.write(convert(sent).bundle)


@pytest.mark.parametrize(
    ("element", "value", "code"),
    [
        ("favouriteColour", "blue", "element-unknown"),
        ("birthDate", "1957-02-30", "date-unreadable"),
        ("birthDate", "03/30/1957", "date-unreadable"),
        ("active", "yes", "value-unreadable"),
        ("gender", " female", "value-unreadable"),
        ("multipleBirthInteger", "2", "value-unreadable"),
        ("name", {"family": "Holbrook"}, "structure"),
        ("maritalStatus", [{"text": "single"}], "structure"),
        ("gender", {"text": "female"}, "value-unreadable"),
    ],
)
def test_what_does_not_fit_r4_is_left_out_named_and_kept_on_the_provenance(element, value, code):
    sent = {"resourceType": "Patient", "identifier": [{"value": "8"}], element: value}
    outcome = convert(sent)
    assert element not in one(outcome, "Patient")
    assert codes(outcome) == [code]
    lost = [entry for entry in outcome.ledger if entry.state.value in ("unmapped", "failed")]
    assert len(lost) == 1
    (provenance,) = (e["resource"] for e in outcome.bundle["entry"] if e["resource"]["resourceType"] == "Provenance")
    assert lost[0].location in json.dumps(provenance["extension"])


def test_of_two_alternatives_of_a_choice_the_first_stands():
    outcome = convert({**PATIENT, "deceasedBoolean": False, "deceasedDateTime": "2020"})
    assert one(outcome, "Patient")["deceasedBoolean"] is False
    assert "deceasedDateTime" not in one(outcome, "Patient")
    assert codes(outcome) == ["second-value"]


@pytest.mark.parametrize(
    "name",
    [{"given": ["A", "B"], "_given": [None]}, {"given": ["A", "B"], "_given": [None, None, None]}, {"given": []}],
)
def test_lists_of_unequal_length_and_empty_ones_do_no_harm(name):
    outcome = convert({**PATIENT, "name": [{"family": "Holbrook", **name}]})
    kept = {"family": "Holbrook", **({"given": name["given"]} if name["given"] else {})}
    assert one(outcome, "Patient")["name"] == [kept]


def test_every_leaf_of_the_fixture_is_mapped_or_ignored_with_a_reason():
    outcome = convert(TRANSACTION)
    assert {entry.state.value for entry in outcome.ledger} == {"mapped", "ignored"}
    assert all(entry.path for entry in outcome.ledger if entry.state.value == "mapped")
    assert all(entry.because for entry in outcome.ledger if entry.state.value == "ignored")


def test_a_leaf_tells_the_element_that_it_became():
    outcome = convert(TRANSACTION)
    paths = {entry.location: entry.path for entry in outcome.ledger}
    patient = one(outcome, "Patient")
    assert paths["/entry/0/resource/name/0/given/1"] == f"Patient/{patient['id']}.name[0].given[1]"


# --- medications ----------------------------------------------------------------------------------------------


def statement(**more: Any) -> dict[str, Any]:
    sent = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": "Aspirin 81 mg"},
        "subject": {"reference": "Patient/hb-4417"},
        **more,
    }
    return one(convert(bundle(PATIENT, sent)), "MedicationRequest")


def test_a_statement_becomes_a_reported_plan_and_no_order():
    found = statement(dosage=[{"text": "one in the morning"}], effectivePeriod={"start": "2025-06"})
    assert (found["intent"], found["status"], found["reportedBoolean"]) == ("plan", "active", True)
    assert found["medicationCodeableConcept"] == {"text": "Aspirin 81 mg"}
    assert found["dosageInstruction"] == [
        {"text": "one in the morning", "timing": {"repeat": {"boundsPeriod": {"start": "2025-06"}}}}
    ]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("not-taken", "stopped"),
        ("intended", "draft"),
        ("unknown", "unknown"),
        ("on-hold", "on-hold"),
        ("odd", "unknown"),
    ],
)
def test_a_drug_that_is_not_taken_is_never_active(sent, status):
    assert statement(status=sent)["status"] == status


def test_a_drug_that_is_not_taken_says_so():
    assert statement(status="not-taken")["statusReason"] == {"text": "not-taken"}


def test_who_said_it_is_who_reported_it():
    assert statement(informationSource={"reference": "Patient/hb-4417"})["reportedReference"]["reference"].startswith(
        "Patient/"
    )


def test_a_reference_to_a_statement_follows_it():
    sent = statement()
    listed = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "subject": {"reference": "Patient/hb-4417"},
    }
    listed["entry"] = [{"item": {"reference": "MedicationStatement/m", "type": "MedicationStatement"}}]
    source = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "active",
        "subject": {"reference": "Patient/hb-4417"},
    }
    outcome = convert(bundle(PATIENT, {**source, "medicationCodeableConcept": {"text": "x"}}, listed))
    item = one(outcome, "List")["entry"][0]["item"]
    assert item == {
        "reference": f"MedicationRequest/{one(outcome, 'MedicationRequest')['id']}",
        "type": "MedicationRequest",
    }
    assert sent["resourceType"] == "MedicationRequest"


def test_an_order_from_outside_is_reported_by_somebody_else():
    requests = [one for one in made(convert(TRANSACTION)) if one["resourceType"] == "MedicationRequest"]
    assert requests[0]["reportedBoolean"] is True
    assert requests[0]["dosageInstruction"][0]["text"] == "85 mg/m2 iv on day 1, every 14 days"


def test_directions_that_are_easily_misread_are_told_and_stay_as_they_are():
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Docetaxel"},
        "subject": {"reference": "Patient/hb-4417"},
        "dosageInstruction": [{"text": "on day 1"}, {"text": ".5 mg daily"}],
    }
    outcome = convert(bundle(PATIENT, request))
    assert one(outcome, "MedicationRequest")["dosageInstruction"] == request["dosageInstruction"]
    [issue] = [issue for issue in outcome.issues if issue.code == "sig-naked-decimal"]
    assert (issue.location, issue.path) == ("/entry/1/resource", "MedicationRequest.dosageInstruction[1]")


# --- over public examples -------------------------------------------------------------------------------------


def examples() -> list[Path]:
    return sorted(EXAMPLES.glob("*-examples/*.json"))[:: 1 if os.environ.get("GATEWAY_CI") else 8]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs the folder ../shared/corpora/fhir")
def test_public_examples_come_through_whole_and_sound():
    for file in examples():
        outcome = convert(file.read_bytes())
        if isinstance(outcome.error, MultiPatientError):
            continue
        assert outcome.error is None, file.name
        assert not {"unmapped", "failed"} & {entry.state.value for entry in outcome.ledger}, file.name
        for resource in made(outcome):
            module = importlib.import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
            model = getattr(module, resource["resourceType"])
            try:
                model.model_validate_json(file.read_bytes())
            except ValueError:
                continue  # the example itself is not sound
            model.model_validate_json(fhirjson.write(resource))
