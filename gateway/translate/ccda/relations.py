"""Relations: where R4 lets one resource point to another; where it has no element for it, an extension of ours."""

from typing import Any, Final

from gateway.translate.translation import Reference, Resource

RELATED: Final = "https://fhir.second-opinion.example/StructureDefinition/so-related"
# Where R4 lets a resource of one type point to one of another; `*` is any other.
_INSURED: Final = {"Coverage": "insurance", "ClaimResponse": "insurance"}
_HOLDS: Final = {
    "Observation": {"Observation": "hasMember"},
    "DiagnosticReport": {"Observation": "result"},
    "ServiceRequest": {**_INSURED, "*": "supportingInfo"},
    "DeviceRequest": {**_INSURED, "*": "supportingInfo"},
    "MedicationRequest": {**_INSURED, "*": "supportingInformation"},
    "CarePlan": {"*": "supportingInfo"},
    "CareTeam": {"Condition": "reasonReference"},
    "Goal": dict.fromkeys(
        ("Condition", "Observation", "NutritionOrder", "ServiceRequest", "RiskAssessment"), "addresses"
    ),
}
_CONDITION_RELATED: Final = "http://hl7.org/fhir/StructureDefinition/condition-related"
_GOAL_RELATIONSHIP: Final = "http://hl7.org/fhir/StructureDefinition/goal-relationship"
_MILESTONE: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/goal-relationship-type", "code": "milestone"}]
}


def tie(resource: Resource, reference: Reference) -> None:
    """Put a reference where R4 lets a resource of this type point to one of that type."""
    here, there = resource["resourceType"], reference["reference"].partition("/")[0]
    elements = _HOLDS.get(here, {})
    if here == "Condition" and there in ("Observation", "DiagnosticReport"):
        add(resource, "evidence", {"detail": [reference]})
    elif here == "DocumentReference" and there == "Encounter":
        add(resource.setdefault("context", {}), "encounter", reference)
    elif here == there == "Condition":
        add(resource, "extension", {"url": _CONDITION_RELATED, "valueReference": reference})
    elif here == there == "Goal":
        parts = [{"url": "type", "valueCodeableConcept": _MILESTONE}, {"url": "target", "valueReference": reference}]
        add(resource, "extension", {"url": _GOAL_RELATIONSHIP, "extension": parts})
    elif element := elements.get(there) or elements.get("*"):
        add(resource, element, reference)
    else:
        add(resource, "extension", {"url": RELATED, "valueReference": reference})


def add(resource: Resource, name: str, value: Any) -> None:
    """Add to a list of a resource what it does not hold yet."""
    held = resource.setdefault(name, [])
    if value not in held:
        held.append(value)
