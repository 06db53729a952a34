"""Invented patients with a few resources each, put into a store as two clinics would."""

from typing import Any

from gateway.store import resources
from gateway.store.engine import Store

Resource = dict[str, Any]
AT = "2026-03-01T08:00:00.000000Z"
LATER = "2026-03-01T09:00:00.000000Z"
PLAN_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"


def keep(store: Store, clinic: str, *found: Resource, at: str = AT) -> list[bool]:
    """Save resources for a clinic, each in a transaction of its own; True for each new version."""
    return [
        store.write(lambda connection, one=one: resources.save(connection, one, submission="s-1", clinic=clinic, at=at))
        for one in found
    ]


def patient(id: str, family: str, *given: str, **rest: Any) -> Resource:
    """A patient with a name and an identifier made of the id."""
    name = [{"family": family, "given": list(given)}]
    return {
        "resourceType": "Patient",
        "id": id,
        "identifier": [{"system": "urn:ward:mrn", "value": f"MRN-{id}"}],
        "name": name,
        "gender": "female",
    } | rest


def care_plan(id: str, patient: str, **rest: Any) -> Resource:
    """An active plan of the category that US Core asks for."""
    return {
        "resourceType": "CarePlan",
        "id": id,
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": PLAN_CATEGORY, "code": "assess-plan"}]}],
        "subject": {"reference": f"Patient/{patient}"},
    } | rest


def condition(id: str, patient: str, **rest: Any) -> Resource:
    """A condition without more than a word for it."""
    return {
        "resourceType": "Condition",
        "id": id,
        "code": {"text": "Ward sample finding"},
        "subject": {"reference": f"Patient/{patient}"},
    } | rest


def provenance(id: str, *targets: str) -> Resource:
    """Where these came from."""
    return {
        "resourceType": "Provenance",
        "id": id,
        "target": [{"reference": target} for target in targets],
        "recorded": AT,
        "agent": [{"who": {"display": "The ward's system"}}],
    }
