"""The clinics' door over HTTP: limits, then who is calling, then the bytes on disk, then the answer."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from gateway.access.caller import caller, identify, require, wants_page
from gateway.core import fhirjson
from gateway.core.errors import IntakeError, NotFoundError, RequestError
from gateway.core.submission import Receipt
from gateway.intake import lookup, pages, words
from gateway.intake.limits import check_rate, check_size, one_file, read_body
from gateway.intake.receive import Arrival, receive
from gateway.services import services

door = Blueprint("intake", __name__, url_prefix="/submissions")
for hook in (check_size, identify, require("clinic")):
    door.before_request(hook)

_PAGE: Final = 50
_MOST: Final = 200


@door.post("")
def submit() -> ResponseReturnValue:
    """Take a submission of any format; answer only when it is on disk."""
    check_rate()
    receipt = receive(services(), _arrival(), clinic=caller().clinic, agent=caller().key)
    return _json(_receipt(receipt), 202, {"Location": _status_url(receipt.id)})


@door.get("")
def listing() -> ResponseReturnValue:
    """The clinic's own submissions, the newest first."""
    limit = _number("limit", _PAGE, _MOST)
    found = lookup.listing(_number("before", None, None), limit or _PAGE)
    following = found[-1].seq if len(found) == limit else None
    if wants_page():
        return pages.listing(found, following)
    said: dict[str, Any] = {"submissions": [{**_receipt(one.receipt), "kind": one.kind} for one in found]}
    if following is not None:
        said["next"] = url_for("intake.listing", before=following, limit=limit, _external=False)
    return _json(said)


@door.get("/<uuid:id>")
def status(id: UUID) -> ResponseReturnValue:
    """How far a submission has come, what was found in it, and whether anyone must act."""
    course = lookup.course(id)
    return pages.status(course) if wants_page() else _json(_status(course))


@door.get("/<uuid:id>/original")
def original(id: UUID) -> ResponseReturnValue:
    """The bytes as they came; to be saved, never to be shown."""
    return _saved(lookup.original(id), "application/octet-stream", f"submission-{id}")


@door.get("/<uuid:id>/reply")
def reply(id: UUID) -> ResponseReturnValue:
    """How the case of a submission stands, and the opinion, in the sender's own format: HL7 v2, C-CDA or FHIR."""
    said = lookup.reply_to(id)
    answer = Response(said.body, mimetype=said.media_type)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@door.get("/<uuid:id>/opinion")
def opinion(id: UUID) -> ResponseReturnValue:
    """The opinion on what a submission asks: a FHIR document, or a page to read it on."""
    found = lookup.opinion(id)
    if wants_page():
        return pages.opinion(str(id), found)
    return _saved(fhirjson.write(found.document), "application/fhir+json", f"opinion-{found.case.number}.json")


@door.get("/<uuid:id>/opinion/<int:number>")
def opinion_note(id: UUID, number: int) -> ResponseReturnValue:
    """A document of the opinion as it was written, by its place from 1; to be saved, never to be shown."""
    found = lookup.opinion(id)
    if not 1 <= number <= len(found.attachments):
        raise NotFoundError
    kind, body = found.attachments[number - 1]
    return _saved(body, kind, f"opinion-{found.case.number}-{number}")


def _saved(body: bytes, kind: str, name: str) -> Response:
    """Bytes that a browser saves and never shows, whatever they are called."""
    answer = Response(body, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _arrival() -> Arrival:
    """The one file of a multipart body, or the body itself."""
    key = request.headers.get("Idempotency-Key")
    if request.mimetype != "multipart/form-data":
        return Arrival(read_body(), request.mimetype, None, key)
    if request.headers.get("Content-Encoding"):
        raise IntakeError("Content-Encoding")
    file = one_file()
    return Arrival(file.read(), file.mimetype, file.filename, key)


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.id,
        "state": receipt.state,
        "sha256": receipt.sha256,
        "size": receipt.size,
        "received": receipt.received,
        "status": _status_url(receipt.id),
    }


def _status(course: lookup.Course) -> dict[str, Any]:
    found, outcome = course.submission, course.outcome
    act = course.act
    said: dict[str, Any] = {
        **_receipt(found.receipt),
        "kind": found.kind,
        "reason": found.reason,
        "updated": found.updated,
        "steps": [
            {"step": step.title, "done": step.done, "at": step.at or None, "note": step.note or None}
            for step in words.steps(found, course.events)
        ],
        "act": {"who": act.who, "text": act.text},
        "links": {"self": _status_url(found.id), "original": f"{_status_url(found.id)}/original"},
    }
    if outcome is not None:
        said["issues"] = [_issue(issue) for issue in course.issues]
        said["counts"] = outcome.counts
    if outcome is not None and outcome.bundle is not None:
        case = course.case
        said["case"] = case.number if case else ""
        said["missing"] = list(case.missing) if case else []
        if case:
            said["links"]["reply"] = f"{_status_url(found.id)}/reply"
            if case.answered:
                said["links"]["opinion"] = f"{_status_url(found.id)}/opinion"
            said["case_state"] = {"code": case.state, "text": case.sentence}
    return said


def _issue(issue: dict[str, Any]) -> dict[str, Any]:
    places: dict[str, Any] = {name: issue[name] for name in ("location", "path", "line") if issue.get(name)}
    return {"severity": issue["severity"], "code": issue["code"], "text": words.said(issue), **places}


def _status_url(id: str) -> str:
    return f"{services().settings.base_url}{url_for('intake.status', id=id, _external=False)}"


def _number(name: str, otherwise: int | None, most: int | None) -> int | None:
    """A parameter that is a number of our own paging."""
    said = request.args.get(name)
    if said is None:
        return otherwise
    if not (said.isascii() and said.isdigit() and len(said) <= 18) or int(said) < 1:
        raise RequestError(name)
    return int(said) if most is None else min(int(said), most)


def _json(said: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    answer = Response(fhirjson.write(said), status, mimetype="application/json", headers=headers)
    answer.headers["Cache-Control"] = "no-store"
    return answer
