"""Every error as a FHIR OperationOutcome, or as a page for a person; of what was sent nothing is repeated."""

from typing import Any, Final

import structlog
from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gateway.access.caller import wants_page
from gateway.core import errors, fhirjson
from gateway.core.errors import GatewayError
from gateway.core.outcome import outcome_of

_OF_STATUS: Final[dict[int, type[GatewayError]]] = {
    401: errors.UnknownCallerError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    405: errors.MethodNotAllowedError,
    406: errors.NotAcceptableError,
    412: errors.PreconditionFailedError,
    413: errors.TooLargeError,
    415: errors.UnsupportedFormatError,
    429: errors.ThrottledError,
    503: errors.StoreError,
}
_COME_BACK: Final = "5"  # seconds
_log = structlog.get_logger()


def install(app: Flask) -> None:
    """Answer for every kind of error."""
    app.register_error_handler(GatewayError, _refused)
    app.register_error_handler(HTTPException, _refused_by_flask)
    app.register_error_handler(Exception, _crashed)


def _refused(error: GatewayError) -> ResponseReturnValue:
    if error.status >= 500:
        _log.error("refused", code=error.code, request=g.get("request_id"))
    return _answer(error)


def _refused_by_flask(error: HTTPException) -> ResponseReturnValue:
    """Flask's own errors; their descriptions can repeat what was sent and are left out."""
    status = error.code or 500
    if status < 400:
        return error.get_response()
    ours = _OF_STATUS.get(status, errors.RequestError if status < 500 else GatewayError)
    answer = _answer(ours())
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _crashed(error: Exception) -> ResponseReturnValue:
    """Our fault: the log has the place under the id that the answer names; neither has what was sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
    _log.error("crash", kind=type(error).__name__, place=place, request=g.get("request_id"))
    return _answer(GatewayError())


def _answer(error: GatewayError) -> Response:
    if wants_page() and not request.path.startswith("/fhir"):
        answer = Response(render_template("error.html", error=error), error.status)
    else:
        answer = Response(fhirjson.write(_outcome(error)), error.status, mimetype="application/fhir+json")
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if error.retryable:
        answer.headers["Retry-After"] = _COME_BACK
    return answer


def _outcome(error: GatewayError) -> dict[str, Any]:
    said = outcome_of(error)
    if error.status >= 500 and "request_id" in g:
        said["issue"][0]["diagnostics"] = g.request_id
    return said
