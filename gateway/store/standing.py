"""How everything stands: the counts, and what stands in no state that anybody would see or that moves on."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, exists, func, not_, select

from gateway.core.submission import SubmissionState
from gateway.store import deliveries, submissions, work
from gateway.store.deliveries import DeliveryState
from gateway.store.tables import deliveries as d
from gateway.store.tables import originals as o
from gateway.store.tables import submissions as s
from gateway.store.tables import work as w

# A submission that is received, or a delivery that waits, is moved on by its row of work and by nothing else.
_PROCESSED: Final = exists().where(and_(w.c.task == "process", w.c.subject == s.c.id))
_DELIVERED: Final = exists().where(and_(w.c.task == "deliver", w.c.subject == d.c.id))
_UNEXPLAINED: Final = {
    "submissions that nothing moves on": select(func.count())
    .select_from(s)
    .where(s.c.state == SubmissionState.RECEIVED.value, not_(_PROCESSED)),
    "deliveries that nothing moves on": select(func.count())
    .select_from(d)
    .where(d.c.state == DeliveryState.WAITING.value, not_(_DELIVERED)),
    "submissions without their bytes": select(func.count())
    .select_from(s)
    .where(not_(exists().where(o.c.submission == s.c.seq))),
    "quarantined without a reason": select(func.count())
    .select_from(s)
    .where(s.c.state == SubmissionState.QUARANTINED.value, s.c.reason.is_(None)),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The counts by name, and the sum of those that must be nought."""

    counts: dict[str, int]
    unexplained: int


def reconcile(connection: Connection) -> Standing:
    """Count submissions, work and deliveries, and look for what was forgotten."""
    counts = {f"submissions {state}": number for state, number in submissions.counts_by_state(connection).items()}
    counts |= {f"work to {task}": number for task, number in work.depths(connection).items()}
    for (destination, state), number in deliveries.counts(connection).items():
        counts[f"deliveries {state} ({destination})"] = number
    wrong = {name: connection.execute(question).scalar_one() for name, question in _UNEXPLAINED.items()}
    return Standing(counts | wrong, sum(wrong.values()))
