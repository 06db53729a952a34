"""FHIR XML to the same dict that FHIR JSON gives; what R4 makes of each element decides arrays and numbers."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from gateway.core import r4
from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue
from gateway.parse import xml
from gateway.parse.fhir.narrative import XHTML

if TYPE_CHECKING:
    from lxml.etree import _Element

FHIR: Final = "http://hl7.org/fhir"
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_NUMBERS: Final = frozenset(("decimal", "integer", "positiveInt", "unsignedInt"))
_UNKNOWN: Final = r4.Element("", False, False, False)


def body(document: bytes, issues: list[Issue]) -> dict[str, Any]:
    """Read one XML resource as a JSON-form dict; raises ParseError."""
    root = xml.read(document, issues)
    if _name(root) == "" or not str(root.tag).startswith(f"{{{FHIR}}}"):
        raise MalformedMessageError
    return _resource(root)


def _resource(element: "_Element") -> dict[str, Any]:
    name = _name(element)
    return {"resourceType": name, **_object(element, name)}


def _object(element: "_Element", type: str) -> dict[str, Any]:
    """An element with children; its attributes (`id`, `url`) are members like any other."""
    known = r4.children(type)
    found: dict[str, Any] = {_local(str(name)): value for name, value in element.attrib.items()}
    _refuse_text(element)
    for child in element:
        name = _name(child)
        _put(found, name, child, known.get(name, _UNKNOWN))
    return found


def _put(found: dict[str, Any], name: str, child: "_Element", element: r4.Element) -> None:
    value, twin = _value(child, element)
    if not element.array and name not in found and f"_{name}" not in found:
        if value is not None:
            found[name] = value
        if twin is not None:
            found[f"_{name}"] = twin
        return
    _append(found, name, value, twin)


def _append(found: dict[str, Any], name: str, value: Any, twin: Any) -> None:
    """A repetition. An element that should stand once and repeats becomes a list, which no check will take."""
    held = found.get(name, [])
    held = held if isinstance(held, list) else [held]
    twins = found.get(f"_{name}")
    twins = twins if isinstance(twins, list) else [None] * len(held) if twins is None else [twins]
    found[name] = [*held, value]
    if twin is not None or any(one is not None for one in twins):
        found[f"_{name}"] = [*twins, twin]


def _value(child: "_Element", element: r4.Element) -> tuple[Any, Any]:
    """What stands in a child: the value, and for a primitive what stands beside it."""
    if child.tag == f"{{{XHTML}}}div":
        return etree.tostring(child, encoding="unicode", with_tail=False), None
    if element is _UNKNOWN:
        return _unknown(child), None
    if element.type == "Resource":
        inner = [_resource(one) for one in child]
        return (inner[0] if len(inner) == 1 else inner), None
    if not element.primitive:
        return _object(child, element.type), None
    beside = _object(child, "Element")
    text = beside.pop("value", None)
    return _primitive(text, element.type), beside or None


def _primitive(text: str | None, type: str) -> Any:
    if text is None:
        return None
    if type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if type in _NUMBERS and (number := _NUMBER.fullmatch(text)):
        return Decimal(text) if number[1] or number[2] else int(text)
    return text


def _unknown(child: "_Element") -> Any:
    """An element that R4 does not have, in a form that keeps each of its values."""
    if len(child) == 0 and set(child.attrib) == {"value"} and not (child.text or "").strip():
        return child.get("value")
    found: dict[str, Any] = {_local(str(name)): value for name, value in child.attrib.items()}
    if child.text and child.text.strip():
        found["#text"] = child.text.strip()
    for one in child:
        _append(found, _name(one), _unknown(one), None)
    return found


def _refuse_text(element: "_Element") -> None:
    texts = [element.text, *(child.tail for child in element)]
    if any(text and not text.isspace() for text in texts):
        raise MalformedMessageError(f"line {element.sourceline}")


def _name(element: "_Element") -> str:
    return _local(str(element.tag))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
