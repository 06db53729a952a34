"""The search rows of one resource: what its parameters read from it, by the rows of the registry."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.core.outcome import BASE
from gateway.store.date_range import ranges_of
from gateway.store.parameters import Parameter, ServedType

_STEP: Final = re.compile(r"extension\(([^)]+)\)|(\w+)")
_LITERAL: Final = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?")
_OWN: Final = f"{BASE}/fhir/"
_NAME_PARTS: Final = ("text", "family", "given", "prefix", "suffix")
_ADDRESS_PARTS: Final = ("text", "line", "city", "district", "state", "postalCode", "country")
LONGEST: Final = 512  # a text is compared by its start: what stands beyond is never asked for


@dataclass(slots=True)
class SearchRows:
    """The rows of one resource for the four search tables, without its type and id; no row twice."""

    tokens: dict[tuple[str, str | None, str, str], None] = field(default_factory=dict)
    strings: dict[tuple[str, str, str], None] = field(default_factory=dict)
    dates: dict[tuple[str, str, str], None] = field(default_factory=dict)
    references: dict[tuple[str, str, str], None] = field(default_factory=dict)


def search_rows(served: ServedType, resource: Mapping[str, Any]) -> SearchRows:
    """Everything the type's parameters find in this resource."""
    rows = SearchRows()
    for parameter in served.parameters.values():
        for path in parameter.read:
            for element in elements(resource, path):
                _EXTRACT[parameter.kind](parameter, element, rows)
    return rows


def elements(resource: Mapping[str, Any], path: str) -> list[Any]:
    """The elements at a path of JSON names, through arrays; `extension(URL)` picks by address."""
    found: list[Any] = [resource]
    for step in _STEP.finditer(path):
        url, name = step.groups()
        found = [below for one in found if isinstance(one, Mapping) for below in _below(one, url, name)]
    return found


def fold(text: str) -> str:
    """Text as strings are compared: no case, no marks, single blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())[:LONGEST]


def literal(reference: str, base: str = _OWN) -> tuple[str, str]:
    """Type and id of a literal reference; a foreign address has no type and stays whole."""
    local = reference.removeprefix(base).removeprefix(_OWN)
    found = _LITERAL.fullmatch(local)
    return (found[1], found[2]) if found else ("", reference)


def patient_of(served: ServedType | None, resource: Mapping[str, Any]) -> str | None:
    """The id of the Patient whose compartment the resource is in."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    parameter = served.parameters.get("patient") if served else None
    for path in parameter.read if parameter else ("subject", "patient"):
        for element in elements(resource, path):
            reference = element.get("reference") if isinstance(element, Mapping) else None
            if isinstance(reference, str) and (named := literal(reference))[0] == "Patient":
                return named[1]
    return None


def _below(node: Mapping[str, Any], url: str | None, name: str | None) -> Iterator[Any]:
    below = node.get("extension" if url else str(name))
    for one in below if isinstance(below, list) else [below]:
        if one is not None and (url is None or (isinstance(one, Mapping) and one.get("url") == url)):
            yield one


def _token(parameter: Parameter, element: Any, rows: SearchRows) -> None:
    if isinstance(element, bool):
        _add_token(parameter, None, "true" if element else "false", rows)
    elif isinstance(element, str):
        _add_token(parameter, parameter.system or None, element, rows)
    elif isinstance(element, Mapping):
        for coding in element.get("coding") or ():
            _token(parameter, coding, rows)
        code = element.get("code", element.get("value"))
        if isinstance(code, str):
            # The system of a ContactPoint is no address but a kind; a search names the number alone.
            system = element.get("system")
            _add_token(parameter, system if isinstance(system, str) and ":" in system else None, code, rows)
        for text in (element.get("text"), element.get("display")):
            if isinstance(text, str):
                rows.strings[parameter.name, text[:LONGEST], fold(text)] = None


def _add_token(parameter: Parameter, system: str | None, code: str, rows: SearchRows) -> None:
    code = code[:LONGEST]
    rows.tokens[parameter.name, system, code, code if parameter.exact else code.casefold()] = None


def _string(parameter: Parameter, element: Any, rows: SearchRows) -> None:
    if isinstance(element, str):
        rows.strings[parameter.name, element[:LONGEST], fold(element)] = None
    elif isinstance(element, Mapping):
        parts = _ADDRESS_PARTS if any(part in element for part in _ADDRESS_PARTS[1:]) else _NAME_PARTS
        for part in parts:
            for text in _below(element, None, part):
                if isinstance(text, str):
                    _string(parameter, text, rows)


def _date(parameter: Parameter, element: Any, rows: SearchRows) -> None:
    for covered in ranges_of(element):
        rows.dates[parameter.name, covered.low, covered.high] = None


def _reference(parameter: Parameter, element: Any, rows: SearchRows) -> None:
    if isinstance(element, str):  # a canonical
        rows.references[parameter.name, *literal(element.partition("|")[0])] = None
        return
    if not isinstance(element, Mapping):
        return
    named = element.get("reference")
    if isinstance(named, str) and not named.startswith("#"):
        type, id = literal(named)
        if not type or parameter.points_at(type):
            rows.references[parameter.name, type, id[:LONGEST]] = None
    identifier = element.get("identifier")
    if isinstance(identifier, Mapping) and isinstance(code := identifier.get("value"), str):
        rows.tokens[f"{parameter.name}:identifier", identifier.get("system"), code[:LONGEST], code[:LONGEST]] = None


_EXTRACT: Final = {"token": _token, "string": _string, "date": _date, "reference": _reference}
