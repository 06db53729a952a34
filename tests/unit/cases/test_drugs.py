"""gateway/cases/drugs.py: what a person should look at among the drugs of a patient."""

from decimal import Decimal

import pytest

from gateway.cases.drugs import Mention, concerns


def drug(text, dose="", unit="mg", **more):
    amount = {"doseQuantity": {"value": Decimal(dose), "unit": unit}} if dose else {}
    dosage = {"text": f"{dose} {unit}", "doseAndRate": [amount]} if dose else {}
    return {"status": "active", "medicationCodeableConcept": {"text": text}, "dosageInstruction": [dosage], **more}


def codes(*requests):
    return [one.code for one in concerns(requests, ())]


def test_two_fluoropyrimidines_at_a_time_are_told_with_their_names():
    [found] = concerns([drug("Capecitabine 500 mg"), drug("5-Fluorouracil"), drug("Ramipril")], ())
    assert found == ("two-fluoropyrimidines", ("Capecitabine 500 mg", "5-Fluorouracil"))


def test_one_after_the_other_or_the_same_twice_are_not():
    assert codes(drug("Capecitabine 500 mg"), drug("Capecitabine 150 mg")) == []
    assert codes(drug("Capecitabine"), drug("Fluorouracil", status="completed")) == []
    assert codes(drug("Capecitabine"), drug("Fluorouracil", doNotPerform=True)) == []


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([("s1", "75"), ("s2", "751")], "75 mg, then 751 mg"),
        ([("s1", "750"), ("s2", "74")], "750 mg, then 74 mg"),
        ([("s1", "75"), ("s2", "750.5"), ("s3", "750.5")], "75 mg, then 750.5 mg"),
        ([("s1", "75"), ("s2", "750")], ""),
        ([("s1", "5"), ("s1", "60")], ""),  # a taper is one telling
        ([("s1", "5"), ("s1", "60"), ("s2", "60")], ""),
        ([("s1", "1"), ("s2", "8"), ("s3", "20")], ""),
    ],
)
def test_a_dose_more_than_ten_times_that_of_the_submission_before_is_told(told, found):
    said = [one.drugs[0] for one in concerns((), [Mention(one, drug("Docetaxel", dose)) for one, dose in told])]
    assert said == ([f"Docetaxel: {found}"] if found else [])


def test_another_unit_another_drug_and_what_was_an_error_are_not_compared():
    mentions = [
        Mention("s1", drug("Docetaxel", "1")),
        Mention("s2", drug("Docetaxel", "900", "mg/m2")),
        Mention("s3", drug("Ramipril", "900")),
        Mention("s4", drug("Docetaxel", "900", status="entered-in-error")),
    ]
    assert list(concerns((), mentions)) == []
