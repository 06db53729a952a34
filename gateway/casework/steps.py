"""A step that a person takes with a case: checked, entered, and told by all its resources in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway import cases, route
from gateway.audit.trail import Event
from gateway.cases.activities import ELIGIBILITY_FAILED, part
from gateway.cases.communication import ACTIVITY
from gateway.cases.evidence import values
from gateway.cases.states import states, step
from gateway.casework.assembly import ACTOR, ASSIGN, Assembled, again, case_of, keep, row_of
from gateway.casework.communication import Recipient, recipients, sendings, unsettled
from gateway.casework.views import release
from gateway.core.errors import IllegalTransitionError, PreconditionFailedError, UnreadableValueError
from gateway.route.destination import Destination
from gateway.store import cases as stored
from gateway.store import deliveries, resources
from gateway.store.cases import Case, Step

_VISIT: Final = "visit-scheduled"
_INSURANCE: Final = "insurance-verification"
NO_RECORDS: Final = "The records did not come in time"
SETTLE: Final = ("completed", "revoked")
SENT: Final = "sent"
BY_HAND: Final = "As a person says"
ENDED: Final = ("completed", "revoked")  # statuses of a plan whose activities have ended with it


class Taken(NamedTuple):
    """What a step made: the case, and the resources whose content is new."""

    assembled: Assembled
    changed: list[dict[str, Any]]


def take(
    connection: Connection,
    number: str,
    event: str,
    *,
    actor: str,
    version: int,
    at: str,
    by: str = "recipient",
    to: str = "",
    reason: str = "",
) -> Taken:
    """Take a step of the table of states. `version` is that of the Task which the caller has seen.

    Raises IllegalTransitionError, PreconditionFailedError, UnreadableValueError (a reason is wanted).
    """
    row = _seen(connection, number, version)
    transition = step(row.state, event, by=by, to=to, complete=bool(row.complete))
    if states()[transition.to].reason and not reason.strip():
        raise UnreadableValueError("reason")
    if states()[transition.to].plan == "completed" and (open_still := unsettled(connection, row)):
        raise IllegalTransitionError(open_still[0])
    if transition.to == _VISIT and _is_uninsured(connection, row):
        raise IllegalTransitionError("eligibility")
    after = row_of(row, case_of(row).after(transition, at=at, reason=reason.strip()))
    return _written(connection, after, Step(at, event, transition.row, row.state, transition.to, actor, reason), at)


def overdue(connection: Connection, before: str) -> list[str]:
    """The cases that have waited for records since before an instant."""
    return stored.standing_since(connection, ("needs-information",), before)


def expire(connection: Connection, *, before: str, at: str) -> list[Taken]:
    """End the cases that have waited for records since before an instant."""
    taken = []
    for number in overdue(connection, before):
        version = resources.read(connection, "Task", stored.find(connection, number).task).version
        taken.append(take(connection, number, "expire", actor=ACTOR, version=version, at=at, reason=NO_RECORDS))
    return taken


def assign(connection: Connection, number: str, owner: str, *, actor: str, version: int, at: str) -> Taken:
    """Give a case to another nurse care manager; a case has one owner."""
    row = _seen(connection, number, version)
    if not owner.strip():
        raise UnreadableValueError("owner")
    after = replace(row, owner=owner.strip())
    return _written(connection, after, Step(at, ASSIGN, "", row.state, row.state, actor), at)


def settle(
    connection: Connection,
    number: str,
    activity: str,
    how: str,
    *,
    actor: str,
    version: int,
    at: str,
    reason: str = "",
) -> Taken:
    """Say that an activity of the plan is done, or not wanted and why; or that what comes by post is here."""
    row = _seen(connection, number, version)
    rule = next((one for one in cases.rules() if one.activity == activity), None)
    if how not in SETTLE or (rule is None and activity not in cases.by_post()):
        raise UnreadableValueError("activity")
    if states()[row.state].plan in ENDED and not (rule and rule.lasts):
        raise IllegalTransitionError("activity")
    after = replace(row, settled={**row.settled, activity: how})
    said = ": ".join(filter(None, (activity, reason.strip())))
    sent = rule is not None and rule.closes and how == SETTLE[0]
    to = [one for one in recipients(connection, row) if not one.sent] if sent else []
    taken = Step(at, how, "", row.state, row.state, actor, said)
    return _sent(connection, after, taken, to, reason.strip() or BY_HAND, at)


def send_by_hand(
    connection: Connection, number: str, recipient: str, *, actor: str, version: int, at: str, reason: str
) -> Taken:
    """Say that a person has sent the opinion to one of its recipients, and how."""
    row = _seen(connection, number, version)
    to = [one for one in recipients(connection, row) if one.key == recipient]
    if not to or not reason.strip():
        raise UnreadableValueError("recipient" if not to else "reason")
    if to[0].sent:
        raise IllegalTransitionError("recipient")
    return told(connection, row, to, reason.strip(), actor=actor, at=at)


def told(connection: Connection, row: Case, to: list[Recipient], how: str, *, actor: str, at: str) -> Taken:
    """Enter that the opinion has reached its recipients: a step of the case, and a Communication for each."""
    taken = Step(at, SENT, "", row.state, row.state, actor, f"{ACTIVITY}: {how}")
    return _sent(connection, row, taken, to, how, at)


def _sent(connection: Connection, row: Case, taken: Step, to: list[Recipient], how: str, at: str) -> Taken:
    parts = {part(ACTIVITY, one.reference): at for one in to}
    after = replace(row, settled={**row.settled, **parts})
    return _written(connection, after, taken, at, sendings(connection, row, to, how, at))


def send(connection: Connection, taken: Taken, destinations: Mapping[str, Destination], at: str) -> None:
    """Put what changed on its way to every destination, and the views of the case."""
    release(connection, [taken.assembled], destinations, at)
    case = taken.assembled.case
    submission = resources.submission_of(connection, "ServiceRequest", case.question)
    if not submission or not taken.changed:
        return
    for name, destination in route.whole(destinations).items():
        bundles = route.plan(taken.changed, max_entries=destination.max_entries)
        words = {"submission": submission, "destination": name, "patient": case.patient, "at": at}
        deliveries.put(connection, bundles=bundles, **words)


def events(assembled: Assembled, submission: str = "", role: str = "system") -> list[Event]:
    """An audit event for each step that was taken."""
    case = assembled.case
    about = (("Task", case.task), ("case", case.number), ("Patient", case.patient))
    return [
        Event("U", "case-step", "0", step.actor, role, case.clinic, about, submission=submission)
        for step in assembled.steps
    ]


def _is_uninsured(connection: Connection, row: Case) -> bool:
    """Whether the insurers answered that nothing is in force; that keeps no case from its review."""
    id = case_of(row).id("Task", _INSURANCE)
    task = next((one for one in stored.holdings(connection, {row.patient}) if one["id"] == id), {})
    return ELIGIBILITY_FAILED in values(task.get("businessStatus"), "coding.code")


def _seen(connection: Connection, number: str, version: int) -> Case:
    """The case, unless its Task has changed since the caller saw it."""
    row = stored.find(connection, number)
    if resources.read(connection, "Task", row.task).version != version:
        raise PreconditionFailedError("If-Match")
    return row


def _written(
    connection: Connection, after: Case, taken: Step, at: str, besides: Sequence[dict[str, Any]] = ()
) -> Taken:
    stored.keep(connection, after)
    stored.enter(connection, after.number, taken)
    assembled = again(connection, after, at=at)
    assembled = assembled._replace(steps=(taken, *assembled.steps), made=[*assembled.made, *besides])
    return Taken(assembled, keep(connection, assembled, submission=None, at=at))
