"""A clinic's own submissions, looked up with a witness: another clinic's is absent, and the try recorded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from gateway.access.caller import caller, witness
from gateway.core.errors import NotFoundError
from gateway.services import services
from gateway.store import failures, outcomes, submissions
from gateway.store.outcomes import Stored
from gateway.store.submissions import Event, Submission

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Course:
    """A submission, the steps it took, and what the corridor said of it, once it did."""

    submission: Submission
    events: list[Event]
    outcome: Stored | None
    issues: list[dict[str, Any]]


def course(id: UUID) -> Course:
    """How a submission of the caller's clinic is getting on. Raises NotFoundError."""

    def question(connection: Connection) -> Course:
        found = submissions.find(connection, str(id), caller().clinic)
        outcome = outcomes.load(connection, found.id)
        issues = [*_stopped_by(connection, found), *(outcome.issues if outcome else ())]
        return Course(found, submissions.events(connection, found.id), outcome, issues)

    return _witnessed(id, question)


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
