"""/openapi.json, made from the routes that are really there.

A view may carry `openapi`, a dictionary of OpenAPI words for its operation; the rest is read from route and docstring.
"""

import re
from typing import Any, Final

from apispec import APISpec
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from gateway.services import services

_TYPES: Final = {"UUIDConverter": ("string", "uuid"), "IntegerConverter": ("integer", None)}
_OPEN: Final = frozenset({"healthz", "metrics", "openapi", "static"})
_OUTCOME: Final = {
    "description": "What is wrong, as a FHIR OperationOutcome.",
    "content": {"application/fhir+json": {"schema": {"type": "object"}}},
}


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
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint != "static":
            spec.path(_path(rule), operations=_operations(app, rule))
    found: dict[str, Any] = spec.to_dict()
    return found


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", str(rule))


def _operations(app: Flask, rule: Rule) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    summary = (view.__doc__ or rule.endpoint).strip().partition("\n")[0]
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    operation: dict[str, Any] = {
        "summary": summary,
        "tags": [rule.endpoint.rpartition(".")[0] or "gateway"],
        "security": [] if rule.endpoint in _OPEN else [{"key": []}],
        "responses": {"default": _OUTCOME},
    }
    if rule.arguments:
        operation["parameters"] = [_parameter(rule, name) for name in sorted(rule.arguments)]
    operation |= getattr(view, "openapi", {})
    return {method.lower(): {"operationId": f"{rule.endpoint}.{method.lower()}", **operation} for method in methods}


def _parameter(rule: Rule, name: str) -> dict[str, Any]:
    kind, form = _TYPES.get(type(rule._converters[name]).__name__, ("string", None))
    schema = {"type": kind} | ({"format": form} if form else {})
    return {"name": name, "in": "path", "required": True, "schema": schema}
