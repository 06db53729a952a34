"""Appointments of a case: each, when it says something new, takes the case to the state that its status stands for."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from gateway.cases.case import Case, numbers
from gateway.cases.evidence import Known, Resource, values
from gateway.cases.states import Transition, leading, states

_VISITS = ("visit", "telehealth-visit")


class Visited(NamedTuple):
    """A step that an appointment takes, and what is to be remembered of it: the same word moves a case once."""

    transition: Transition
    appointment: str
    said: str


def is_unnamed(appointment: Resource) -> bool:
    """Whether it is an appointment that leaves open who its patient is: a calendar does not say it."""
    return appointment["resourceType"] == "Appointment" and any(map(_is_open, appointment.get("participant", ())))


def named_for(appointment: Resource, patient: str) -> dict[str, Any]:
    """The appointment with its patient, whom it left open."""
    actor = {"actor": {"reference": patient}}
    participants = [{**one, **actor} if _is_open(one) else one for one in appointment["participant"]]
    return {**appointment, "participant": participants}


def visited(case: Case, known: Known) -> Visited | None:
    """The step that the earliest appointment takes of those that say something new; none when none can be taken now."""
    for appointment in sorted(_of_case(case, known), key=lambda one: str(one.get("start", ""))):
        place, said = f"Appointment/{appointment['id']}", f"{appointment.get('status')} {appointment.get('start', '')}"
        if case.settled.get(place) == said:
            continue
        to = next((one.state for one in states().values() if appointment.get("status") in one.visits), "")
        if to and (transition := leading(case.state, to, complete=bool(case.complete))):
            return Visited(transition, place, said)
    return None


def _is_open(participant: Resource) -> bool:
    return "actor" not in participant and "patient" in values(participant, "type.text")


def _of_case(case: Case, known: Known) -> Iterator[Resource]:
    """Appointments that name the referral, its number or ours, or the visit of the plan."""
    requests = {f"ServiceRequest/{one}" for one in (case.referral, *(case.id("ServiceRequest", v) for v in _VISITS))}
    known_by = numbers(case, known.referral)
    for appointment in known.of("Appointment"):
        named = {(one.get("system"), one.get("value")) for one in appointment.get("identifier", ())}
        if named & known_by or requests & set(values(appointment, "basedOn.reference")):
            yield appointment
