"""C-CDA to FHIR R4: the converters and steps that the tables in mappings/ccda name."""

from gateway.translate.ccda import (
    allergies,
    codes,
    document,
    elements,
    identifiers,
    medications,
    participants,
    patient,
    people,
    plans,
    problems,
    quantities,
    results,
    sections,
    statements,
    times,
)

__all__ = [
    "allergies",
    "codes",
    "document",
    "elements",
    "identifiers",
    "medications",
    "participants",
    "patient",
    "people",
    "plans",
    "problems",
    "quantities",
    "results",
    "sections",
    "statements",
    "times",
]
