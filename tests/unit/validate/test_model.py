"""gateway/validate/model.py"""

from decimal import Decimal

import pytest

from gateway.core import r4
from gateway.core.issue import Issue, Severity
from gateway.validate import validate_bundle
from gateway.validate.model import disagreements

REASON = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
CORE = {"status": "active", "intent": "order", "subject": {"reference": "Patient/p"}}
# The models want a value where R4 is content with an extension that says why there is none.
TOO_STRICT = {"MedicationRequest.substitution"}
# What the elements of a type may hold, and what they may not.
ODD = [
    "x", " x", "", "é", "#a", "Patient/1", "http://a.example/b", "http://a b", "urn:oid:1.2", "urn:oid:3.2",
    "urn:uuid:5d5b3d9e-9c3c-4f0f-8a53-31f4b5c6f3a1", "2026", "2026-02-30", "2026-13", "2026-01-01", "10:00:00",
    "24:00:00", "2026-01-01T10:00:00Z", "2026-01-01T10:00Z", "2026-01-01T10:00:00", "2026-06-30T23:59:60Z",
    "2026-01-01T10:00:00+14:00", "AAAA", "AA=", "<b>", "x" * 65, "en-US", "mg", "male", "active", "plan",
    0, 1, -1, 2**31, Decimal("1.50"), True, None, [], {}, [{}], {"id": "x"}, REASON,
]  # fmt: skip


def with_one_element(name, depth=3):
    """A type with each of its elements in turn, wherever it stands inside, holding each of the odd values."""
    for key, element in r4.children(name).items():
        inner = [] if element.primitive or depth == 0 else with_one_element(element.type, depth - 1)
        for value in [*ODD, *inner]:
            yield {key: [value] if element.array else value}
        if element.primitive and key != "id":
            yield {f"_{key}": [REASON] if element.array else REASON}
            yield {key: ["x"] if element.array else "x", f"_{key}": [REASON] if element.array else REASON}


def test_what_the_model_does_not_accept_is_a_warning_in_its_place_without_the_value():
    issues = disagreements({"resourceType": "Patient", "contact": [{}, {"gender": 4711}]})
    assert issues == [Issue(Severity.WARNING, "model-disagrees", "Patient.contact[1].gender", "model.string_type")]


def test_a_type_that_r4b_does_not_have_is_said_to_be_unchecked():
    assert [one.rule for one in disagreements({"resourceType": "MedicinalProduct"})] == ["model.not-checked"]


@pytest.mark.parametrize(
    "sound",
    [
        {"resourceType": "Patient"},
        {"resourceType": "CarePlan", **CORE},
        {"resourceType": "MedicationRequest", **CORE, "medicationCodeableConcept": {"text": "x"}},
    ],
    ids=lambda one: one["resourceType"],
)
def test_what_we_accept_the_models_accept(sound):
    """Nobody need ask them on every resource: they know nothing that we do not."""
    tried = 0
    for change in with_one_element(sound["resourceType"], depth=1):
        resource = {**sound, **change}
        if not any(one.severity is Severity.ERROR for one in validate_bundle(resource)):
            tried += 1
            assert {one.path for one in disagreements(resource)} <= TOO_STRICT, change
    assert tried > 100
