"""gateway/cases/sensitivity.py and what becomes of labels from the source to the store."""

import json
from pathlib import Path

import pytest

import gateway
from gateway import pipeline
from gateway.cases import sensitive
from gateway.core.labels import label, labels_of
from gateway.core.submission import Sender

MSH = "MSH|^~\\&|HIS|EAST|GW|SO|20260302090000-0600||{}|1|P|2.5.1\r"
PID = "PID|1||M-77^^^EAST^MR||Okafor^Amara||19610409|F\r"
FIXTURE = Path("tests/fixtures/ccda/care_plan.xml")
THO = "http://terminology.hl7.org/CodeSystem"


def codes(resource):
    return {one["code"] for one in labels_of(resource)}


def by_type(outcome):
    return {entry["resource"]["resourceType"]: entry["resource"] for entry in outcome.bundle["entry"]}


def sent(*segments, event="ADT^A08", sender=Sender()):  # noqa: B008 - frozen
    body = (MSH.format(event) + PID + "".join(f"{one}\r" for one in segments)).encode()
    return pipeline.process(body, sender=sender)


@pytest.mark.parametrize("code", ["51969-4", "81247-9", "69548-6"])
@pytest.mark.parametrize(
    ("type", "element"), [("DocumentReference", "type"), ("DiagnosticReport", "code"), ("Observation", "code")]
)
def test_what_is_about_genes_is_labelled_whatever_its_sender_says(type, element, code):
    resource = {"resourceType": type, "id": "g", element: {"coding": [{"system": "http://loinc.org", "code": code}]}}
    (made,) = sensitive([resource], Sender())
    assert codes(made) == {"GDIS"}


def test_the_results_of_a_labelled_report_are_labelled_and_others_are_not():
    report = {
        "resourceType": "DiagnosticReport",
        "id": "d",
        "category": [{"coding": [{"system": f"{THO}/v2-0074", "code": "GE"}]}],
        "result": [{"reference": "Observation/o"}],
    }
    result, other = ({"resourceType": "Observation", "id": id} for id in ("o", "x"))
    made = {one["id"]: codes(one) for one in sensitive([result, other, report], Sender())}
    assert made == {"o": {"GDIS"}, "x": set(), "d": {"GDIS"}}


@pytest.mark.parametrize(
    ("segments", "type", "expected"),
    [
        (["PV1|1|I||||||||||||||VIP"], "Encounter", {"CEL"}),
        (["PD1||||||||||||Y"], "Patient", {"R"}),
        (["ARV|1|A^Add|HIV"], "Patient", {"HIV"}),
        (["ARV|1|A^Add|PSY~STD"], "Patient", {"PSY", "STD"}),
        (["DG1|1||F32.9^Depression^I10|||A||||||||||||Y"], "Condition", {"R"}),
    ],
)
def test_what_a_message_protects_is_labelled_and_so_is_everything_that_holds_it(segments, type, expected):
    outcome = sent(*segments)
    found = by_type(outcome)
    assert expected <= codes(found[type])
    for whole in (outcome.bundle, found["DocumentReference"], found["Provenance"]):
        assert expected <= codes(whole)


def test_the_highest_level_of_a_document_stands_for_the_whole():
    outcome = sent("PD1||||||||||||Y", "PV1|1|I|||||||||||||||||||||||||", "PV2||||||||||||||||||||||V")
    assert [one["code"] for one in labels_of(outcome.bundle)][:1] == ["V"]
    assert codes(by_type(outcome)["Patient"]) == {"R"}


def test_a_clinical_document_labels_what_its_restricted_section_became():
    body = FIXTURE.read_text("utf-8").replace('<confidentialityCode code="N"', '<confidentialityCode code="V"', 1)
    outcome = gateway.convert(body.encode())
    assert codes(outcome.bundle) == codes(by_type(outcome)["Composition"]) == {"V"}
    assert codes(by_type(outcome)["CarePlan"]) == {"V"}


def test_all_that_a_part_2_programme_sends_bears_its_labels():
    outcome = sent("PV1|1|I", sender=Sender(clinic="c", labels=("42CFRPart2", "R")))
    for entry in outcome.bundle["entry"]:
        assert {"42CFRPart2", "R"} <= codes(entry["resource"])
    assert labels_of(outcome.bundle) == [label("R"), label("42CFRPart2")]
    assert outcome.sound, json.dumps([issue.code for issue in outcome.issues])
