"""A clinic's own submissions, looked up with a witness: another clinic's is absent, and the try recorded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from gateway import casework
from gateway.access.caller import caller, witness
from gateway.cases.narrative import said_of
from gateway.cases.states import states
from gateway.casework import Opinion
from gateway.core import fhirjson
from gateway.core.clock import instant
from gateway.core.errors import NotFoundError
from gateway.intake import words
from gateway.intake.reply import Reply, has_opinion, opinion_on, to_submission
from gateway.intake.summary import case_number, missing
from gateway.services import services
from gateway.store import cases, failures, outcomes, resources, submissions
from gateway.store.cases import Case
from gateway.store.outcomes import Stored
from gateway.store.submissions import Event, Submission

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the case of a submission stands now, in a sentence without clinical content, and what it waits for."""

    number: str
    state: str
    sentence: str
    missing: tuple[str, ...]
    answered: bool = False  # whether the opinion can be read

    @property
    def waits(self) -> bool:
        """Whether the clinic has still to send something."""
        return bool(self.missing) and not states()[self.state].ended


@dataclass(frozen=True, slots=True)
class Course:
    """A submission, the steps it took, and what the corridor said of it, once it did; where its case stands."""

    submission: Submission
    events: list[Event]
    outcome: Stored | None
    issues: list[dict[str, Any]]
    case: Standing | None

    @property
    def act(self) -> words.Act:
        """Who has to do something now."""
        return words.act(self.submission, self.issues, missing=self.case is not None and self.case.waits)


def course(id: UUID) -> Course:
    """How a submission of the caller's clinic is getting on. Raises NotFoundError."""

    def question(connection: Connection) -> Course:
        found = submissions.find(connection, str(id), caller().clinic)
        outcome = outcomes.load(connection, found.id)
        issues = [*_stopped_by(connection, found), *(outcome.issues if outcome else ())]
        case = _standing(connection, outcome.bundle) if outcome and outcome.bundle else None
        return Course(found, submissions.events(connection, found.id), outcome, issues, case)

    return _witnessed(id, question)


def reply_to(id: UUID) -> Reply:
    """How the case of a submission stands, in the submission's own format. Raises NotFoundError."""

    def question(connection: Connection) -> Reply:
        return to_submission(connection, submissions.find(connection, str(id), caller().clinic))

    found = _witnessed(id, question)
    if found.answered is not None:
        _fetched(found.answered)
    return found


def opinion(id: UUID) -> Opinion:
    """The opinion on what a submission asks. Raises NotFoundError while there is none."""

    def question(connection: Connection) -> Opinion:
        return opinion_on(connection, submissions.find(connection, str(id), caller().clinic))

    found = _witnessed(id, question)
    _fetched(found.case)
    return found


def _fetched(case: Case) -> None:
    """Enter that the clinic which asked has fetched the opinion; once."""
    here, who = services(), caller().key
    at = instant(here.clock.now())
    if any(not one.sent for one in here.store.read(lambda connection: casework.referrer(connection, case))):
        here.store.write(
            lambda connection: has_opinion(
                here, connection, cases.find(connection, case.number), "Fetched by the clinic", who, at
            )
        )


def original(id: UUID) -> bytes:
    """The bytes as the caller's clinic sent them. Raises NotFoundError."""
    return _witnessed(id, lambda connection: submissions.original(connection, str(id), caller().clinic)[0])


def listing(before: int | None, limit: int) -> list[Submission]:
    """The submissions of the caller's clinic, the newest first."""
    clinic = caller().clinic
    found = services().store.read(
        lambda connection: submissions.listing(connection, clinic=clinic, before=before, limit=limit)
    )
    witness("R", "search")
    return found


def _standing(connection: Connection, bundle: dict[str, Any]) -> Standing | None:
    """The case that a submission belongs to; what it waits for now may be less than it was then."""
    number = case_number([entry["resource"] for entry in bundle.get("entry", ())])
    if not number:
        return None
    case = cases.find(connection, number)
    task = fhirjson.read_own(resources.read(connection, "Task", case.task).body)
    answered = casework.is_answered(connection, case)
    return Standing(number, case.state, said_of(case.state), missing([task]), answered)


def _stopped_by(connection: Connection, found: Submission) -> Iterator[dict[str, Any]]:
    """The error that stopped a submission, as one more issue."""
    if (stop := failures.stopped_by(connection, found.id)) is not None:
        yield {"severity": "fatal", "code": stop[0], "location": stop[1]}


def _witnessed(id: UUID, question: Callable[[Connection], T]) -> T:
    try:
        found = services().store.read(question)
    except NotFoundError:
        witness("R", "read", "8", submission=str(id))
        raise
    witness("R", "read", submission=str(id))
    return found
