"""Headers that every answer carries, so that a browser does with our pages only what we mean."""

from typing import Final

from flask import Flask, Response, g, request

from gateway.services import services

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask) -> None:
    """Put them on every answer; a door's own, stricter word stands."""
    app.after_request(_put)


def _put(answer: Response) -> Response:
    for name, text in _ALWAYS.items():
        answer.headers.setdefault(name, text)
    if request.endpoint != "static":
        answer.headers.setdefault("Cache-Control", "no-store")
    if services().settings.base_url.startswith("https:"):
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "request_id" in g:
        answer.headers["X-Request-Id"] = g.request_id
    return answer
