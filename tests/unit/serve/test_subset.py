"""gateway/serve/subset.py"""

import pytest

from gateway.core import fhirjson
from gateway.serve.subset import Subset

ORDER = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "meta": {"versionId": "1", "tag": [{"code": "kept"}]},
    "text": {"status": "generated", "div": "<div>one</div>"},
    "status": "active",
    "intent": "order",
    "medicationReference": {"reference": "Medication/x"},
    "subject": {"reference": "Patient/p"},
    "authoredOn": "2026-01-01",
    "_authoredOn": {"id": "a"},
    "note": [{"text": "a remark"}],
}
MANDATORY = {"resourceType", "id", "meta", "status", "intent", "medicationReference", "subject"}


def part(**asked):
    return fhirjson.read_own(Subset("MedicationRequest", **asked).of(fhirjson.write(ORDER)))


@pytest.mark.parametrize("asked", [{}, {"summary": "false"}, {"summary": "count"}])
def test_the_whole_is_the_stored_bytes_themselves(asked):
    body = fhirjson.write(ORDER)
    assert Subset("MedicationRequest", **asked).of(body) is body


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ({"summary": "text"}, {"text"}),
        ({"summary": "data"}, {"authoredOn", "_authoredOn", "note"}),
        ({"summary": "true"}, {"authoredOn", "_authoredOn"}),
        ({"elements": ("authoredOn",)}, {"authoredOn", "_authoredOn"}),
        ({"elements": ("medication", "note")}, {"note"}),
        ({"elements": ("absent",)}, set()),
    ],
)
def test_a_part_keeps_what_is_asked_for_and_what_is_mandatory(asked, more):
    assert set(part(**asked)) == MANDATORY | more


def test_a_part_says_that_it_is_one_and_keeps_its_tags():
    assert [tag["code"] for tag in part(elements=("note",))["meta"]["tag"]] == ["kept", "SUBSETTED"]


def test_elements_of_one_type_leave_another_type_whole():
    other = fhirjson.write({"resourceType": "Patient", "id": "p", "gender": "female"})
    cut = fhirjson.read_own(Subset("MedicationRequest", elements=("note",)).of(other))
    assert cut["gender"] == "female"
