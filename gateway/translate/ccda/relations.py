"""Relations: where R4 lets one resource point to another; where it has no element for it, an extension of ours."""

from collections.abc import Iterable
from typing import Any, Final

from gateway.core import r4
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
    if not takes_place_in(resource, reference):
        add(*_place(resource, reference))


def takes_place_in(resource: Resource, reference: Reference) -> bool:
    """Put the encounter that something took place in where R4 has an element for it, and none stands there."""
    there = reference["reference"].partition("/")[0]
    if there != "Encounter" or r4.element(f"{resource['resourceType']}.encounter") is None:
        return False
    return bool(resource.setdefault("encounter", reference) == reference)


def tie_each(resource: Resource, references: Iterable[Reference]) -> None:
    """The same of many."""
    told: dict[str, tuple[Resource, list[Any]]] = {}
    for reference in references:
        if takes_place_in(resource, reference):
            continue
        holder, name, value = _place(resource, reference)
        told.setdefault(name, (holder, []))[1].append(value)
    for name, (holder, values) in told.items():
        add_each(holder, name, values)


def _place(resource: Resource, reference: Reference) -> tuple[Resource, str, Any]:
    """What holds the list that a reference belongs to, the list's name, and the reference as it stands there."""
    here, there = resource["resourceType"], reference["reference"].partition("/")[0]
    elements = _HOLDS.get(here, {})
    if here == "Condition" and there in ("Observation", "DiagnosticReport"):
        return resource, "evidence", {"detail": [reference]}
    if here == "DocumentReference" and there == "Encounter":
        return resource.setdefault("context", {}), "encounter", reference
    if here == there == "Condition":
        return resource, "extension", {"url": _CONDITION_RELATED, "valueReference": reference}
    if here == there == "Goal":
        parts = [{"url": "type", "valueCodeableConcept": _MILESTONE}, {"url": "target", "valueReference": reference}]
        return resource, "extension", {"url": _GOAL_RELATIONSHIP, "extension": parts}
    if element := elements.get(there) or elements.get("*"):
        return resource, element, reference
    return resource, "extension", {"url": RELATED, "valueReference": reference}


def add(resource: Resource, name: str, value: Any) -> None:
    """Add to a list of a resource what it does not hold yet."""
    held = resource.setdefault(name, [])
    if value not in held:
        held.append(value)


def add_each(resource: Resource, name: str, values: Iterable[Any]) -> None:
    """The same of many: those that stand there are looked up, since a section may have thousands."""
    held = resource.setdefault(name, [])
    known = set(map(str, held))
    for value in values:
        if (said := str(value)) not in known:
            known.add(said)
            held.append(value)
