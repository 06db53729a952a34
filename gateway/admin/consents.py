"""That a patient agrees, recorded by whoever has seen the document; what waited for it goes on."""

from typing import Final

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.access.caller import caller
from gateway.admin.door import asked, door, event, now, press
from gateway.admin.questions import ConsentQuestion, check
from gateway.core.errors import RequestError, VersionConflictError
from gateway.store import consents, submissions

STEP: Final = "consent"


@door.post("/submissions/<id>/consent")
def consent(id: str) -> ResponseReturnValue:
    """Record a consent for a submission, or a record of it, that waits for one, and replay it from its stored bytes."""
    question, who = check(ConsentQuestion, asked()), caller().key
    given = question["given"].isoformat()
    if given > now()[:10]:
        raise RequestError("given")

    def change(connection: Connection, at: str) -> str:
        submissions.find(connection, id, None)
        rows = (one.hold for one in consents.of(connection, id) if one.waits and one.place == question["place"])
        hold = next(rows, None)
        if hold is None:
            raise VersionConflictError("state")
        said = {name: question[name] for name in ("given_by", "document", "place")}
        consents.record(connection, submission=id, hold=hold, at=at, actor=who, given=given, **said)
        submissions.enter(connection, id, event=STEP, at=at, actor=who)
        submissions.requeue(connection, id, at, actor=who)
        return STEP

    return press(change, url_for("admin.submission", id=id), event("E", "consent", submission=id))
