"""Deliver one transaction: one attempt, then what follows from its answer."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from sqlalchemy import Connection

from gateway import casework, route
from gateway.audit.trail import Event
from gateway.cases.communication import OPINION
from gateway.core import fhirjson
from gateway.core.clock import instant
from gateway.core.labels import REDACTED, labels_of
from gateway.route import Answer, Verdict
from gateway.route.destination import Destination
from gateway.route.inquiry import MEDIA_TYPE
from gateway.route.retry import wait
from gateway.store import access, cases, consents, deliveries, submissions, withheld, work
from gateway.store.deliveries import Delivery
from gateway.store.work import Job
from gateway.worker.desk import ACTOR, Desk

_AT_LEAST: Final = 10  # attempts, also for an old delivery that a person sends again
_UNKNOWN: Final = timedelta(minutes=15)  # a destination that the settings no longer name may come back


def deliver(desk: Desk, job: Job, session: requests.Session | None = None) -> None:
    """Send it once, unless its destination is known to be down; enter the attempt with what follows."""
    found = desk.store.read(lambda connection: deliveries.find(connection, job.subject))
    now = desk.clock.now()
    destination = desk.destinations.get(found.destination)
    back = now + _UNKNOWN if destination is None else desk.breaker(found.destination).opens(now)
    if destination is None or back is not None:
        due = instant(back or now)
        desk.store.write(lambda connection: work.release(connection, job, due=due, forgive=True))
        return
    bundle = desk.store.read(lambda connection: _allowed(connection, deliveries.bundle(connection, found.id)))
    if not bundle or not _is_for(destination, bundle):  # put on its way before the destination had a view
        return _enter(desk, job, found, Answer(Verdict.DEAD), 0)
    began = time.monotonic()
    with session or route.open_session(destination) as open_session:
        answer = _sent(open_session, destination, found, bundle, now)
    took = round((time.monotonic() - began) * 1000)
    desk.breaker(found.destination).went(answer.verdict is not Verdict.RETRY, desk.clock.now())
    _enter(desk, job, found, _in_time(answer, found, destination, job.attempts, now), took)


def _allowed(connection: Connection, bundle: bytes) -> bytes:
    """What of a transaction may still go: nothing that has come to be withheld since it was put on its way."""
    if not consents.are_withdrawn(connection):
        return bundle
    read = fhirjson.read_own(bundle)
    names = [(entry, set(_names(entry["resource"]))) for entry in read["entry"]]
    hidden = withheld.among(connection, {name for _, inside in names for name in inside})
    left = [entry for entry, inside in names if inside.isdisjoint(hidden)]
    return fhirjson.write({**read, "entry": left}) if left and hidden else b"" if hidden else bundle


def _names(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The type and id of a resource, and of those that stand in a document."""
    yield resource["resourceType"], resource["id"]
    for entry in resource.get("entry", ()) if resource["resourceType"] == "Bundle" else ():
        yield from _names(entry["resource"])


def _sent(session: requests.Session, destination: Destination, found: Delivery, bundle: bytes, now: datetime) -> Answer:
    if destination.x12 is None:
        return route.deliver(session, destination, bundle, now)
    asked = [entry["resource"] for entry in fhirjson.read_own(bundle)["entry"]]
    if lacking := route.lacking(asked, destination.x12):
        return Answer(Verdict.DEAD, body=f"Not asked, for it lacks: {'; '.join(lacking)}.".encode())
    at = datetime.fromisoformat(found.created)
    question = route.inquiry(asked, destination.x12, control=found.seq, at=at)
    return route.inquire(session, destination, question, now)


def _keep(desk: Desk, connection: Connection, found: Delivery, answer: Answer, at: str) -> None:
    """An insurer who answers at once has sent a submission, under the name of the destination."""
    asked = desk.destinations.get(found.destination)
    heard = answer.verdict is Verdict.DELIVERED and route.is_answer(answer.body)
    if asked is None or asked.x12 is None or not heard:
        return
    sender = f"destination.{found.destination}"  # no clinic has an id with a dot
    if access.clinic_by_name(connection, sender) is None:
        access.add_clinic(connection, id=sender, name=sender, at=at)
    receipt, _ = submissions.keep(
        connection,
        clinic=sender,
        body=answer.body,
        media_type=MEDIA_TYPE,
        file_name=None,
        idempotency_key=None,
        at=at,
    )
    desk.record(connection, Event("C", "create", "0", ACTOR, "system", sender, submission=receipt.id), at)


def _is_for(destination: Destination, bundle: bytes) -> bool:
    """Whether a transaction holds nothing but what its destination may get: the opinion, or parts of resources."""
    if not destination.view:
        return True
    held = [entry["resource"] for entry in fhirjson.read_own(bundle)["entry"]]
    if destination.view == OPINION:
        return all(one["resourceType"] == "Bundle" and one["type"] == "document" for one in held)
    return all(REDACTED in labels_of(one) for one in held)


def _reached(desk: Desk, connection: Connection, found: Delivery, at: str) -> None:
    """An opinion that was taken has reached whoever is agreed with the destination."""
    destination = desk.destinations.get(found.destination)
    if destination is None or destination.view != OPINION:
        return
    [entry] = fhirjson.read_own(deliveries.bundle(connection, found.id))["entry"]
    case = cases.find(connection, entry["resource"]["identifier"]["value"])
    every = casework.recipients(connection, case)
    to = [one for one in every if one.identifiers & destination.recipients and not one.sent]
    if to:
        taken = casework.told(connection, case, to, f"To {found.destination}", actor=ACTOR, at=at)
        casework.send(connection, taken, desk.destinations, at)
        desk.record_all(connection, casework.events(taken.assembled, found.submission), at)


def give_up(desk: Desk, job: Job) -> None:
    """Make a dead letter of a delivery that the program failed on."""
    found = desk.store.read(lambda connection: deliveries.find(connection, job.subject))
    _enter(desk, job, found, Answer(Verdict.DEAD), 0)


def _in_time(answer: Answer, found: Delivery, destination: Destination, attempts: int, now: datetime) -> Answer:
    """An answer after the deadline of the delivery is the last one."""
    late = attempts >= _AT_LEAST and now - datetime.fromisoformat(found.created) > destination.give_up_after
    return replace(answer, verdict=Verdict.DEAD) if late and answer.verdict is Verdict.RETRY else answer


def _enter(desk: Desk, job: Job, found: Delivery, answer: Answer, took: int) -> None:
    again = None
    if answer.verdict is Verdict.RETRY:
        again = instant(desk.clock.now() + wait(job.attempts, answer.retry_after, desk.random))

    def change(connection: Connection) -> None:
        at = desk.now()
        if again is None:
            work.finish(connection, job)
        else:
            work.release(connection, job, due=again)
        deliveries.attempt(
            connection,
            found.id,
            at=at,
            milliseconds=took,
            status=answer.status,
            verdict=answer.verdict.value,
            answer=answer.body,
            next_try=again,
        )
        _keep(desk, connection, found, answer, at)
        if answer.verdict is Verdict.DELIVERED:
            _reached(desk, connection, found, at)
        if again is None:
            event = "deliver" if answer.verdict is Verdict.DELIVERED else "dead-letter"
            submissions.enter(connection, found.submission, event=event, at=at, actor=found.destination)
            desk.record(connection, _event(found, answer), at)

    desk.store.write(change)


def _event(found: Delivery, answer: Answer) -> Event:
    outcome = "0" if answer.verdict is Verdict.DELIVERED else "4"
    about = (("delivery", found.id), ("Patient", found.patient), ("destination", found.destination))
    return Event("R", "deliver", outcome, ACTOR, "system", "", about, submission=found.submission)
