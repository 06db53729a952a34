"""What becomes of an order that was sent before: a message may name its number and say nothing else of it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from gateway import package
from gateway.cases.order import changed, is_control
from gateway.core.errors import PatientConflictError, UnknownOrderError
from gateway.core.outcome import BASE, Outcome, is_test
from gateway.core.submission import SubmissionState
from gateway.route.plan import place
from gateway.store import orders, submissions
from gateway.store.submissions import Submission

Resource = dict[str, Any]
_REASON: Final = "extension[0].valueCodeableConcept"  # the one extension of a control


def with_known_orders(
    connection: Connection, outcome: Outcome, found: Submission
) -> tuple[Outcome, set[tuple[str, str]]]:
    """The outcome with each order that a control names, changed, in place of the control; and which are changed now.

    What was set aside until its order came is not older than that. Raises UnknownOrderError for an order that this
    clinic never sent, PatientConflictError for one of another patient.
    """
    entries = (outcome.bundle or {}).get("entry", ())
    controls = [one for entry in entries if is_control(one := entry["resource"]) and not is_test(one)]
    if not controls:
        return outcome, set()
    ordered = {place(one): list(_ordered(connection, one, found.clinic)) for one in controls}
    same = {control: place(held[0]) for control, held in ordered.items()}
    renamed = package.renamed(outcome, same)
    changes = {place(one): one for held in ordered.values() for one in held}
    kept = [one for one in (renamed.bundle or {})["entry"] if place(one["resource"]) not in changes]
    made = [{"fullUrl": f"{BASE}/fhir/{name}", "resource": one} for name, one in changes.items()]
    taken = any(one.event == SubmissionState.ROUTED for one in submissions.events(connection, found.id))
    first = set() if taken else {(one["resourceType"], one["id"]) for one in changes.values()}
    lines = tuple(line._replace(path=_of_medicine(line.path)) for line in renamed.ledger)
    return replace(renamed, bundle={**(renamed.bundle or {}), "entry": [*kept, *made]}, ledger=lines), first


def _of_medicine(path: str) -> str:
    """Where the reason of a request in general stands in one for a drug."""
    name, dot, element = path.partition(".")
    told = name.startswith("MedicationRequest/") and element.startswith(_REASON)
    return f"{name}{dot}statusReason{element.removeprefix(_REASON)}" if told else path


def _ordered(connection: Connection, control: Resource, clinic: str) -> Iterator[Resource]:
    """The orders that a control names, as they stand after it."""
    told = [(control["id"], "")]
    found = orders.named(connection, control.get("identifier", ()), clinic)
    if not found:
        raise UnknownOrderError(told=told)
    for held in found:
        if control["subject"].get("reference", "") not in ("", held.get("subject", {}).get("reference", "")):
            raise PatientConflictError(told=told)
        yield changed(held, control)
