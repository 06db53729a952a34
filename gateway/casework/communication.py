"""Whom the opinion of a case goes to, and by which destination it gets there by itself."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from gateway import cases, route
from gateway.cases import communication
from gateway.cases.activities import part
from gateway.cases.communication import ACTIVITY, OPINION
from gateway.casework.assembly import Assembled, case_of
from gateway.casework.opinion import Opinion, held, opinion_of
from gateway.core import ids
from gateway.route.destination import Destination
from gateway.store import cases as stored
from gateway.store import deliveries, resources
from gateway.store.cases import Case

Resource = dict[str, Any]


class Recipient(NamedTuple):
    """Who gets the opinion: as the plan names them, who they are, and since when it is known that they have it."""

    reference: Resource
    people: list[Resource]  # the clinician, the role and its organization, as far as they are known
    sent: str

    @property
    def key(self) -> str:
        """What a form calls them, which names nobody."""
        return ids.digest(part(ACTIVITY, self.reference).encode())[:16]

    @property
    def identifiers(self) -> set[str]:
        """The numbers of these, as tokens of FHIR."""
        every = (one for person in self.people for one in person.get("identifier", ()))
        return {f"{one.get('system', '')}|{one.get('value', '')}" for one in every}


def recipients(connection: Connection, case: Case) -> list[Recipient]:
    """Who asked, and the patient's own doctors."""
    named = _request(connection, case).get("recipient", ())
    return [Recipient(one, list(_people(connection, one)), case.settled.get(part(ACTIVITY, one), "")) for one in named]


def referrer(connection: Connection, case: Case) -> list[Recipient]:
    """Who asked, among the recipients."""
    asked = (held(connection, f"ServiceRequest/{case.question}") or {}).get("requester")
    return [one for one in recipients(connection, case) if one.reference == asked]


def unsettled(connection: Connection, case: Case) -> list[str]:
    """The activities of which nobody knows yet how they ended, and that keep a case from being closed."""
    return cases.unsettled(case_of(case), [one.reference for one in recipients(connection, case)])


def sendings(connection: Connection, case: Case, to: list[Recipient], how: str, at: str) -> list[Resource]:
    """The Communications of what was sent."""
    request = _request(connection, case)
    opinion = held(connection, f"Composition/{case_of(case).id('Composition', OPINION)}")
    return [communication.communication(case_of(case), request, one.reference, how, at, opinion) for one in to]


def is_forbidden(connection: Connection, opinion: Opinion, at: str, destination: Destination | None = None) -> bool:
    """Whether labels or the patient's word keep an opinion from a doctor."""
    persons = stored.same_person(connection, {opinion.case.patient})
    consents = (one for one in stored.holdings(connection, persons) if one["resourceType"] == "Consent")
    return communication.forbidden(opinion.document, consents, at[:10], destination.shown if destination else ())


def dispatch(connection: Connection, assembled: Assembled, destinations: Mapping[str, Destination], at: str) -> None:
    """Put the opinion of a case on its way to the doctors with whom a destination is agreed, whenever it says more."""
    to = {name: one for name, one in destinations.items() if one.view == OPINION}
    opinion = opinion_of(connection, assembled.case) if to else None
    submission = resources.submission_of(connection, "ServiceRequest", assembled.case.question)
    if opinion is None or not submission:
        return
    for name, destination in to.items():
        known = any(one.identifiers & destination.recipients for one in recipients(connection, assembled.case))
        if not known or is_forbidden(connection, opinion, at, destination):
            continue
        bundles = route.plan([opinion.document], max_entries=destination.max_entries)
        words = {"submission": submission, "destination": name, "patient": assembled.case.patient}
        if not deliveries.were_last(connection, bundles, **words):
            deliveries.put(connection, bundles=bundles, at=at, **words)


def _request(connection: Connection, case: Case) -> Resource:
    id = case_of(case).id("CommunicationRequest", ACTIVITY)
    return held(connection, f"CommunicationRequest/{id}") or {}


def _people(connection: Connection, reference: Resource) -> Iterator[Resource]:
    first = held(connection, str(reference.get("reference", "")))
    if first is None:
        return
    yield first
    for name in ("practitioner", "organization"):
        if (other := held(connection, str(first.get(name, {}).get("reference", "")))) is not None:
            yield other
