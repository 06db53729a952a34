"""The opinion by hand: to whom it goes at which address, a letter to be printed, and the documents that go with it."""

from typing import Any, Final

from flask import Response
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway import casework
from gateway.admin.door import door, event, now, session, show
from gateway.cases.case import CENTRE, ON_DUTY
from gateway.cases.evidence import values
from gateway.casework import Opinion, Recipient
from gateway.core.errors import ForbiddenError, NotFoundError
from gateway.services import services
from gateway.store import actions, cases, resources
from gateway.store.cases import Case

_WAYS: Final = ("fax", "phone", "email")
_MASKED: Final = {"name": "Masked", "lines": [], "ways": []}


def addressed(connection: Connection, case: Case, *, revealed: bool = True) -> list[dict[str, Any]]:
    """The recipients of a case's opinion as a letter names them, and since when each has it; masked, that alone."""
    found = casework.recipients(connection, case)
    return [{**(_address(one) if revealed else _MASKED), "key": one.key, "sent": one.sent} for one in found]


@door.get("/cases/<number>/letters/<int:place>")
def letter(number: str, place: int) -> ResponseReturnValue:
    """The letter to one of the recipients, by their place from 1; only while the submission is revealed."""
    case, opinion = _revealed(number)
    to = services().store.read(lambda connection: addressed(connection, case))
    if not 1 <= place <= len(to):
        raise NotFoundError
    at = now()
    barred = services().store.read(lambda connection: casework.is_forbidden(connection, opinion, at))
    facts = {"case": case.number, "to": to[place - 1], "barred": barred, "by": f"{CENTRE}, {case.owner or ON_DUTY}"}
    words = "" if barred else opinion.composition["text"]["div"]
    kinds = [] if barred else [kind for kind, _ in opinion.attachments]
    return show("letter.html", {**facts, "words": words, "kinds": kinds}, today=at[:10])


@door.get("/cases/<number>/opinion/<int:place>")
def letter_document(number: str, place: int) -> ResponseReturnValue:
    """A document of the opinion, as an attachment; only while the submission is revealed."""
    _, opinion = _revealed(number)
    if not 1 <= place <= len(opinion.attachments):
        raise NotFoundError
    kind, body = opinion.attachments[place - 1]
    headers = {
        "Content-Disposition": f'attachment; filename="opinion-{opinion.case.number}-{place}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(body, content_type=kind, headers=headers)


def _revealed(number: str) -> tuple[Case, Opinion]:
    """A case and its opinion, for who has unmasked the submission that opened it; looking leaves its event."""
    here, who, at = services(), session(), now()

    def look(connection: Connection) -> tuple[Case, Opinion | None, bool]:
        case = cases.find(connection, number)
        submission = resources.submission_of(connection, "ServiceRequest", case.question) or ""
        shown = actions.revealed_until(connection, who, submission, at) is not None
        return case, casework.opinion_of(connection, case), shown

    case, opinion, shown = here.store.read(look)
    if not shown:
        raise ForbiddenError("reveal")
    if opinion is None:
        raise NotFoundError
    here.witness(event("R", "download", entities=(("case", number), ("Patient", case.patient))))
    return case, opinion


def _address(recipient: Recipient) -> dict[str, Any]:
    people, reference = recipient.people, recipient.reference
    named = [_name(one) for one in people] or [str(reference.get("display", ""))]
    lines = [_line(one) for one in values(people, "address")]
    ways = [f"{way}: {one['value']}" for way in _WAYS for one in values(people, "telecom") if _is(one, way)]
    return {
        "name": ", ".join(dict.fromkeys(filter(None, named))) or "Name not known",
        "lines": list(dict.fromkeys(filter(None, lines))),
        "ways": list(dict.fromkeys(ways)),
    }


def _is(telecom: dict[str, Any], way: str) -> bool:
    return telecom.get("system") == way and "value" in telecom


def _name(person: dict[str, Any]) -> str:
    """A clinician's name, or an organization's."""
    if isinstance(person.get("name"), str):
        return str(person["name"])
    name: dict[str, Any] = next(iter(person.get("name", ())), {})
    parts = [*name.get("prefix", ()), *name.get("given", ()), name.get("family", ""), *name.get("suffix", ())]
    return str(name.get("text") or " ".join(filter(None, parts)))


def _line(address: dict[str, Any]) -> str:
    place = " ".join(address[part] for part in ("city", "state", "postalCode") if part in address)
    return address.get("text") or ", ".join(filter(None, [*address.get("line", ()), place, address.get("country", "")]))
