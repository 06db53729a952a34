"""Answers in FHIR JSON or XML: the format asked for, validators of caches, and a stored version as it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from flask import Response, request

from gateway.core import fhirjson, fhirxml
from gateway.core.errors import NotAcceptableError, UnknownParameterError, UnreadableValueError
from gateway.serve.subset import Subset
from gateway.store.query import Pair, read_elements, read_summary, shown
from gateway.store.resources import Stored

FHIR_JSON: Final = "application/fhir+json"
FHIR_XML: Final = "application/fhir+xml"
# A browser accepts any XML; only who asks for FHIR by name gets it as XML.
_ACCEPTED: Final = frozenset({FHIR_JSON, FHIR_XML, "application/json", "application/*", "*/*"})
_XML: Final = frozenset({"xml", "text/xml", "application/xml", FHIR_XML})
_FORMATS: Final = frozenset({"json", "application/json", FHIR_JSON}) | _XML
_VERSIONS: Final = frozenset({"4.0", "4.0.1"})


def check_format(asked: Sequence[str]) -> None:
    """Whether we can answer in what is asked for: FHIR R4 as JSON or XML. `_format` outweighs Accept."""
    if asked:
        if any(_named(name) not in _FORMATS for name in asked):
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
    return formed(fhirjson.write(content), status)


def version(stored: Stored, subset: Subset) -> Response:
    """One stored version, its bytes passed through where JSON is asked for; 304 when the caller has it already."""
    answer = formed(subset.of(stored.body))
    answer.set_etag(str(stored.version), weak=True)
    answer.last_modified = datetime.fromisoformat(stored.updated)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Accept, Authorization, Cookie"
    answer.make_conditional(request)
    return answer


def formed(body: bytes, status: int = 200) -> Response:
    """A resource that we hold as JSON, in the form that is asked for."""
    if _asks_for_xml():
        return Response(fhirxml.write(fhirjson.read_own(body)), status, mimetype=FHIR_XML)
    if request.args.get("_pretty") == "true":
        body = msgspec.json.format(body, indent=2)
    return Response(body, status, mimetype=FHIR_JSON)


def _asks_for_xml() -> bool:
    if asked := request.args.getlist("_format"):
        return _named(asked[-1]) in _XML
    kinds = (_kind(text) for text, quality in request.accept_mimetypes if _suits(text, quality))
    return next(kinds, "") in _XML


def _named(format: str) -> str:
    return format.replace(" ", "+")  # a plus sign in a query arrives as a blank


def _kind(accepted: str) -> str:
    return accepted.partition(";")[0].strip().lower()


def _suits(accepted: str, quality: float) -> bool:
    kind, *parameters = (part.strip().lower() for part in accepted.split(";"))
    asked = dict(parameter.partition("=")[::2] for parameter in parameters)
    return quality > 0 and kind in _ACCEPTED and asked.get("fhirversion", "4.0") in _VERSIONS
