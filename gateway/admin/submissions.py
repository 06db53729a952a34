"""/admin/submissions: the list, one submission in three panes, replay, reveal, and the original."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.access.caller import caller
from gateway.admin import words
from gateway.admin.door import asked, door, event, now, press, session, show
from gateway.admin.panes.fhir import fhir
from gateway.admin.panes.pieces import View
from gateway.admin.panes.source import source
from gateway.admin.questions import GIVERS, REASONS, LedgerQuestion, Purpose, SubmissionsQuestion, check
from gateway.core.clock import instant
from gateway.core.errors import ForbiddenError
from gateway.services import services
from gateway.store import actions, consents, deliveries, inbox, matches, outcomes, submissions
from gateway.store.inbox import Filters
from gateway.store.outcomes import Stored
from gateway.store.submissions import Submission

PAGE: Final = 50
LEAVES: Final = 2000
FAILURES: Final = 100
REVEALED_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Whole:
    """Everything that the page of one submission is made from."""

    submission: Submission
    outcome: Stored | None
    body: bytes
    steps: list[words.Step]
    events: list[submissions.Event]
    deliveries: list[deliveries.Delivery]
    failures: list[tuple[str, inbox.Line]]
    until: str | None
    holds: list[consents.Hold]


@door.get("/submissions")
def submission_list() -> ResponseReturnValue:
    """The submissions that are asked for, the newest first."""
    question = check(SubmissionsQuestion, request.args)
    narrowed = {"state": question["state"] or None, "clinic": question["clinic"] or None, "before": question["before"]}

    def look(connection: Connection) -> dict[str, object]:
        return {
            "submissions": submissions.listing(connection, **narrowed, limit=PAGE),
            "counts": submissions.counts_by_state(connection),
        }

    return show("submissions.html", services().store.read(look), question=question, page=PAGE)


@door.get("/submissions/<id>")
def submission(id: str) -> ResponseReturnValue:
    """One submission: its way, the sum of its leaves, source and ledger and FHIR side by side."""
    question, here = check(LedgerQuestion, request.args), services()
    who, at = session(), now()
    whole = here.store.read(lambda connection: _whole(connection, id, who, at))
    patient = (("Patient", whole.submission.patient),) if whole.submission.patient else ()
    here.witness(event("R", "read", submission=id, entities=patient))
    view = View(whole.outcome.ledger if whole.outcome else (), revealed=whole.until is not None)
    pane = fhir(whole.outcome.bundle if whole.outcome else None, view)
    shown = [n for n, entry in enumerate(view.ledger) if question["leaves"] in ("", entry["state"])]
    return show(
        "submission.html",
        _facts(whole),
        source=source(whole.body, whole.submission.kind or "", view),
        fhir=pane,
        ledger=view.ledger,
        shown=shown[question["skip"] : question["skip"] + LEAVES],
        matching=len(shown),
        question=question,
        page=LEAVES,
        failures=whole.failures,
        until=whole.until,
        waiting=here.store.read(lambda connection: matches.aside(connection, id)),
        reasons=REASONS,
        givers=GIVERS,
        words=words,
    )


@door.get("/submissions/<id>/original")
def original(id: str) -> ResponseReturnValue:
    """The bytes as they came, as an attachment; only while the submission is revealed."""
    here, who, at = services(), session(), now()
    until = here.store.read(lambda connection: actions.revealed_until(connection, who, id, at))
    found = here.store.read(lambda connection: submissions.find(connection, id, None))
    if until is None:
        raise ForbiddenError("reveal")
    body, _, _ = here.store.read(lambda connection: submissions.original(connection, id, None))
    here.witness(event("R", "download", submission=id))
    name = f"submission-{found.id}.bin"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(body, mimetype="application/octet-stream", headers=headers)


@door.post("/submissions/<id>/replay")
def replay(id: str) -> ResponseReturnValue:
    """Replay one submission from its stored bytes, under the same id."""
    who = caller().key

    def change(connection: Connection, at: str) -> str:
        submissions.requeue(connection, id, at, actor=who)
        return "replay:1"

    return press(change, _page(id), event("E", "replay", submission=id))


@door.post("/submissions/<id>/reveal")
def reveal(id: str) -> ResponseReturnValue:
    """Unmask one submission for this session, for a reason, for a quarter of an hour."""
    purpose, who = check(Purpose, asked())["reason"], session()
    until = instant(services().clock.now() + REVEALED_FOR)

    def change(connection: Connection, at: str) -> str:
        submissions.find(connection, id, None)
        actions.reveal(connection, who, id, at=at, until=until)
        return "reveal"

    return press(change, _page(id), event("R", "reveal", submission=id, purpose=purpose))


@door.post("/submissions/<id>/cover")
def cover(id: str) -> ResponseReturnValue:
    """Mask it again before its time."""
    who = session()

    def change(connection: Connection, _: str) -> str:
        actions.cover(connection, who, id)
        return "cover"

    return press(change, _page(id), event("U", "cover", submission=id))


def _whole(connection: Connection, id: str, who: str, at: str) -> _Whole:
    found = submissions.find(connection, id, None)
    body, _, _ = submissions.original(connection, id, None)
    events = submissions.events(connection, id)
    sent = deliveries.listing(connection, submission=id)
    places = dict(inbox.of_submission(connection, id))
    lines = inbox.lines(connection, Filters(submission=id, state=""), days=(), sort="effect", limit=FAILURES)
    until = actions.revealed_until(connection, who, id, at)
    steps = words.steps(found, events, sent)
    troubles = [(places[line.signature], line) for line in lines]
    holds = consents.of(connection, id)
    return _Whole(found, outcomes.load(connection, id), body, steps, events, sent, troubles, until, holds)


def _facts(whole: _Whole) -> dict[str, Any]:
    """What the JSON answer holds: the account without the values."""
    outcome = whole.outcome
    return {
        "submission": whole.submission,
        "steps": whole.steps,
        "events": whole.events,
        "counts": outcome.counts if outcome else {},
        "issues": outcome.issues if outcome else [],
        "account": outcome.ledger if outcome else [],
        "deliveries": whole.deliveries,
        "holds": [one for one in whole.holds if one.waits],
        "mapping": outcome.mapping if outcome else "",
    }


def _page(id: str) -> str:
    return url_for("admin.submission", id=id)
