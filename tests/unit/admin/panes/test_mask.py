"""gateway/admin/panes/mask.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admin.panes.mask import Kind, kind, mask


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Patient/p1.name[0]", Kind.NAME),
        ("Patient/p1.name[0].family", Kind.NAME),
        ("Patient/p1.identifier[1].value", Kind.IDENTIFIER),
        ("Patient/p1.birthDate", Kind.DATE),
        ("Patient/p1.address[0].line[0]", Kind.TEXT),
        ("Patient/p1.address[0].city", Kind.PLAIN),
        ("Patient/p1.telecom[0].value", Kind.TEXT),
        ("Patient/p1.gender", Kind.CODED),
        ("MedicationRequest/m.medicationCodeableConcept", Kind.CODED),
        ("MedicationRequest/m.medicationCodeableConcept.text", Kind.TEXT),
        ("MedicationRequest/m.medicationCodeableConcept.coding[0].display", Kind.PLAIN),
        ("MedicationRequest/m.subject.reference", Kind.PLAIN),
        ("MedicationRequest/m.note[0].text", Kind.TEXT),
        ("Observation/o.valueQuantity.value", Kind.PLAIN),
        ("Provenance/p.extension[0].valueString", Kind.TEXT),
        ("Patient/p1.extension(http://x).valueString", Kind.TEXT),
        ("nothing", Kind.TEXT),
        ("", Kind.TEXT),
    ],
)
def test_the_kind_of_a_value_is_read_from_the_element_that_it_went_to(path, expected):
    assert kind(path) is expected


@pytest.mark.parametrize(
    ("value", "of", "seen"),
    [
        ("Canarysson", Kind.NAME, "C‹10›"),
        ("19670412", Kind.DATE, "1967‹8›"),
        ("CN-554433", Kind.IDENTIFIER, "‹9›33"),
        ("1234", Kind.IDENTIFIER, "‹4›"),
        ("C34.1", Kind.CODED, "C34.1"),
        ("two words", Kind.CODED, "‹9›"),
        ("http://loinc.org", Kind.CODED, "http://loinc.org"),
        ("she said so", Kind.TEXT, "‹11›"),
        ("500", Kind.PLAIN, "500"),
        ("^~\\&", Kind.TEXT, "^~\\&"),
    ],
)
def test_what_may_be_seen_of_a_value(value, of, seen):
    assert mask(value, of) == seen


@given(st.text(min_size=6), st.sampled_from([Kind.TEXT, Kind.NAME, Kind.IDENTIFIER, Kind.DATE]))
def test_nothing_of_a_patient_is_ever_whole(value, of):
    assert value not in mask(value, of) or not any(letter.isalnum() for letter in value)
