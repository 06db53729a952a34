"""Where things are held up: the oldest in each state, destinations by their last word, cases by state."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, case, func, select

from gateway.store.tables import attempts as a
from gateway.store.tables import cases as c
from gateway.store.tables import deliveries as d
from gateway.store.tables import submissions as s

_OLDEST: Final = select(s.c.state, func.min(s.c.updated)).group_by(s.c.state)
_CASES: Final = select(c.c.state, func.count()).group_by(c.c.state)
_DELIVERIES: Final = select(
    d.c.destination,
    func.sum(case((d.c.state == "waiting", 1), else_=0)),
    func.sum(case((d.c.state == "delivered", 1), else_=0)),
    func.sum(case((d.c.state == "dead", 1), else_=0)).label("dead"),
    func.min(case((d.c.state == "waiting", d.c.created))),
    func.max(case((d.c.state == "delivered", d.c.updated))),
).group_by(d.c.destination)
_LAST: Final = (
    select(func.max(a.c.seq)).join_from(a, d, d.c.id == a.c.delivery).group_by(d.c.destination).scalar_subquery()
)
_LAST_WORDS: Final = (
    select(d.c.destination, a.c.verdict, a.c.status, a.c.at)
    .join_from(a, d, d.c.id == a.c.delivery)
    .where(a.c.seq.in_(_LAST))
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """One destination: how much waits, went, is dead; since when; what it said last."""

    destination: str
    waiting: int = 0
    delivered: int = 0
    dead: int = 0
    oldest_waiting: str | None = None
    last_delivered: str | None = None
    last_verdict: str = ""
    last_status: int | None = None
    last_at: str | None = None
    state: str = "ready"  # `retry` when its last answer was none, `dead` when something waits for a person


def oldest(connection: Connection) -> dict[str, str]:
    """For each state, since when the submission stands there that stands longest."""
    return {state: at for state, at in connection.execute(_OLDEST)}


def cases(connection: Connection) -> dict[str, int]:
    """How many cases stand in each state."""
    return {state: number for state, number in connection.execute(_CASES)}


def by_destination(connection: Connection) -> dict[str, Traffic]:
    """Every destination that something was ever put on the way to."""
    last = {row.destination: (row.verdict, row.status, row.at) for row in connection.execute(_LAST_WORDS)}
    found = {}
    for row in connection.execute(_DELIVERIES):
        verdict, status, at = last.get(row.destination, ("", None, None))
        state = "dead" if row.dead else "retry" if verdict == "retry" else "ready"
        found[row.destination] = Traffic(*row, verdict, status, at, state)
    return found
