"""The pages /, /sign-in and /sign-out: a key in exchange for a cookie, and back."""

import re
from typing import Any, Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gateway.access.caller import COOKIE, find_key, identify, signed_in, turn_away
from gateway.access.sessions import close_session, open_session
from gateway.core.errors import ForbiddenError
from gateway.services import services

door = Blueprint("access", __name__)

_LARGEST_FORM: Final = 8192
# A page of ours by its path; `//` and `\` would lead to another host.
_OUR_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/._~-]*", re.ASCII)
_HOME: Final = {"clinic": "/submit", "admin": "/admin"}


@door.before_request
def guard() -> ResponseReturnValue | None:
    """A small form from our own page; whoever signs out has to be signed in."""
    request.max_content_length = _LARGEST_FORM
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site" and request.method == "POST":
        raise ForbiddenError("Sec-Fetch-Site")
    return identify() if request.endpoint == "access.sign_out" else None


@door.app_context_processor
def visitor() -> dict[str, Any]:
    """Every page knows as `visitor` who is calling; its forms send `visitor.csrf`."""
    return {"visitor": g.get("caller")}


@door.get("/")
def start() -> ResponseReturnValue:
    """Lead to the pages of whoever is signed in."""
    found = signed_in()
    return redirect(_HOME[found.role] if found else url_for("access.sign_in"), 303)


@door.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for the key; who is signed in already goes on."""
    if (found := signed_in()) is not None:
        return redirect(_onward(request.args.get("next", ""), found.role), 303)
    return render_template("access/sign_in.html", next=request.args.get("next", ""), refused=False)


@door.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Take the key; a wrong one is told at the field."""
    onward = request.form.get("next", "")
    found = find_key(request.form.get("key", "").strip())
    if found is None or found.role not in _HOME:
        turn_away()
        return render_template("access/sign_in.html", next=onward, refused=True), 401
    here = services()
    answer = redirect(_onward(onward, found.role), 303)
    answer.set_cookie(
        COOKIE,
        open_session(here.store, here.clock, found),
        secure=here.settings.cookie_secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    return answer


@door.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    close_session(services().store, request.cookies.get(COOKIE, ""))
    answer = redirect(url_for("access.sign_in"), 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _onward(asked: str, role: str) -> str:
    return asked if _OUR_PATH.fullmatch(asked) and asked not in ("/", "/sign-in") else _HOME[role]
