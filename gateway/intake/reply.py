"""How a case stands, said in the format in which it was asked for: RRI, OSU, or the case's Task."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from gateway import casework, package
from gateway.cases.evidence import values
from gateway.casework import Opinion
from gateway.core import fhirjson, ids
from gateway.core.errors import NotFoundError
from gateway.core.submission import Sender
from gateway.intake.mllp.acknowledgment import Standing, Verdict, is_referral, order_status, referral_response
from gateway.intake.mllp.header import read_header
from gateway.intake.summary import case_number, missing
from gateway.parse.formats import MESSAGE_TYPE
from gateway.parse.hl7v2 import sending
from gateway.store import cases, outcomes, resources, submissions
from gateway.store.cases import Case, Step
from gateway.store.submissions import Submission
from gateway.translate.sender import Senders

TASK_TYPE: Final = "application/fhir+json"


class Reply(NamedTuple):
    """A reply and its media type."""

    body: bytes
    media_type: str


def to_submission(connection: Connection, found: Submission) -> Reply:
    """How the case of a submission stands now, and its opinion. Raises NotFoundError when it has none."""
    case = case_of(connection, found)
    message = package.message(submissions.original(connection, found.id, None)[0])
    header = read_header(message)
    if header is not None and is_referral(header):
        at = datetime.fromisoformat(found.updated)
        said = Verdict("AA", found.id, at, receipt=found.id, processed=True, case=case.state)
        return Reply(referral_response(header, message, said), MESSAGE_TYPE)
    if header is not None and header.type == "OMG":
        steps = [step for step in cases.history(connection, case.number) if step.row]
        return Reply(_to_order(connection, message, case, steps[-1], len(steps)), MESSAGE_TYPE)
    return Reply(resources.read(connection, "Task", case.task).body, TASK_TYPE)


def case_of(connection: Connection, found: Submission) -> Case:
    """The case that a submission belongs to. Raises NotFoundError."""
    outcome = outcomes.load(connection, found.id)
    entries = (outcome.bundle or {}).get("entry", ()) if outcome else ()
    if not (number := case_number([entry["resource"] for entry in entries])):
        raise NotFoundError
    return cases.find(connection, number)


def opinion_on(connection: Connection, found: Submission) -> Opinion:
    """The opinion on what a submission asks. Raises NotFoundError while there is none."""
    opinion = casework.opinion_of(connection, case_of(connection, found))
    if opinion is None:
        raise NotFoundError
    return opinion


def to_step(connection: Connection, senders: Senders, subject: str) -> tuple[Sender, list[bytes]]:
    """Who is told of a step of a case (its number and place in the history), and what."""
    number, _, place = subject.partition("/")
    case = cases.find(connection, number)
    order = casework.order_of(connection, case.question)
    step = cases.history(connection, number)[int(place) - 1]
    sender = senders.find(case.clinic, *sending(order))
    return sender, [_to_order(connection, order, case, step, int(place))] if order else []


def _to_order(connection: Connection, order: bytes, case: Case, step: Step, place: int) -> bytes:
    header = read_header(order)
    if header is None:
        return b""
    task = fhirjson.read_own(resources.read(connection, "Task", case.task).body)
    referral = fhirjson.read_own(resources.read(connection, "ServiceRequest", case.question).body)
    said = Standing(
        case.number,
        step.after,
        datetime.fromisoformat(step.at),
        ids.stable_id("reply", case.number, str(place)),
        step.reason,
        missing([task]) if step.after == case.state else (),
        frozenset(values(referral, "identifier.value")),
    )
    return order_status(header, order, said)
