"""FHIR narrative: the XHTML that we keep, by allowlist. What else stands in it goes, the words stay."""

import re
from html import escape
from html.entities import name2codepoint
from typing import TYPE_CHECKING, Final

from gateway.core.errors import GatewayError
from gateway.parse import xml

if TYPE_CHECKING:
    from lxml.etree import _Element

XHTML: Final = "http://www.w3.org/1999/xhtml"
_TAGS = """div p br hr h1 h2 h3 h4 h5 h6 b i em strong small big sub sup tt span ul ol li dl dt dd pre blockquote code q
    cite abbr acronym address dfn ins del kbd samp var table caption colgroup col thead tbody tfoot tr th td bdo"""
_KEPT: Final = frozenset(_TAGS.split())
_NAMES = "class id lang title dir colspan rowspan scope headers abbr align valign span"
_ATTRIBUTES: Final = frozenset(_NAMES.split())
_SILENT: Final = frozenset(("script", "style", "head", "object", "embed", "applet", "iframe", "template", "noscript"))
_EMPTY: Final = frozenset(("br", "hr", "col"))
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_ENTITY: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_TAG: Final = re.compile(r"<[^>]*>")
_XML_ENTITIES: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))


def clean(div: str) -> tuple[str, bool]:
    """The narrative as we keep it, and whether anything had to go. What is sound stays as it was sent."""
    try:
        root = xml.read(_ENTITY.sub(_number, div).encode("utf-8", "replace"))
    except GatewayError:
        return _div(escape(_TAG.sub(" ", div), quote=False).strip()), True
    if root.tag == f"{{{XHTML}}}div" and all(_is_kept(element) for element in root.iter()):
        return div, False
    return _div(_inside(root)), True


def _div(inside: str) -> str:
    """A narrative must hold some words."""
    return f'<div xmlns="{XHTML}">{inside if _TAG.sub("", inside).strip() else "-"}</div>'


def _number(entity: re.Match[str]) -> str:
    """XHTML's named characters need a document type, which we refuse; their numbers do not."""
    name = entity[1]
    return f"&#{name2codepoint[name]};" if name in name2codepoint and name not in _XML_ENTITIES else entity[0]


def _local(element: "_Element") -> str:
    namespace, _, name = str(element.tag).rpartition("}")
    return name.lower() if namespace in (f"{{{XHTML}", "") else ""


def _is_kept(element: "_Element") -> bool:
    namespace, _, name = str(element.tag).rpartition("}")
    return (
        namespace == f"{{{XHTML}"
        and name in _KEPT
        and all(attribute in _ATTRIBUTES or attribute == _LANGUAGE for attribute in element.attrib)
    )


def _inside(element: "_Element") -> str:
    """The content of an element, rebuilt from what is allowed."""
    return escape(element.text or "", quote=False) + "".join(
        _rebuilt(child) + escape(child.tail or "", quote=False) for child in element
    )


def _rebuilt(element: "_Element") -> str:
    name = _local(element)
    if name in _SILENT:
        return ""
    if name not in _KEPT:
        return _inside(element) or escape(str(element.get("alt", "")), quote=False)
    kept = "".join(f' {key}="{escape(str(value))}"' for key, value in element.attrib.items() if key in _ATTRIBUTES)
    return f"<{name}{kept}/>" if name in _EMPTY else f"<{name}{kept}>{_inside(element)}</{name}>"
