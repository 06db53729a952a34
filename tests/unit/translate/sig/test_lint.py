"""gateway/translate/sig: what a person should look at is told with its place, and nothing is changed for it."""

import json

import pytest

from gateway.core.submission import Sender
from gateway.pipeline import process

LINTS = {"sig-trailing-zero", "sig-naked-decimal", "sig-decimal-comma", "methotrexate-daily", "days-off-missing"}


def submit(*rows, **sections):
    form = {"form": "second-opinion-referral", "version": 1, "patient": {"family": "A"}}
    return process(
        json.dumps({**form, "medicines": {"medicine": rows}, **sections}).encode(), sender=Sender("riverbend")
    )


def requests(outcome):
    entries = (entry["resource"] for entry in outcome.bundle["entry"])
    return [one for one in entries if one["resourceType"] == "MedicationRequest"]


def found(name, directions, **more):
    outcome = submit({"name": name, "directions": directions, **more})
    assert requests(outcome)[0]["dosageInstruction"][0]["text"] == directions
    return {one.code for one in outcome.issues if one.code in LINTS}


@pytest.mark.parametrize(
    ("directions", "lint"),
    [
        ("1.0 mg PO daily", "sig-trailing-zero"),
        ("take 2.50mg", "sig-trailing-zero"),
        (".5 mg PO daily", "sig-naked-decimal"),
        ("5,0 mg PO daily", "sig-decimal-comma"),
        ("0,125 mg PO daily", "sig-decimal-comma"),
    ],
)
def test_a_number_that_is_easily_misread_is_told(directions, lint):
    assert found("Drug", directions) == {lint}


@pytest.mark.parametrize(
    "directions",
    ["10 mg PO daily", "2.5 mg", "1000 mg/m2 d1,8 q21d", "1,500 mg daily", "version 1.0 of the plan", "10.05 mg"],
)
def test_a_number_that_is_not_is_not(directions):
    assert found("Drug", directions) == set()


@pytest.mark.parametrize(
    ("name", "directions", "lint"),
    [
        ("Methotrexate", "2.5 mg by mouth daily", "methotrexate-daily"),
        ("Methotrexate 2.5 mg tablet", "4 tablets PO every morning", "methotrexate-daily"),
        ("methotrexate", "as the rheumatologist said, by mouth BID", "methotrexate-daily"),
        ("Methotrexate", "15 mg by mouth once a week", None),
        ("Methotrexate", "by mouth once a week, never daily", None),
        ("Methotrexate", "12 mg intrathecal daily", None),
        ("Capecitabine", "1500 mg PO BID", "days-off-missing"),
        ("Capecitabine", "1500 mg PO BID days 1-14 of a 21-day cycle", None),
        ("Capecitabine", "1500 mg PO BID for 14 days", None),
        ("Tamoxifen", "20 mg PO daily", None),
    ],
)
def test_a_drug_by_mouth_is_told_where_its_days_are_not_those_that_are_usual(name, directions, lint):
    assert found(name, directions) == ({lint} if lint else set())


def test_a_finding_says_where():
    [issue] = [one for one in submit({"name": "Drug", "directions": ".5 mg"}).issues if one.code in LINTS]
    assert (issue.location, issue.path) == (
        "/medicines/medicine/0/directions",
        "MedicationRequest.dosageInstruction[0]",
    )


def test_a_drug_that_is_named_and_no_more_gains_its_code():
    codings = [
        one["medicationCodeableConcept"].get("coding")
        for one in requests(submit({"name": " METHOTREXATE"}, {"name": "Methotrexate 2.5 mg"}, {"name": "metotrexate"}))
    ]
    rxnorm = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6851", "userSelected": False}
    assert codings == [[rxnorm], None, None]


def test_codes_of_the_source_stand_first_and_an_ndc_as_it_was_sent():
    outcome = submit({"name": "Methotrexate", "ndc": "0054455025"}, {"name": "Methotrexate", "ndc": "0054-4550-25"})
    coded = [[one["code"] for one in request["medicationCodeableConcept"]["coding"]] for request in requests(outcome)]
    assert coded == [["0054455025", "6851"], ["0054-4550-25", "6851"]]
    assert [one.location for one in outcome.issues if one.code == "ndc-ambiguous"] == ["/medicines/medicine/0"]


def test_a_cancer_drug_follows_its_profile_and_a_drug_of_a_cycle_belongs_to_one_course():
    sig = "850 mg/m2 PO BID d1-14 q21d"
    first, again, other = requests(submit(
        {"name": "Capecitabine", "directions": sig}, {"name": "capecitabine", "directions": sig}, {"name": "Ramipril"}
    ))  # fmt: skip
    assert first["meta"]["profile"] == [
        "https://fhir.second-opinion.example/StructureDefinition/so-cancer-medication-request"
    ]
    assert first["groupIdentifier"] == again["groupIdentifier"]
    assert other["meta"]["profile"] == ["https://fhir.second-opinion.example/StructureDefinition/so-medication-request"]


def test_a_drug_that_supports_a_treatment_says_so_where_it_stands_in_a_regimen():
    def intent(directions):
        extensions = requests(submit({"name": "Ondansetron", "directions": directions}))[0].get("extension", ())
        return [one["valueCodeableConcept"]["coding"][0]["code"] for one in extensions if "valueCodeableConcept" in one]

    assert intent("8 mg PO BID d1-3 q21d") == ["399707004"]
    assert intent("8 mg PO BID") == []
