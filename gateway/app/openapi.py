"""/openapi.json, made from the routes that are really there and from `operations.yaml`."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from apispec import APISpec
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from gateway.core.errors import (
    AccessError,
    CaseError,
    GatewayError,
    IntakeError,
    MatchError,
    ParseError,
    RequestError,
    StoreError,
)
from gateway.core.outcome import outcome_of
from gateway.parse.formats import FORMATS
from gateway.serve.door import OPEN as CAPABILITIES
from gateway.services import services

Words = Mapping[Any, Any]
FILE: Final = Path(__file__).with_name("operations.yaml")
_TYPES: Final = {"UUIDConverter": ("string", "uuid"), "IntegerConverter": ("integer", None)}
_OPEN: Final = frozenset(
    {"healthz", "metrics", "openapi", CAPABILITIES, "access.start", "access.sign_in", "access.enter"}
)


def install(app: Flask) -> None:
    """Add /openapi.json; the document is made once, when it is first asked for."""
    made: list[dict[str, Any]] = []

    def openapi() -> ResponseReturnValue:
        """This document."""
        if not made:
            made.append(document(app, services().settings.base_url))
        return made[0]

    app.add_url_rule("/openapi.json", view_func=openapi)


def document(app: Flask, base_url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every route of the application."""
    spec = APISpec(
        title="Second Opinion Gateway",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Any clinical format in, FHIR R4 out."},
        servers=[{"url": base_url}],
    )
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    known = yaml.load(FILE.read_bytes(), Loader=yaml.CSafeLoader)
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint != "static":
            spec.path(_path(rule), operations=_operations(app, rule, known))
    found: dict[str, Any] = spec.to_dict()
    return found


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", str(rule))


def _operations(app: Flask, rule: Rule, known: Words) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    tag = rule.endpoint.rpartition(".")[0] or "gateway"
    door, own = known["doors"][tag], known["operations"].get(rule.endpoint, {})
    operation: dict[str, Any] = {
        "summary": (view.__doc__ or "").strip().partition("\n")[0],
        "tags": [tag],
        "security": [] if rule.endpoint in _OPEN else [{"key": []}],
        "responses": _answers(own.get("answers", door.get("answers")))
        | _refusals(own.get("only", [*door["refuses"], *own.get("refuses", ())])),
    }
    if "description" in own:
        operation["description"] = own["description"]
    if "body" in own:
        operation["requestBody"] = {"required": True, "content": _body(own["body"])}
    if parameters := [*(_place(rule, name) for name in sorted(rule.arguments)), *_parameters(own)]:
        operation["parameters"] = parameters
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return {method.lower(): {"operationId": f"{rule.endpoint}.{method.lower()}", **operation} for method in methods}


def _answers(answers: Words) -> dict[str, Any]:
    """Each status with what it means, or with an example for its media type."""
    said: dict[str, Any] = {}
    for status, answer in answers.items():
        if isinstance(answer, str):
            said[str(status)] = {"description": answer}
        else:
            said[str(status)] = {"description": "What was asked for.", "content": _examples(answer)}
    return said


def _refusals(codes: Iterable[str]) -> dict[str, Any]:
    """Each status of these errors, with the OperationOutcome of every one that has it."""
    said: dict[str, Any] = {}
    tops = (AccessError, CaseError, IntakeError, MatchError, ParseError, RequestError, StoreError)
    errors = {kind().code: kind() for top in tops for kind in _kinds(top)}
    for error in (errors[code] for code in dict.fromkeys(codes)):
        answer = said.setdefault(str(error.status), {"description": "", "content": {}})
        answer["description"] = f"{answer['description']} {error.message}".strip()
        content = answer["content"].setdefault("application/fhir+json", {"schema": {"type": "object"}, "examples": {}})
        content["examples"][error.code] = {"value": outcome_of(error)}
    return said


def _kinds(top: type[GatewayError]) -> Iterable[type[GatewayError]]:
    yield top
    for kind in top.__subclasses__():
        yield from _kinds(kind)


def _body(body: str | Words) -> dict[str, Any]:
    """The media types of a body; `formats` stands for everything that we read."""
    if isinstance(body, str):
        named = sorted({media_type for one in FORMATS for media_type in one.media_types})
        whole = {media_type: {"schema": {"type": "string"}} for media_type in (*named, "application/octet-stream")}
        return whole | _examples({"multipart/form-data": {"file": "the file"}})
    return _examples(body)


def _examples(content: Words) -> dict[str, Any]:
    return {
        media_type: {"schema": {"type": "string" if isinstance(example, str) else "object"}, "example": example}
        for media_type, example in content.items()
    }


def _parameters(own: Words) -> Iterable[dict[str, Any]]:
    for where, kind in (("query", "query"), ("headers", "header")):
        for name, text in own.get(where, {}).items():
            said = {"name": name, "in": kind, "description": text, "schema": {"type": "string"}}
            if name == "*":  # any name: OpenAPI says this as the fields of one object
                said |= {"name": "parameters", "schema": {"type": "object", "additionalProperties": {"type": "string"}}}
            yield said


def _place(rule: Rule, name: str) -> dict[str, Any]:
    kind, form = _TYPES.get(type(rule._converters[name]).__name__, ("string", None))
    schema = {"type": kind} | ({"format": form} if form else {})
    return {"name": name, "in": "path", "required": True, "schema": schema}
