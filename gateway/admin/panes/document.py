"""An XML document as a source: its own lines, each attribute and text at its place.

The document is not parsed here: a scanner of tags finds where values stand, in the order in which the ledger has them
(an element's attributes, its text, the text after it, then its children). Nothing of it is ever markup of the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.admin.panes.pieces import Line, Piece, View

_TOKEN: Final = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<cdata>.*?)\]\]>|</[^<>]*>"
    r"|<(?P<name>[^\s<>/!?]+)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(?P<empty>/?)>|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"(?P<name>[^\s=\"'<>/]+)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')")
# What the schema of CDA fixes: structure, no sender's words.
_STRUCTURE: Final = frozenset(
    {"xmlns", "xsi:type", "xsi:schemaLocation", "classCode", "moodCode", "typeCode", "determinerCode", "nullFlavor"}
    | {"contextConductionInd", "contextControlCode", "negationInd", "inversionInd", "operator", "institutionSpecified"}
    | {"root", "code", "codeSystem", "codeSystemName", "displayName", "unit", "use", "mediaType", "representation"}
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
    for start, end, name, number in sorted(
        (s, e, n, leaves.get(i, -1)) for i, (n, sp) in enumerate(values) for s, e in sp
    ):
        pieces += [Piece(text[at:start]), _value(text[start:end], name, number, view)]
        at = end
    return _in_lines([*pieces, Piece(text[at:]) if values else view.unknown(text[at:])])


def _value(text: str, name: str, number: int, view: View) -> Piece:
    if number >= 0 and name not in _STRUCTURE:
        return view.leaf(text, number)
    if number >= 0:
        entry = view.ledger[number]
        return Piece(text, number, entry["state"], f"{entry['location']}: {entry['state']}")
    return Piece(text) if name in _STRUCTURE or name.startswith("xmlns:") or not text.strip() else view.unknown(text)


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
            if any(text[start:end].strip() for start, end in spans):
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
        if (one["double"] or one["single"] or "").strip()
    ]


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
