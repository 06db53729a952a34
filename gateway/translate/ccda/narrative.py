"""CDA narrative blocks to FHIR narrative: XHTML of a short list of elements, every word kept, nothing that acts."""

import re
from functools import lru_cache
from html import escape
from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.codes import row_of
from gateway.translate.ccda.element import Element
from gateway.translate.translation import Resource, Translation

XHTML: Final = "http://www.w3.org/1999/xhtml"
# Element of a CDA narrative block -> XHTML element. Links and media keep their words only.
_ELEMENTS: Final = {
    "paragraph": "p",
    "content": "span",
    "list": "ul",
    "item": "li",
    "caption": "span",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tfoot": "tfoot",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "col": "",
    "colgroup": "",
    "br": "br",
    "sub": "sub",
    "sup": "sup",
    "footnote": "span",
    "footnoteRef": "sup",
    "linkHtml": "span",
    "renderMultiMedia": "span",
    "div": "div",
    "p": "p",
    "span": "span",
    "b": "b",
    "i": "i",
    "em": "em",
    "strong": "strong",
    "ul": "ul",
    "ol": "ol",
    "li": "li",
}
_DROPPED: Final = frozenset({"script", "style", "object", "iframe", "embed", "form", "input"})
_BLOCKS: Final = frozenset({"p", "ul", "ol", "table", "div"})
_SPANS: Final = ("colspan", "rowspan")
_CLASS = re.compile(r"[^A-Za-z0-9_ -]")
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)


def narrative(
    node: Element, translation: Translation, rule: str = "", status: str = "additional"
) -> dict[str, Any] | None:
    """A section's text as Narrative; None when it has no word."""
    made = div(node, translation)
    if rule:
        translation.enter_all(node, State.TEXT, rule, "kept in the narrative")
    return {"status": status, "div": made} if made else None


def div(node: Element, translation: Translation) -> str:
    """The XHTML of a narrative block; the empty string when there is no word in it."""
    writer = _Writer()
    writer.inside(node)
    if writer.cleaned:
        translation.warn("narrative-cleaned", severity=Severity.INFORMATION, node=node)
    body = "".join(writer.parts)
    return wrapped(body) if writer.spoken else ""


def in_words(entry: Element, resource: Resource | None, translation: Translation) -> None:
    """The narrative of a resource: what its entry points to in that of the section; a row of a table with its head."""
    pointers = [one.look("value") for one in entry.at("text/reference")]
    target = translation.record.narrative(pointers[0], entry) if pointers and pointers[0][:1] == "#" else None  # type: ignore[attr-defined]
    if target is None or resource is None or "text" in resource:
        return
    target = row_of(target)
    writer = _Writer()
    table = target.within("table") if target.name == "tr" else None
    if table is None:
        writer.inside(target)
    else:
        writer.row(table, target)
    if writer.spoken:
        resource["text"] = {"status": "additional", "div": wrapped("".join(writer.parts))}


def wrapped(body: str) -> str:
    """XHTML in the element that a Narrative asks for."""
    return f'<div xmlns="{XHTML}">{body}</div>'


def text_div(text: str) -> str:
    """Plain words as a Narrative's XHTML."""
    return wrapped(f"<p>{escape(text, quote=False)}</p>")


class _Writer:
    """Writes the elements one after the other; the parser has bounded their depth."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.spoken = False
        self.cleaned = False

    def inside(self, node: Element) -> None:
        """The text and the elements in an element."""
        before, _ = node.pieces()
        if before:
            self._say(before)
        for child in node.children():
            self._element(child)
            _, after = child.pieces()
            if after:
                self._say(after)

    def row(self, table: Element, row: Element) -> None:
        """One row of a table under the table's head."""
        self.parts.append("<table>")
        for head in table.children("thead"):
            self._element(head)
        self.parts.append("<tbody>")
        self._element(row)
        self.parts.append("</tbody></table>")

    def _say(self, text: str) -> None:
        self.parts.append(escape(text, quote=False))
        self.spoken = self.spoken or not text.isspace()

    def _element(self, node: Element) -> None:
        name = _local(node.name)
        if name in _DROPPED:
            self.cleaned = True
            return
        tag = _ELEMENTS.get(name)
        if tag is None:
            self.cleaned = True
            tag = "span"
        if not tag:
            return
        if name == "list" and node.look("listType") == "ordered":
            tag = "ol"
        if tag in ("p", "span") and any(_is_block(child) for child in node.children()):
            tag = "div"
        if tag in ("ul", "ol"):
            self._list(node, tag)
            return
        if tag == "br":
            self.parts.append("<br/>")
            return
        self.parts.append(f"<{tag}{_attributes(node)}>")
        self.inside(node)
        self.parts.append(f"</{tag}>")

    def _list(self, node: Element, tag: str) -> None:
        """A list may hold items only; its caption stands before it."""
        for child in node.children("caption"):
            self._element(child)
        if not node.children("item") and not node.children("li"):
            self.inside(node)
            return
        self.parts.append(f"<{tag}>")
        for child in node.children():
            if child.name in ("item", "li"):
                self._element(child)
        self.parts.append(f"</{tag}>")


def _is_block(node: Element) -> bool:
    name = _local(node.name)
    return name == "list" or _ELEMENTS.get(name) in _BLOCKS


@lru_cache(maxsize=1024)
def _local(name: str) -> str:
    """A name without namespace or prefix: narrative in XHTML's own is narrative too."""
    return name.rpartition("}")[2].rpartition(":")[2]


def _attributes(node: Element) -> str:
    said = ""
    if not node.attributes:
        return said
    if style := _CLASS.sub("", node.look("styleCode")).strip():
        said = f' class="{style}"'
    for name in _SPANS:
        if _NUMBER.fullmatch(number := node.look(name)):
            said += f' {name}="{number}"'
    return said
