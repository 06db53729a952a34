"""Who is who: each Patient of a submission against those that we know."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from gateway import match
from gateway.core import fhirjson, ids
from gateway.store import patients
from gateway.store.patients import Settled

Resource = dict[str, Any]
LINKED: Final = match.Grade.CERTAIN


def with_links(connection: Connection, made: Sequence[Resource], *, submission: str, at: str) -> list[Resource]:
    """The resources, with each Patient that is certainly a known one linked to it.

    Nothing is merged: a link can be taken away again. What is less than certain is kept as a decision for a person.
    """
    return [
        _linked(connection, resource, submission, at) if resource["resourceType"] == "Patient" else resource
        for resource in made
    ]


def _linked(connection: Connection, patient: Resource, submission: str, at: str) -> Resource:
    id = patient["id"]
    inputs = ids.digest(fhirjson.write(patient))
    decision = patients.settled(connection, id, inputs)
    if decision is None:
        found = match.decide(patient, patients.candidates(connection, id, match.sought(patient)))
        decision = Settled(found.candidate, found.grade.value, found.rule)
        patients.decide(connection, submission=submission, patient=id, inputs=inputs, decision=decision, at=at)
    patients.index(connection, id, match.keys(patient))
    if decision.grade != LINKED or decision.candidate is None:
        return patient
    return {**patient, "link": [*patient.get("link", ()), _seealso(decision.candidate)]}


def _seealso(patient: str) -> Resource:
    return {"other": {"reference": f"Patient/{patient}"}, "type": "seealso"}
