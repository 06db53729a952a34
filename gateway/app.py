"""The application: doors, error answers, security headers, and what a watcher asks for."""

import importlib

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from gateway import services as rooms
from gateway.core import fhirjson
from gateway.core.errors import (
    ForbiddenError,
    GatewayError,
    MethodNotAllowedError,
    NotAcceptableError,
    NotFoundError,
    RequestError,
    TooLargeError,
    UnknownCallerError,
    UnsupportedFormatError,
)
from gateway.core.outcome import outcome_of
from gateway.services import Services, open_services
from gateway.settings import Settings, read_settings

_OF_STATUS: dict[int, type[GatewayError]] = {
    401: UnknownCallerError,
    403: ForbiddenError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    406: NotAcceptableError,
    413: TooLargeError,
    415: UnsupportedFormatError,
}


def create_app(settings: Settings | None = None, *, services: Services | None = None) -> Flask:
    """Compose the application over the given services, or open those that the settings name."""
    app = Flask(__name__, template_folder="pages", static_folder="pages/static")
    here = services or open_services(settings or read_settings())
    app.extensions["gateway"] = here
    app.config.update(MAX_CONTENT_LENGTH=here.settings.max_body, MAX_FORM_PARTS=1000)
    for room in ("access", "intake", "serve", "admin"):
        module = importlib.import_module(f"gateway.{room}")
        for door in getattr(module, "doors", None) or [d for d in [getattr(module, "door", None)] if d]:
            app.register_blueprint(door)
    app.register_error_handler(GatewayError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.add_url_rule("/healthz", view_func=healthz)
    return app


def healthz() -> ResponseReturnValue:
    """Whether the store answers."""
    rooms.services().store.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    return {"status": "pass"}


def _refuse(error: GatewayError) -> Response:
    answer = Response(fhirjson.write(outcome_of(error)), error.status, mimetype="application/fhir+json")
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if error.retryable:
        answer.headers["Retry-After"] = "5"
    return answer


def _refuse_http(error: HTTPException) -> Response:
    return _refuse(_OF_STATUS.get(error.code or 500, RequestError if (error.code or 500) < 500 else GatewayError)())
