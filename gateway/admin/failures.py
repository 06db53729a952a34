"""/admin/failures: the inbox, one failure with all that have it, and what can be done about it."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.access.caller import caller
from gateway.admin import words
from gateway.admin.door import asked, door, event, press, show
from gateway.admin.faults import faults
from gateway.admin.overview import days
from gateway.admin.questions import InboxQuestion, Reason, check
from gateway.core.errors import NotFoundError
from gateway.services import services
from gateway.store import failures, inbox, submissions
from gateway.store.inbox import Filters
from gateway.translate import mapping

PAGE = 100


@door.get("/failures")
def failures_inbox() -> ResponseReturnValue:
    """The failures that are asked for, each as one sentence with whom it concerns."""
    question = check(InboxQuestion, request.args)
    sort, skip, bars = question.pop("sort"), question.pop("skip"), days()
    filters = Filters(**question)

    def look(connection: Connection) -> dict[str, Any]:
        return {
            "lines": inbox.lines(connection, filters, days=bars, sort=sort, limit=PAGE, skip=skip),
            "total": inbox.total(connection, filters),
            "by_state": inbox.counts_by_state(connection),
            "choices": inbox.choices(connection),
        }

    facts = services().store.read(look)
    page = {"filters": filters, "sort": sort, "skip": skip, "page": PAGE, "days": bars, "words": words}
    return show("failures.html", facts, faults=faults(facts["lines"]), **page)


@door.get("/failures/<signature>")
def failure(signature: str) -> ResponseReturnValue:
    """One failure: what, where, what to do, and the submissions that have it."""
    bars = days()

    def look(connection: Connection) -> dict[str, Any]:
        return {
            "line": inbox.line(connection, signature, days=bars),
            "affected": inbox.affected(connection, signature),
        }

    facts = services().store.read(look)
    written = mapping.written(facts["line"].rule)
    facts["written"] = written and written._asdict()
    return show("failure.html", facts, days=bars, words=words)


@door.post("/failures/<signature>/replay")
def replay_group(signature: str) -> ResponseReturnValue:
    """Replay every submission that has it, from its stored bytes."""
    who = caller().key

    def change(connection: Connection, at: str) -> str:
        found = inbox.submissions_of(connection, signature)
        for id in found:
            submissions.requeue(connection, id, at, actor=who)
        _decide(connection, signature, failures.FIXING if found else failures.FIXED, who)
        return f"replay:{len(found)}"

    return press(change, _page(signature), event("E", "replay", entities=(("failure", signature),)))


@door.post("/failures/<signature>/ignore")
def ignore(signature: str) -> ResponseReturnValue:
    """Ignore it, with a reason that stays with it."""
    reason, who = check(Reason, asked())["reason"], caller().key

    def change(connection: Connection, _: str) -> str:
        _decide(connection, signature, failures.IGNORED, who, reason)
        return "ignore"

    return press(change, _page(signature), event("U", "ignore", entities=(("failure", signature),)))


@door.post("/failures/<signature>/reopen")
def reopen(signature: str) -> ResponseReturnValue:
    """Open an ignored failure again."""
    who = caller().key

    def change(connection: Connection, _: str) -> str:
        _decide(connection, signature, failures.OPEN, who)
        return "reopen"

    return press(change, _page(signature), event("U", "reopen", entities=(("failure", signature),)))


def _decide(connection: Connection, signature: str, state: str, who: str, reason: str | None = None) -> None:
    if not failures.set_state(connection, signature, state, owner=who, reason=reason):
        raise NotFoundError


def _page(signature: str) -> str:
    return url_for("admin.failure", signature=signature)
