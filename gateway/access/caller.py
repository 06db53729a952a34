"""Who is calling: a Bearer key, or a signed-in page. Hooks that every door puts before its routes."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.access.sessions import find_session
from gateway.audit.trail import Event
from gateway.core.clock import instant
from gateway.core.errors import ForbiddenError, ThrottledError, UnknownCallerError
from gateway.core.ids import digest
from gateway.services import services
from gateway.store import access

COOKIE: Final = "so_session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_LONGEST: Final = 512
_REFUSED: Final = "8"
MOST_REFUSALS: Final = 100  # of one address in a minute, in all processes
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the key's id, its role, clinic and label, a page's CSRF token, the guarded labels it is shown."""

    key: str
    role: str
    clinic: str
    label: str
    csrf: str = ""
    sees: str = ""


def identify() -> ResponseReturnValue | None:
    """Find out who is calling; a browser that is not signed in is led to the sign-in page."""
    by_key = "Authorization" in request.headers
    found = _bearer() if by_key else signed_in()
    if found is None:
        if request.method == "GET" and wants_page() and not by_key:
            # The path only: a query can hold what a person searched for.
            return redirect(url_for("access.sign_in", next=request.path), 303)
        turn_away()
        raise UnknownCallerError
    g.caller = found
    if not by_key and request.method not in _SAFE and not _has_token(found.csrf):
        witness("E", "access", _REFUSED)
        raise ForbiddenError("csrf")
    return None


def caller() -> Caller:
    """Who is calling; only after `identify`."""
    found = g.get("caller")
    if not isinstance(found, Caller):
        raise UnknownCallerError
    return found


def require(*roles: str) -> Callable[[], None]:
    """A hook that lets these roles pass."""

    def hook() -> None:
        if caller().role not in roles:
            witness("E", "access", _REFUSED)
            raise ForbiddenError

    return hook


def signed_in() -> Caller | None:
    """The caller of a signed-in page, by its cookie alone."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or len(cookie) > _LONGEST:
        return None
    here = services()
    found = find_session(here.store, here.clock, cookie)
    if found is None:
        return None
    return Caller(found.key.id, found.key.role, found.key.clinic, found.key.label, found.csrf, found.key.sees)


def find_key(secret: str) -> access.Key | None:
    """The key that a caller shows, looked up by its hash."""
    if not secret or len(secret) > _LONGEST:
        return None
    here = services()
    hashed, at = digest(secret.encode("utf-8", "replace")), instant(here.clock.now())
    return here.store.read(lambda connection: access.key(connection, hashed, at))


def turn_away() -> None:
    """Enter in the audit trail that somebody showed no key that we know. Raises ThrottledError for whoever goes on.

    Nobody guesses 256 bits; but a stranger who could write an event with every try would fill the disk. So whoever
    shows a good key is let in, however many others share that address.
    """
    here, address = services(), (request.remote_addr or "")[:64]
    now = here.clock.now()
    at, before = instant(now), instant(now - _MINUTE)

    def change(connection: Connection) -> bool:
        too_many = access.refuse(connection, address, at=at, before=before) > MOST_REFUSALS
        if not too_many:
            here.record(connection, Event("E", "access", _REFUSED, "unknown", ""))
        return too_many

    if here.store.write(change):
        raise ThrottledError


def wants_page() -> bool:
    """Whether a person's browser asks, rather than a program."""
    offers = ["application/json", "text/html"]
    return request.accept_mimetypes.best_match(offers, default=offers[0]) == "text/html"


def witness(action: str, subtype: str, outcome: str = "0", submission: str = "") -> None:
    """Enter in the audit trail what the caller looked at or was refused."""
    who = caller()
    services().witness(Event(action, subtype, outcome, who.key, who.role, who.clinic, submission=submission))


def _bearer() -> Caller | None:
    scheme, _, secret = request.headers["Authorization"].partition(" ")
    found = find_key(secret.strip()) if scheme.lower() == "bearer" else None
    return None if found is None else Caller(found.id, found.role, found.clinic, found.label, sees=found.sees)


def _has_token(expected: str) -> bool:
    shown = request.headers.get("X-CSRF-Token", "")
    if not shown and request.mimetype in _FORMS:
        shown = request.form.get("csrf", "")
    return hmac.compare_digest(shown.encode(), expected.encode())
