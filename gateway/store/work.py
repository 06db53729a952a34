"""The work table: queue and outbox in one.

A row is written in the transaction that stores what it is about, and it is deleted in the transaction that stores
what came of it. In between a worker holds a lease on it. Whoever finishes must still be named in the row: that is
the fence against a worker that slept past its lease. A row waits until no earlier row of its lane exists, so things
of one lane happen one at a time and in their order. Rows that are done are gone; history is events and attempts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from gateway.core.clock import instant
from gateway.core.errors import LeaseLostError
from gateway.store.rows import insert_rows
from gateway.store.tables import work as w

# Longer than what one piece of work may take; the lease on a large one is prolonged.
LEASES: Final = {
    "process": timedelta(seconds=90),
    "deliver": timedelta(seconds=180),
    "acknowledge": timedelta(seconds=180),
    "reply": timedelta(seconds=180),
}
FURTHEST: Final = timedelta(minutes=20)  # longer than any lease, prolonged ones too
AT_ONCE: Final = ""  # sorts before every instant, so a clock set back delays nothing new
FREE: Final = ""

_earlier = w.alias("earlier")
_due = (
    w.c.task == bindparam("kind"),
    w.c.due <= bindparam("now"),
    # A lease further away than any lease can be was given by a clock that has been set back since.
    or_(w.c.lease <= bindparam("now"), w.c.lease > bindparam("absurd")),
    ~select(_earlier.c.seq).where(_earlier.c.lane == w.c.lane, _earlier.c.seq < w.c.seq).exists(),
)
_READY: Final = select(w.c.seq).where(*_due).order_by(w.c.due, w.c.seq).limit(bindparam("limit"))
_NEW: Final = (w.c.lane, w.c.task, w.c.subject, w.c.due, w.c.lease, w.c.worker, w.c.attempts)
_CLAIM: Final = (
    update(w)
    .where(w.c.seq.in_(_READY.with_for_update(skip_locked=True).scalar_subquery()))
    .values(lease=bindparam("until"), worker=bindparam("by"), attempts=w.c.attempts + 1)
    .returning(w.c.seq, w.c.lane, w.c.task, w.c.subject, w.c.worker, w.c.attempts)
)
_HELD = (w.c.seq == bindparam("held"), w.c.worker == bindparam("by"))
_FINISH: Final = delete(w).where(*_HELD)
_RELEASE: Final = (
    update(w)
    .where(*_HELD)
    .values(due=bindparam("again"), lease=FREE, worker=FREE, attempts=w.c.attempts - bindparam("forgiven"))
)
_PROLONG: Final = update(w).where(*_HELD).values(lease=bindparam("until"))
_WAITING: Final = (
    select(w.c.seq).where(w.c.task == bindparam("kind"), w.c.subject == bindparam("about"), w.c.lease == FREE).limit(1)
)
_DEPTHS: Final = select(w.c.task, func.count()).group_by(w.c.task)
_FREE_ALL: Final = update(w).where(w.c.lease != FREE).values(lease=FREE, worker=FREE)
_FREE_HELD: Final = _FREE_ALL.where(w.c.worker.startswith(bindparam("by")))


@dataclass(frozen=True, slots=True)
class Job:
    """A row that a worker holds."""

    seq: int
    lane: str
    task: str
    subject: str
    worker: str
    attempts: int


def add(connection: Connection, *, lane: str, task: str, subject: str, due: str = AT_ONCE) -> None:
    """Put work in a lane."""
    add_all(connection, [(lane, task, subject)], due=due)


def add_all(connection: Connection, jobs: Sequence[tuple[str, str, str]], *, due: str = AT_ONCE) -> None:
    """Put several in their lanes: lane, task and subject of each."""
    insert_rows(connection, _NEW, [(*job, due, FREE, FREE, 0) for job in jobs])


def add_once(connection: Connection, *, lane: str, task: str, subject: str) -> bool:
    """Put work in a lane unless the same work waits there, untouched; says whether it was put."""
    if connection.execute(_WAITING, {"kind": task, "about": subject}).first():
        return False
    add(connection, lane=lane, task=task, subject=subject)
    return True


def ready(connection: Connection, *, task: str, now: datetime) -> bool:
    """Whether there is something to claim; a read, so that idle workers write nothing."""
    return connection.execute(_READY, {**_moment(task, now), "limit": 1}).first() is not None


def claim(connection: Connection, *, task: str, worker: str, now: datetime, limit: int) -> list[Job]:
    """Give this worker a lease on the first rows that are due and lead their lanes, and count the attempt."""
    asked = {**_moment(task, now), "limit": limit, "by": worker, "until": instant(now + LEASES[task])}
    return sorted((Job(*row) for row in connection.execute(_CLAIM, asked)), key=lambda job: job.seq)


def finish(connection: Connection, job: Job) -> None:
    """Delete the row in the transaction that stores what came of it. Raises LeaseLostError: roll back then."""
    if connection.execute(_FINISH, {"held": job.seq, "by": job.worker}).rowcount != 1:
        raise LeaseLostError


def release(connection: Connection, job: Job, *, due: str = AT_ONCE, forgive: bool = False) -> None:
    """Give the row back for a later attempt; `forgive` when the attempt was not the work's own fault."""
    asked = {"held": job.seq, "by": job.worker, "again": due, "forgiven": int(forgive)}
    if connection.execute(_RELEASE, asked).rowcount != 1:
        raise LeaseLostError


def prolong(connection: Connection, job: Job, until: str) -> None:
    """Hold the row until then. Raises LeaseLostError."""
    if connection.execute(_PROLONG, {"held": job.seq, "by": job.worker, "until": until}).rowcount != 1:
        raise LeaseLostError


def free_all(connection: Connection) -> None:
    """Void every lease: for the start of the only process, when whoever held one is gone."""
    connection.execute(_FREE_ALL)


def free_held(connection: Connection, by: str) -> None:
    """Void the leases of workers whose names begin so, since their process leaves."""
    connection.execute(_FREE_HELD, {"by": by})


def depths(connection: Connection) -> dict[str, int]:
    """How many rows wait or are being worked on, by task."""
    return {"process": 0, "deliver": 0} | {task: number for task, number in connection.execute(_DEPTHS)}


def _moment(task: str, now: datetime) -> dict[str, str]:
    return {"kind": task, "now": instant(now), "absurd": instant(now + FURTHEST)}
