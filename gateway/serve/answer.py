"""Answers in FHIR JSON: the format asked for, validators of caches, and a stored version as it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from flask import Response, request

from gateway.core import fhirjson
from gateway.core.errors import NotAcceptableError, UnknownParameterError, UnreadableValueError
from gateway.serve.subset import Subset
from gateway.store.query import Pair, read_elements, read_summary, shown
from gateway.store.resources import Stored

FHIR_JSON: Final = "application/fhir+json"
_JSON: Final = frozenset({FHIR_JSON, "application/json", "application/*", "*/*"})
_FORMATS: Final = frozenset({"json", "application/json", FHIR_JSON})
_VERSIONS: Final = frozenset({"4.0", "4.0.1"})


def check_format(asked: Sequence[str]) -> None:
    """Whether we can answer in what is asked for: FHIR JSON of R4 and nothing else. `_format` outweighs Accept."""
    if asked:
        # A plus sign in a query arrives as a blank.
        if any(name.replace(" ", "+") not in _FORMATS for name in asked):
            raise NotAcceptableError("_format")
    elif request.accept_mimetypes and not any(_suits(text, q) for text, q in request.accept_mimetypes):
        raise NotAcceptableError


def presentation(pairs: list[Pair]) -> list[Pair]:
    """Check `_format` and `_pretty` and take them away; what is left says what to find."""
    check_format([value for name, value in pairs if name == "_format"])
    for name, value in pairs:
        if name == "_pretty" and value not in ("true", "false"):
            raise UnreadableValueError("_pretty")
    return [pair for pair in pairs if pair[0] not in ("_format", "_pretty")]


def reading(type: str, *, others: frozenset[str] = frozenset()) -> tuple[Subset, dict[str, str]]:
    """The part of a resource that a read asks for, and the values of the other parameters it takes."""
    summary, elements = "false", tuple[str, ...]()
    rest: dict[str, str] = {}
    for name, value in presentation(list(request.args.items(multi=True))):
        if name == "_summary":
            summary = read_summary(value)
        elif name == "_elements":
            elements = read_elements(type, value)
        elif name in others:
            rest[name] = value
        else:
            raise UnknownParameterError(shown(name))
    return Subset(type, summary, elements), rest


def fhir(content: Any, status: int = 200) -> Response:
    """An answer of our own making; resources inside may stand as their stored bytes."""
    return _json(fhirjson.write(content), status)


def version(stored: Stored, subset: Subset) -> Response:
    """One stored version, its bytes passed through; 304 when the caller has it already."""
    answer = _json(subset.of(stored.body))
    answer.set_etag(str(stored.version), weak=True)
    answer.last_modified = datetime.fromisoformat(stored.updated)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Accept, Authorization, Cookie"
    answer.make_conditional(request)
    return answer


def _json(body: bytes, status: int = 200) -> Response:
    if request.args.get("_pretty") == "true":
        body = msgspec.json.format(body, indent=2)
    return Response(body, status, mimetype=FHIR_JSON)


def _suits(accepted: str, quality: float) -> bool:
    kind, *parameters = (part.strip().lower() for part in accepted.split(";"))
    asked = dict(parameter.partition("=")[::2] for parameter in parameters)
    return quality > 0 and kind in _JSON and asked.get("fhirversion", "4.0") in _VERSIONS
