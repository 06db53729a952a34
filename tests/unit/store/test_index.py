"""gateway/store/index.py"""

import json

import pytest

from gateway.store.index import elements, fold, literal, patient_of, search_rows
from gateway.store.parameters import registry
from tests.ward import patient


def test_texts_are_compared_without_case_marks_and_extra_blanks():
    assert fold("  Ångström   MÜLLER ") == "angstrom muller"


def test_a_name_is_found_by_each_of_its_parts():
    rows = search_rows(registry()["Patient"], patient("p", "Lindqvist", "Åsa", "Maj", birthDate="1980-02"))
    assert {folded for name, _, folded in rows.strings if name == "name"} == {"lindqvist", "asa", "maj"}
    assert {folded for name, _, folded in rows.strings if name == "family"} == {"lindqvist"}
    assert [low[:10] for name, low, _ in rows.dates if name == "birthdate"] == ["1980-02-01"]


def test_an_identifier_keeps_its_case_and_a_code_does_not():
    rows = search_rows(registry()["Patient"], patient("p", "L"))
    assert ("identifier", "urn:ward:mrn", "MRN-p", "MRN-p") in rows.tokens
    assert ("gender", "http://hl7.org/fhir/administrative-gender", "female", "female") in rows.tokens


def test_patient_takes_a_subject_only_when_it_is_a_patient():
    plan = {"resourceType": "CarePlan", "id": "c", "subject": {"reference": "Group/g"}}
    rows = search_rows(registry()["CarePlan"], plan)
    assert ("subject", "Group", "g") in rows.references
    assert not [row for row in rows.references if row[0] == "patient"]


def test_a_reference_to_a_version_or_by_our_address_is_a_reference_to_the_resource():
    assert literal("Patient/p/_history/3") == ("Patient", "p")
    assert literal("https://here.example/fhir/Patient/p", "https://here.example/fhir/") == ("Patient", "p")
    assert literal("https://elsewhere.example/fhir/Patient/p") == ("", "https://elsewhere.example/fhir/Patient/p")


def test_an_extension_is_read_by_its_address():
    resource = {"extension": [{"url": "urn:a", "valueDateTime": "2024"}, {"url": "urn:b", "valueDateTime": "2025"}]}
    assert elements(resource, "extension(urn:b).valueDateTime") == ["2025"]


def test_the_compartment_is_the_patient_that_the_type_names():
    assert patient_of(registry()["Coverage"], {"resourceType": "Coverage", "beneficiary": {"reference": "Patient/p"}})
    assert patient_of(registry()["Task"], {"resourceType": "Task", "for": {"reference": "Patient/p"}}) == "p"
    assert patient_of(None, {"resourceType": "Basic", "subject": {"reference": "Patient/p"}}) == "p"


_SAMPLES = {
    "token": {"coding": [{"system": "urn:s", "code": "c"}]},
    "string": "text",
    "date": "2024-01-01",
    "reference": {"reference": "Patient/p"},
}


@pytest.mark.parametrize(
    ("type", "name"), [(served.type, name) for served in registry().values() for name in served.parameters]
)
def test_every_row_of_the_registry_finds_what_it_reads(type, name):
    served = registry()[type]
    parameter = served.parameters[name]
    for path in parameter.read:
        resource = _at(path, _SAMPLES[parameter.kind], parameter)
        rows = search_rows(served, json.loads(json.dumps(resource)))
        found = [*rows.tokens, *rows.strings, *rows.dates, *rows.references]
        assert name in {row[0] for row in found}, path


def _at(path, sample, parameter):
    if parameter.targets:
        sample = {"reference": f"{parameter.targets[0]}/x"}
    if path.startswith("extension("):
        url, _, rest = path.removeprefix("extension(").partition(").")
        return {"extension": [{"url": url, rest: sample}]}
    for step in reversed(path.split(".")):
        sample = {step: [sample]}
    return sample
