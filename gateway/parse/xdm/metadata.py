"""METADATA.XML: what IHE's registry metadata (ebRIM 3.0) says of documents and of their set, every leaf kept."""

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, fields

from gateway.core.issue import Issue
from gateway.core.table import MAPPINGS, load
from gateway.parse import xml
from gateway.parse.placed import Said
from gateway.parse.xmltree import attributes, children, local, words

if TYPE_CHECKING:
    from lxml.etree import _Element

RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
DOCUMENT: Final = "ExtrinsicObject"
SET: Final = "RegistryPackage"
_PATIENT: Final = "sourcePatientInfo"
_TITLES: Final = {"Name": "title", "Description": "comments"}
Part = dict[str, Any]


class _TableSchema(Schema):
    schemes = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields")


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = load(MAPPINGS / "structures" / "xdm.yaml", _TableSchema())
    return table


def read(body: bytes, where: str, issues: list[Issue]) -> Part:
    """The submission sets and documents that the metadata describes; `where` is its place in the package."""
    root = xml.read(body, issues)
    found: Part = {"documents": [], "sets": [], "structure": _attributes(root, f"{where} /{local(root)}")}
    _walk(root, f"{where} /{local(root)}", found)
    return found


def _walk(element: "_Element", path: str, found: Part) -> None:
    for child, place in children(element, path):
        if local(child) == DOCUMENT:
            found["documents"].append(_object(child, place))
        elif local(child) == SET:
            found["sets"].append(_object(child, place))
        elif local(child) == "RegistryObjectList":
            found["structure"] += _attributes(child, place) + words(child, place)
            _walk(child, place, found)
        else:
            found["structure"] += _every(child, place)


def _object(element: "_Element", path: str) -> Part:
    """One registry object: slots by their names, classifications and identifiers by what IHE calls them."""
    found: Part = {}
    structure = _attributes(element, path, but=("mimeType", "home"))
    for name in ("mimeType", "home"):
        if value := element.get(name):
            found[name] = Said(value, f"{path}/@{name}")
    for child, place in children(element, path):
        kind = local(child)
        scheme = _table()["schemes"].get(child.get("classificationScheme") or child.get("identificationScheme"), "")
        if kind == "Slot":
            structure += _slot(child, place, found)
        elif kind in _TITLES:
            structure += _title(child, place, found, _TITLES[kind])
        elif kind == "Classification" and scheme:
            found.setdefault(scheme, []).append(_classification(child, place, structure))
        elif kind == "ExternalIdentifier" and scheme and child.get("value"):
            said = Said(child.get("value", ""), f"{place}/@value")
            found.setdefault(scheme, []).append(_components(said) if scheme == "patientId" else said)
            structure += [one for one in _every(child, place) if one.place != said.place]
        else:
            structure += _every(child, place)
    return found | ({"structure": structure} if structure else {})


def _classification(element: "_Element", path: str, structure: list[Said]) -> Part:
    """A code with its name and scheme, or an author with what the slots say of him."""
    found: Part = {}
    if code := element.get("nodeRepresentation"):
        found["code"] = Said(code, f"{path}/@nodeRepresentation")
    structure += _attributes(element, path, but=("nodeRepresentation",))
    for child, place in children(element, path):
        if local(child) == "Slot":
            structure += _slot(child, place, found)
        elif local(child) == "Name":
            structure += _title(child, place, found, "display")
        else:
            structure += _every(child, place)
    return found


def _slot(element: "_Element", path: str, found: Part) -> list[Said]:
    """The values of a slot under its name; gives what only holds them together."""
    name = element.get("name", "")
    values = [Said(text, place) for one, place in _values(element, path) if (text := (one.text or "").strip())]
    slots = found.setdefault("slots", {})
    if name == _PATIENT:
        for said in values:
            _patient_field(said, slots.setdefault(name, {}))
    elif name in _table()["fields_"]:
        slots.setdefault(name, []).extend(_components(said) for said in values)
    else:
        slots.setdefault(name, []).extend(values)
    kept = {said.place for said in values}
    return [one for one in _every(element, path) if one.place.removesuffix("/text()") not in kept]


def _patient_field(said: Said, found: Part) -> None:
    """One value of sourcePatientInfo: the name of a field of PID, a bar, and the field."""
    name, bar, field = said.partition("|")
    if not bar:
        found.setdefault("unnamed", []).append(said)
        return
    for repetition in field.split("~"):
        if repetition:
            found.setdefault(name, []).append(_components(Said(repetition, f"{said.place} {name}")))


def _components(said: Said) -> Part:
    """A field of HL7 v2 by components, `c1` and so on, and where there are several by subcomponents, `s1` and so on."""
    found: Part = {}
    for number, component in enumerate(said.split("^"), 1):
        place = f"{said.place}.{number}"
        parts = component.split("&")
        if len(parts) == 1:
            found[f"c{number}"] = Said(component, place)
        else:
            found[f"c{number}"] = {f"s{n}": Said(part, f"{place}.{n}") for n, part in enumerate(parts, 1)}
    return found


def _title(element: "_Element", path: str, found: Part, name: str) -> list[Said]:
    """What a Name or a Description says; gives what only says in what language and characters."""
    kept: list[str] = []
    for child, place in children(element, path):
        if local(child) == "LocalizedString" and child.get("value"):
            found.setdefault(name, []).append(Said(child.get("value", ""), f"{place}/@value"))
            kept.append(f"{place}/@value")
    return [one for one in _every(element, path) if one.place not in kept]


def _values(element: "_Element", path: str) -> list[tuple["_Element", str]]:
    """The values of a slot, each with its place."""
    lists = [one for one in children(element, path) if local(one[0]) == "ValueList"]
    return [one for held, place in lists for one in children(held, place) if local(one[0]) == "Value"]


def _every(element: "_Element", path: str) -> list[Said]:
    """All that is valued at or below an element."""
    found = _attributes(element, path) + words(element, path)
    for child, place in children(element, path):
        found += _every(child, place)
    return found


def _attributes(element: "_Element", path: str, but: tuple[str, ...] = ()) -> list[Said]:
    return [one for one in attributes(element, path) if one.place.rpartition("@")[2] not in but]
