"""How a case stands, and its opinion, in the format in which it was asked for: RRI or OSU with MDM, C-CDA, or FHIR."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from gateway import casework, package
from gateway.cases.evidence import values
from gateway.casework import Opinion
from gateway.core import fhirjson, ids
from gateway.core.errors import NotFoundError, UnsupportedFormatError
from gateway.core.submission import Sender
from gateway.intake.mllp.acknowledgment import Standing, Verdict, is_referral, order_status, referral_response
from gateway.intake.mllp.header import Header, read_header
from gateway.intake.mllp.notification import Notice, document_notification
from gateway.intake.summary import case_number, missing
from gateway.parse import formats
from gateway.parse.formats import MESSAGE_TYPE
from gateway.parse.hl7v2 import sending
from gateway.services import Services
from gateway.store import cases, outcomes, resources, submissions
from gateway.store.cases import Case, Step
from gateway.store.submissions import Submission
from gateway.translate.sender import Senders

TASK_TYPE: Final = "application/fhir+json"
_DOCUMENTS: Final = ("ccda:", "xdm:")


class Reply(NamedTuple):
    """A reply and its media type; the case whose opinion is in it."""

    body: bytes
    media_type: str
    answered: Case | None = None


def to_submission(connection: Connection, found: Submission) -> Reply:
    """How the case of a submission stands now, and its opinion. Raises NotFoundError when it has none."""
    case, body = case_of(connection, found), submissions.original(connection, found.id, None)[0]
    message = package.message(body)
    header, opinion = read_header(message), casework.opinion_of(connection, case)
    if header is not None and not header.is_batch and (header.type in ("REF", "OMG") or opinion):
        notices = _notices(connection, opinion, message) if opinion else []
        said = _standing(connection, found, header, message, case) + b"".join(notices)
        return Reply(said, MESSAGE_TYPE, case if notices else None)
    if opinion is None:
        return Reply(resources.read(connection, "Task", case.task).body, TASK_TYPE)
    notes = [body for _, body in opinion.attachments]
    if (found.kind or "").startswith(_DOCUMENTS) and len(notes) == 1 and _is_clinical_document(notes[0]):
        return Reply(notes[0], "text/xml", case)
    return Reply(fhirjson.write(opinion.document), TASK_TYPE, case)


def _standing(connection: Connection, found: Submission, header: Header, message: bytes, case: Case) -> bytes:
    """How a case stands, to who sent a referral or an order; to who sent another message, nothing."""
    if is_referral(header):
        at = datetime.fromisoformat(found.updated)
        said = Verdict("AA", found.id, at, receipt=found.id, processed=True, case=case.state)
        return referral_response(header, message, said)
    if header.type == "OMG":
        steps = [step for step in cases.history(connection, case.number) if step.row]
        return _to_order(connection, message, case, steps[-1], len(steps))
    return b""


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


def has_opinion(here: Services, connection: Connection, case: Case, how: str, actor: str, at: str) -> None:
    """Enter that whoever asked has the opinion, and how it reached them; once."""
    to = [one for one in casework.referrer(connection, case) if not one.sent]
    if to:
        taken = casework.told(connection, case, to, how, actor=actor, at=at)
        casework.send(connection, taken, here.destinations, at)
        here.record(connection, *casework.events(taken.assembled))


def to_step(connection: Connection, senders: Senders, subject: str) -> tuple[Sender, list[bytes]]:
    """Who is told of a step of a case (its number and place in the history) or of a note of its opinion, and what."""
    number, _, what = subject.partition("/")
    case = cases.find(connection, number)
    message = casework.message_of(connection, case.question)
    sender = senders.find(case.clinic, *sending(message))
    if what.isdigit():
        step = cases.history(connection, number)[int(what) - 1]
        return sender, [_to_order(connection, message, case, step, int(what))] if message else []
    opinion = casework.opinion_of(connection, case)
    return sender, _notices(connection, opinion, message, what.partition("/")[2]) if opinion else []


def _notices(connection: Connection, opinion: Opinion, message: bytes, note: str = "") -> list[bytes]:
    """The notes of an opinion as messages, or one of them."""
    referral = fhirjson.read_own(resources.read(connection, "ServiceRequest", opinion.case.question).body)
    at = datetime.fromisoformat(opinion.document["timestamp"])
    numbers = frozenset(values(referral, "identifier.value"))
    made = []
    for one in opinion.notes:
        if note in ("", one["id"]):
            id = ids.stable_id("note", opinion.case.number, one["id"], str(at))
            said = Notice(opinion.case.number, at, id, one, opinion.author(one), numbers)
            made.append(document_notification(message, said))
    return [one for one in made if one]


def _is_clinical_document(body: bytes) -> bool:
    try:
        return formats.detect(body).name == "ccda"
    except UnsupportedFormatError:
        return False


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
