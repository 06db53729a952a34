"""FHIR XML out: the same resource as its JSON, in the order of its definition."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import zip_longest
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from gateway.core import fhirjson, r4
from gateway.core.errors import NotAcceptableError

FHIR: Final = "http://hl7.org/fhir"
_KEPT_BLANKS: Final = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}  # an XML reader would make each a plain blank
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_HTML_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w*;")  # XML has but five of them


def write(resource: dict[str, Any]) -> bytes:
    """Write a resource. One with elements that R4 does not have, or with a character that XML does not have, cannot be
    written: NotAcceptableError.
    """
    text = "".join(_resource(resource, f" xmlns={quoteattr(FHIR)}"))
    if _NO_XML.search(text):
        raise NotAcceptableError
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def _resource(resource: dict[str, Any], space: str = "") -> Iterator[str]:
    name = str(resource.get("resourceType"))
    if not r4.is_resource(name):
        raise NotAcceptableError
    yield f"<{name}{space}>"
    yield from _members({key: value for key, value in resource.items() if key != "resourceType"}, name)
    yield f"</{name}>"


def _members(node: dict[str, Any], type: str) -> Iterator[str]:
    """The child elements of a node, in the order of the definition."""
    known = r4.children(type)
    if any(key.removeprefix("_") not in known for key in node):
        raise NotAcceptableError  # a name of somebody else's is no markup of ours
    for name, element in known.items():
        for value, beside in _pairs(node.get(name), node.get(f"_{name}")):
            yield from _element(name, value, beside or {}, element.type)


def _pairs(values: Any, besides: Any) -> Iterator[tuple[Any, Any]]:
    """Each repetition: its value, and what stands beside it."""
    if not isinstance(values, list) and not isinstance(besides, list):
        if values is not None or besides is not None:
            yield values, besides
        return
    yield from zip_longest(values or [], besides or [])


def _element(name: str, value: Any, beside: dict[str, Any], type: str) -> Iterator[str]:
    if type == "xhtml":
        yield _HTML_ENTITY.sub(lambda found: unescape(found[0]), value or "")
        return
    held = value if isinstance(value, dict) else beside
    attributes = {key: held[key] for key in ("id", "url") if key in held and (key == "id" or type == "Extension")}
    if not isinstance(value, dict) and value is not None:
        attributes["value"] = value
    yield f"<{name}{''.join(f' {key}={_text(one)}' for key, one in attributes.items())}>"
    if type == "Resource":
        yield from _resource(held)
    else:
        rest = {key: one for key, one in held.items() if key not in attributes}
        yield from _members(rest, "Element" if held is beside else type)
    yield f"</{name}>"


def _text(value: Any) -> str:
    """A value as an attribute; numbers and truth as JSON writes them."""
    return quoteattr(value if isinstance(value, str) else fhirjson.write(value).decode(), _KEPT_BLANKS)
