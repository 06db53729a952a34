"""gateway/validate/model.py"""

from gateway.core.issue import Issue, Severity
from gateway.validate import model
from gateway.validate.scope import Found, Place, Scope


def judged(resource):
    found = Found(resource)
    model.check(resource, Place(None, resource["resourceType"]), Scope(resource, Place(None, "x"), found))
    return found.issues


def test_what_the_model_does_not_accept_is_an_issue_in_its_place_without_the_value():
    issues = judged({"resourceType": "Patient", "contact": [{}, {"gender": 4711}]})
    assert issues == [Issue(Severity.ERROR, "model-disagrees", "Patient.contact[1].gender", "model.string_type")]


def test_exact_decimals_and_our_own_shapes_are_accepted():
    dose = {"doseAndRate": [{"doseQuantity": {"value": 5}}]}
    drug = {
        "resourceType": "MedicationRequest",
        "status": "unknown",
        "intent": "plan",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "x"},
        "dosageInstruction": [dose],
        "reportedBoolean": True,
    }
    assert judged(drug) == []
