"""The admin door: who may enter, how an answer is given as a page or as JSON, how a button is pressed once."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from gateway.access.caller import caller, identify, require, wants_page
from gateway.admin.panes.pieces import short
from gateway.admin.words import outcome_of_press
from gateway.audit.trail import Event
from gateway.core import fhirjson
from gateway.core.clock import instant
from gateway.core.errors import PreconditionFailedError, RequestError
from gateway.core.ids import digest
from gateway.services import services
from gateway.store import access, actions
from gateway.store.failures import element

door = Blueprint("admin", __name__, url_prefix="/admin")
door.before_request(identify)
door.before_request(require("admin"))

LARGEST_FORM: Final = 65_536
_SAID: Final = re.compile(r"[a-z-]{1,32}(?::\d{1,9})?", re.ASCII)


@door.before_request
def small() -> None:
    """Nobody sends us more than a form."""
    request.max_content_length = LARGEST_FORM


@door.app_template_filter("pair")
def pair(text: str) -> tuple[str, str]:
    """A choice that is called what it is."""
    return text, text


door.add_app_template_filter(short)


@door.app_template_filter("place")
def place(path: str) -> str:
    """Where a leaf went, without the id of its resource."""
    return element(path)


@door.context_processor
def parts() -> dict[str, Any]:
    """What every page of this door may use: a fresh key for each form, and what the last press did."""
    said, store = request.args.get("said", ""), services().store
    return {
        "fresh_key": lambda: secrets.token_urlsafe(18),
        "since": seconds_between,
        "said": outcome_of_press(said) if _SAID.fullmatch(said) else None,
        "clinic_names": store.read(lambda connection: dict(access.all_clinics(connection))),
        "caller_names": store.read(lambda connection: {key.id: key.label for key in access.all_keys(connection)}),
        "now": now(),
    }


def now() -> str:
    """The present instant as the store writes it."""
    return instant(services().clock.now())


def seconds_between(earlier: str, later: str) -> int:
    """How long it is from one instant to the other; never less than nothing."""
    return max(int((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()), 0)


def show(template: str, facts: Mapping[str, Any], **page: Any) -> ResponseReturnValue:
    """The facts as JSON, or as a page that may use more."""
    if not wants_page():
        return Response(fhirjson.write(facts), mimetype="application/json")
    return render_template(f"admin/{template}", **facts, **page)


def asked() -> Mapping[str, str]:
    """The fields of a form, or of a JSON object of texts."""
    if request.mimetype == "application/json":
        found = fhirjson.read(request.get_data())
        if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
            raise RequestError("body")
        return found
    form: MultiDict[str, str] = request.form
    return form.to_dict()


def press(change: Callable[[Connection, str], str], onward: str, event: Event) -> ResponseReturnValue:
    """Make the change once for the key that its form was shown with; a second press is told the same."""
    key = request.headers.get("Idempotency-Key") or request.form.get("press", "")
    if not key or len(key) > 255:
        raise RequestError("Idempotency-Key")
    hashed, at = digest("\x1f".join((caller().key, request.path, key)).encode("utf-8", "replace")), now()
    here = services()  # the change runs in the store's own thread, where there is no request

    def once(connection: Connection) -> str:
        said = actions.said(connection, hashed)
        if said is None:
            said = change(connection, at)
            actions.keep(connection, hashed, said, at)
            here.record(connection, event)
        return said

    said = here.store.write(once)
    if wants_page():
        return redirect(f"{onward}{'&' if '?' in onward else '?'}said={said}", 303)
    what, _, number = said.partition(":")
    return Response(fhirjson.write({"done": what, "count": int(number or 1)}), mimetype="application/json")


def if_match() -> str:
    """The version that a program has seen, written as its ETag; a form holds it."""
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not tag and request.mimetype == "application/json":
        raise PreconditionFailedError("If-Match")
    return tag


def event(action: str, subtype: str, **about: Any) -> Event:
    """An event of the admin who is calling."""
    who = caller()
    return Event(action, subtype, "0", who.key, who.role, **about)


def session() -> str:
    """What a reveal is bound to: this sign-in, or the key of a program."""
    who = caller()
    return digest((who.csrf or who.key).encode())
