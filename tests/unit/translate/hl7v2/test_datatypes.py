"""The datatype converters of gateway/translate/hl7v2: names, addresses, numbers, codes, identifiers."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import fhirjson
from gateway.translate.converter import NotConvertedError
from gateway.translate.hl7v2.quantity import exact

SID = "https://fhir.second-opinion.example/sid/clinic"
V2 = "http://terminology.hl7.org/CodeSystem/v2-"


def test_a_name_keeps_its_parts_its_use_and_what_one_is_called(bench):
    made = bench.convert("human_name", "Roe&van&Dyk^Ann^Mae^III^Dr.^MD^L^^^^^20200101^^PhD^Annie")
    assert made[0]["family"] == "Roe"
    assert made[0]["given"] == ["Ann", "Mae"]
    assert (made[0]["prefix"], made[0]["suffix"]) == (["Dr."], ["III", "MD", "PhD"])
    assert (made[0]["use"], made[0]["period"]) == ("official", {"start": "2020-01-01"})
    assert made[1] == {"use": "nickname", "given": ["Annie"]}
    assert bench.unread == []


def test_an_address_keeps_street_district_use_and_type(bench):
    made = bench.convert("address", "14 Ferry Lane&Ferry Lane&14^Apt 2^Millbrook^OH^43999^USA^M^^Harbor County")
    assert made["line"] == ["14 Ferry Lane Ferry Lane 14", "Apt 2"]
    assert (made["city"], made["state"], made["postalCode"], made["country"]) == ("Millbrook", "OH", "43999", "USA")
    assert (made["district"], made["type"]) == ("Harbor County", "postal")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("(555) 555-0100^PRN^PH", [{"system": "phone", "value": "(555) 555-0100", "use": "home"}]),
        ("^WPN^PH^^1^555^0100^22", [{"system": "phone", "value": "+1 555 0100 ext. 22", "use": "work"}]),
        ("^NET^Internet^a@example.org", [{"system": "email", "value": "a@example.org"}]),
        ("^^CP^^^^^^^^^555-0101", [{"system": "phone", "value": "555-0101", "use": "mobile"}]),
        ("^^FX^^^555^0198", [{"system": "fax", "value": "555 0198"}]),
    ],
)
def test_a_number_is_one_text_with_its_system_and_use(bench, sent, kept):
    assert bench.convert("telecom", sent) == kept


def test_an_identifier_stands_in_the_namespace_of_who_assigned_it(bench):
    made = bench.convert("identifier", "A1^^^LAB&2.16.840.1.113883.19.5&ISO^MR^Lakeside^20200101")
    assert made == {
        "type": {"coding": [{"system": f"{V2}0203", "code": "MR"}]},
        "system": "urn:oid:2.16.840.1.113883.19.5",
        "value": "A1",
        "period": {"start": "2020-01-01"},
        "assigner": {"display": "LAB, Lakeside"},
    }


def test_an_identifier_of_nobody_known_is_the_senders_and_that_is_said(bench):
    made = bench.convert("identifier", "A1^^^LAB")
    assert made["system"] == f"{SID}/LAB"
    assert bench.issues == ["identifier-system-unknown"]


def test_an_npi_is_known_by_its_type(bench):
    assert bench.convert("person_identifier", "123^Roe^^^^^^^^^^^NPI")["system"] == "http://hl7.org/fhir/sid/us-npi"


def test_all_three_codes_and_the_original_text_are_kept(bench):
    made = bench.convert("codeable_concept", "C50.4^Cancer^I10C^X1^Local^L^2024^^Breast ca^T2^Third^SCT")
    assert [one["system"] for one in made["coding"]] == [
        "http://hl7.org/fhir/sid/icd-10-cm",
        f"{SID}/L",
        "http://snomed.info/sct",
    ]
    assert made["coding"][0]["version"] == "2024"
    assert made["text"] == "Breast ca"


def test_words_without_a_code_are_text_alone(bench):
    assert bench.convert("codeable_concept", "^Ampicillin 250 mg") == {"text": "Ampicillin 250 mg"}


def test_a_code_that_a_site_added_to_a_table_is_the_sites(bench):
    assert bench.convert("codeable_concept", "MED^Medical^HL70281")["coding"][0]["system"] == f"{SID}/HL70281"
    assert bench.convert("codeable_concept", "SO^^HL70282")["coding"][0]["system"] == f"{V2}0282"


def test_a_unit_is_ucum_only_when_it_is_known(bench):
    assert bench.convert("quantity", "5^mg")["code"] == "mg"
    assert "code" not in bench.convert("quantity", "5^puffs")
    assert bench.issues == ["unit-not-ucum"]


def test_what_is_no_number_is_refused_without_its_value(bench):
    with pytest.raises(NotConvertedError) as refused:
        bench.convert("quantity", "three")
    assert "three" not in str(refused.value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_the_digits_sent_are_the_digits_written(number):
    found = exact(f"{number:f}")
    assert found is not None
    assert fhirjson.write(found[0]) == f"{number:f}".encode()


@pytest.mark.parametrize(
    ("sent", "number"), [("1.50", "1.50"), ("+3", "3"), (".5", "0.5"), ("<0.5", "0.5"), ("7.", "7")]
)
def test_a_number_keeps_its_trailing_zeros_and_loses_its_plus(sent, number):
    found = exact(sent)
    assert found is not None
    assert json.loads(fhirjson.write(found[0]), parse_float=str, parse_int=str) == number
    assert found[0] == Decimal(number)
