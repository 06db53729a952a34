"""An XML document as a source: its own lines, each attribute and text at its place.

The document is not parsed here: a scanner of tags finds where values stand, in the order in which the ledger has them
(an element's attributes, its text, the text after it, then its children). Nothing of it is ever markup of the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from gateway.admin.panes.mask import Kind
from gateway.admin.panes.pieces import Line, Piece, View

_TOKEN: Final = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<cdata>.*?)\]\]>|</[^<>]*>"
    r"|<(?P<name>[^\s<>/!?]+)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(?P<empty>/?)>|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"(?P<name>[^\s=\"'<>/]+)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')")
_SHAPE: Final = re.compile(
    r"<\?xml(?: [a-z]+=[\"'][\w.-]+[\"'])*\s*\?>|</?[\w:.-]+|/?>|\s+|[\w:.-]+\s*=\s*[\"']|[\"']|<!\[CDATA\[|\]\]>"
)
# What the schema of CDA fixes: structure, no sender's words.
_STRUCTURE: Final = frozenset(
    {"xmlns", "xsi:type", "xsi:schemaLocation", "classCode", "moodCode", "typeCode", "determinerCode", "nullFlavor"}
    | {"contextConductionInd", "contextControlCode", "negationInd", "inversionInd", "operator", "institutionSpecified"}
    | {"root", "code", "codeSystem", "codeSystemName", "unit", "use", "mediaType", "representation"}
)
Span = tuple[int, int]


@dataclass(slots=True)
class _Element:
    attributes: list[tuple[str, Span]] = field(default_factory=list)
    text: list[Span] = field(default_factory=list)
    tail: list[Span] = field(default_factory=list)


def lines(body: bytes, view: View) -> list[Line]:
    """The document's lines."""
    text = _decode(body)
    values = list(_values(text))
    leaves = _leaves(values, view)
    pieces: list[Piece] = []
    at = 0
    for start, end, n in sorted((start, end, n) for n, (_, spans) in enumerate(values) for start, end in spans):
        pieces += _markup(text[at:start], view)
        pieces.append(_value(text[start:end], values[n][0], leaves.get(n, -1), view))
        at = end
    return _in_lines([*pieces, *_markup(text[at:], view)])


def _markup(text: str, view: View) -> Iterator[Piece]:
    """What stands between values: tags are shown; a comment, or what is no markup, could hold a sender's words."""
    at = 0
    for shape in _SHAPE.finditer(text):
        if at < shape.start():
            yield view.unknown(text[at : shape.start()])
        yield Piece(shape.group())
        at = shape.end()
    if at < len(text):
        yield view.unknown(text[at:])


def _value(text: str, name: str, number: int, view: View) -> Piece:
    """A value: what the standard fixes is shown as a code is, all else by what the ledger says of it."""
    known = None
    if name in _STRUCTURE or name.startswith("xmlns:"):
        known = Kind.CODED
    elif name == "displayName":
        known = Kind.PLAIN
    if number >= 0:
        return view.leaf(text, number, known)
    shown, masked = view.shown(text, known or Kind.TEXT)
    return Piece(shown, masked=masked)


def _leaves(values: list[tuple[str, list[Span]]], view: View) -> dict[int, int]:
    """Which value is which leaf; none when the two accounts differ, so that nothing is ever shown as another."""
    valued = [n for n, (name, _) in enumerate(values) if name != "xmlns" and not name.startswith("xmlns:")]
    if len(valued) != len(view.ledger):
        return {}
    for at, entry in zip(valued, view.ledger, strict=True):
        name, (_, _, last) = values[at][0], entry["location"].rpartition("/")
        if last.startswith("@") != bool(name) or (name and name.rpartition(":")[2] != last[1:].rpartition(":")[2]):
            return {}
    return {at: number for number, at in enumerate(valued)}


def _values(text: str) -> Iterator[tuple[str, list[Span]]]:
    """Name and spans of every valued attribute and text (a text has no name), in the order of the ledger."""
    for element in _elements(text):
        for name, span in element.attributes:
            yield name, [span]
        for spans in (element.text, element.tail):
            if any(_is_valued(text[start:end]) for start, end in spans):
                yield "", spans


def _elements(text: str) -> list[_Element]:
    """All elements in the order of their start tags."""
    found: list[_Element] = []
    inside: list[_Element] = []
    before: _Element | None = None  # the child that ended last: a text belongs to it, else to the element around
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if token["name"]:
            element = _Element(_attributes(text, token))
            found.append(element)
            if token["empty"]:
                before = element
            else:
                inside.append(element)
                before = None
        elif kind in ("text", "cdata"):
            if before is not None and inside:
                before.tail.append(token.span(kind))
            elif inside:
                inside[-1].text.append(token.span(kind))
        elif token.group().startswith("</") and inside:
            before = inside.pop()
    return found


def _attributes(text: str, token: re.Match[str]) -> list[tuple[str, Span]]:
    return [
        (one["name"], one.span("double" if one["double"] is not None else "single"))
        for one in _ATTRIBUTE.finditer(text, *token.span("attributes"))
        if _is_valued(one["double"] or one["single"] or "")
    ]


def _is_valued(raw: str) -> bool:
    """Whether there is more than space; a space may be written as a character reference."""
    return bool(unescape(raw).strip())


def _in_lines(pieces: list[Piece]) -> list[Line]:
    """Cut at the ends of lines; a leaf that runs over several lines keeps its number on each."""
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        for n, part in enumerate(piece.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            if n:
                found.append([])
            if part:
                found[-1].append(Piece(part, piece.leaf, piece.state, piece.hint, piece.masked))
    return [Line(n, tuple(line)) for n, line in enumerate(found, 1) if line]


def _decode(body: bytes) -> str:
    for codec in ("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "windows-1252"):
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")
