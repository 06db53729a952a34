"""What was read out of a submission, for the clinic's own page: enough to see that it is the right one, no more."""

from dataclasses import dataclass
from typing import Any, Final

from gateway.core.outcome import BASE

CASE_NUMBER: Final = f"{BASE}/sid/case"


@dataclass(frozen=True, slots=True)
class Summary:
    """The patient masked, what was asked, how much of each was found."""

    patient: str
    question: str
    found: tuple[tuple[str, int], ...]


_COUNTED = (
    ("Condition", "Diagnoses"),
    ("MedicationRequest", "Medicines"),
    ("Procedure", "Procedures"),
    ("AllergyIntolerance", "Allergies"),
    ("Observation", "Results"),
    ("DiagnosticReport", "Reports"),
    ("Coverage", "Insurance"),
)


def summary(bundle: dict[str, Any]) -> Summary:
    """Read the resources that came out."""
    resources = [entry.get("resource", {}) for entry in bundle.get("entry", ())]
    number = {kind: sum(one.get("resourceType") == kind for one in resources) for kind, _ in _COUNTED}
    return Summary(
        patient=next((_masked(one) for one in resources if one.get("resourceType") == "Patient"), ""),
        question=next(filter(None, map(_question, resources)), ""),
        found=tuple((title, number[kind]) for kind, title in _COUNTED if number[kind]),
    )


def missing(resources: list[dict[str, Any]]) -> tuple[str, ...]:
    """What the case's Task says that the review still waits for."""
    lacking = (
        put for task in _tasks(resources) for put in task.get("input", ()) if put.get("valueString") == "missing"
    )
    return tuple(filter(None, (_text(put.get("type", {})) for put in lacking)))


def case_number(resources: list[dict[str, Any]]) -> str:
    """The number that people call the case by, once it has one."""
    numbers = (one for task in _tasks(resources) for one in task.get("identifier", ()))
    return next((str(one["value"]) for one in numbers if one.get("system") == CASE_NUMBER), "")


def _tasks(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in resources if one.get("resourceType") == "Task"]


def _masked(patient: dict[str, Any]) -> str:
    """Initials and the year of birth."""
    name: dict[str, Any] = next(iter(patient.get("name", ())), {})
    parts = [*name.get("given", ()), name.get("family", "")]
    initials = " ".join(f"{part[0]}…" for part in parts if isinstance(part, str) and part)
    born = str(patient.get("birthDate", ""))[:4]
    return ", ".join(filter(None, (initials, f"born {born}" if born else "")))


def _question(resource: dict[str, Any]) -> str:
    if resource.get("resourceType") != "ServiceRequest":
        return ""
    reasons = sorted(resource.get("reasonCode", ()), key=lambda one: "coding" in one)  # the sender's own words first
    return next(filter(None, map(_text, reasons)), "")


def _text(concept: dict[str, Any]) -> str:
    displays = (coding.get("display", "") for coding in concept.get("coding", ()))
    return str(concept.get("text") or next(filter(None, displays), ""))
