"""/admin: how everything stands, on one screen; every number leads to its list."""

from datetime import timedelta
from typing import Any

from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.admin import words
from gateway.admin.door import door, show
from gateway.admin.faults import faults
from gateway.services import services
from gateway.store import audit, inbox, matches, submissions, traffic, work
from gateway.store.inbox import Filters
from gateway.store.traffic import Traffic

TOP = 10
SEEN = 50  # lines in which the worst faults are looked for
DAYS = 14


@door.get("")
def overview() -> ResponseReturnValue:
    """Counts, ages, the worst failures, destinations, cases, the head of the audit trail."""
    bars = days()
    here = services()

    def question(connection: Connection) -> dict[str, Any]:
        known = traffic.by_destination(connection)
        return {
            "submissions": submissions.counts_by_state(connection),
            "oldest": traffic.oldest(connection),
            "failures": inbox.lines(connection, Filters(), days=bars, sort="effect", limit=SEEN),
            "failures_by_state": inbox.counts_by_state(connection),
            "destinations": [known.get(name, Traffic(name)) for name in sorted({*known, *here.destinations})],
            "cases": traffic.cases(connection),
            "questions": sum(matches.counts(connection).get(state, 0) for state in matches.ASKED),
            "work": work.depths(connection),
            "audit": dict(zip(("seq", "head"), audit.head(connection), strict=True)),
        }

    facts = here.store.read(question)
    worst = faults(facts["failures"])[:TOP]
    return show("overview.html", facts | {"failures": facts["failures"][:TOP]}, worst=worst, days=bars, words=words)


def days() -> tuple[str, ...]:
    """The dates of the last fourteen days, the oldest first."""
    today = services().clock.now()
    return tuple((today - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(DAYS - 1, -1, -1))
