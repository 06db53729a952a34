"""$validate: the verdict on a resource that a caller sends; nothing of it is kept."""

from collections.abc import Iterator
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from gateway.core import fhirjson, r4
from gateway.core.errors import NotFoundError, RequestError, UnknownParameterError, UnsupportedFormatError
from gateway.core.outcome import operation_outcome
from gateway.serve.answer import FHIR_JSON, fhir, presentation
from gateway.serve.door import access, door
from gateway.store.query import shown
from gateway.validate import validate as judged

LARGEST: Final = 5 * 1024**2


@door.post("/$validate")
def validate() -> ResponseReturnValue:
    """Judge a resource, sent as it is or in Parameters with the profiles to judge it by."""
    return _validate("")


@door.post("/<type>/$validate")
def validate_type(type: str) -> ResponseReturnValue:
    """Judge a resource that must be of this type."""
    if not r4.is_resource(type):
        raise NotFoundError
    return _validate(type)


def _validate(type: str) -> ResponseReturnValue:
    access("operation")
    asked = presentation(list(request.args.items(multi=True)))
    if other := next((name for name, _ in asked if name != "profile"), ""):
        raise UnknownParameterError(shown(other))
    profiles = [value for _, value in asked]
    request.max_content_length = LARGEST
    if request.mimetype not in (FHIR_JSON, "application/json"):
        raise UnsupportedFormatError
    sent = fhirjson.read(request.get_data())
    resource = _in_parameters(sent, profiles) if type != "Parameters" else sent
    if not isinstance(resource, dict) or (type and resource.get("resourceType") != type):
        raise RequestError("resource")
    return fhir(operation_outcome(judged(resource, profiles=profiles)))


def _in_parameters(sent: Any, profiles: list[str]) -> Any:
    """The resource of Parameters that hold one, or what was sent itself; a profile named there is added."""
    given = dict(_parameters(sent))
    if "resource" not in given:
        return sent
    if isinstance(profile := given.get("profile"), str):
        profiles.append(profile)
    return given["resource"]


def _parameters(sent: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(sent, dict) and sent.get("resourceType") == "Parameters":
        for one in sent.get("parameter", ()) if isinstance(sent.get("parameter"), list) else ():
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                yield one["name"], one.get("resource", one.get("valueUri", one.get("valueCanonical")))
