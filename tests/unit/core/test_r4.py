"""gateway/core/r4.py"""

import pytest

from gateway.core import r4
from gateway.validate.element_table import table
from gateway.validate.packages import core_available, core_package, definitions


@pytest.mark.parametrize(
    ("path", "type", "array", "primitive"),
    [
        ("Patient.name.family", "string", False, True),
        ("HumanName.given", "string", True, True),
        ("Patient.deceasedBoolean", "boolean", False, True),
        ("CarePlan.activity.detail.code", "CodeableConcept", False, False),
        ("Observation.component.valueQuantity.value", "decimal", False, True),
        ("Bundle.entry.link.relation", "string", False, True),
        ("Patient.contact", "Patient.contact", True, False),
        ("Patient.contained", "Resource", True, False),
        ("Patient.contained.Practitioner.name.family", "string", False, True),
        ("Bundle.entry.resource.Patient.birthDate", "date", False, True),
        ("Patient._birthDate.extension", "Extension", True, False),
        ("Patient.id", "id", False, True),
        ("Patient.text.div", "xhtml", False, True),
    ],
)
def test_a_path_of_json_names_leads_to_its_element(path, type, array, primitive):
    found = r4.element(path)
    assert found is not None
    assert (found.type, found.array, found.primitive) == (type, array, primitive)


@pytest.mark.parametrize("path", ["Patient.nickname", "Patient.deceased[x]", "Patinet.name", "Patient._name", ""])
def test_what_r4_does_not_have_is_none(path):
    assert r4.element(path) is None


def test_a_required_binding_names_its_value_set():
    assert r4.element("Patient.gender").binding == "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert r4.element("Patient.maritalStatus").binding == ""


def test_required_elements_and_alternatives_of_a_choice_say_so():
    assert r4.element("CarePlan.status").required
    assert r4.element("MedicationRequest.medicationReference").required
    assert r4.element("MedicationRequest.medicationReference").choice == "medication"


def test_elements_stand_in_the_order_of_the_definition():
    assert list(r4.children("Period")) == ["id", "extension", "start", "end"]
    assert list(r4.children("Patient.communication"))[-2:] == ["language", "preferred"]
    assert list(r4.children("Patient.name.period"))[-2:] == ["start", "end"]
    assert not r4.children("Patient.birthDate")


def test_reference_targets_are_those_of_the_definition():
    assert r4.reference_targets("Patient.generalPractitioner") == ("Organization", "Practitioner", "PractitionerRole")
    assert r4.reference_targets("Provenance.target") == ()


def test_only_concrete_resources_are_resources():
    assert r4.is_resource("CarePlan")
    assert not any(map(r4.is_resource, ("DomainResource", "Resource", "HumanName", "Patient.contact", "careplan")))
    assert len(r4.resource_types()) == 146


def test_every_type_of_every_element_can_be_looked_up():
    waiting, seen = list(r4.resource_types()), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        assert r4.definition(name) is not None, name
        waiting += {one.type for one in r4.children(name).values() if not one.primitive} - seen


@pytest.mark.skipif(not core_available(), reason="the R4 core package is not installed")
def test_the_table_is_the_one_that_the_core_package_gives():
    assert table(definitions(core_package(), "StructureDefinition")) == r4.TABLE.read_bytes()
