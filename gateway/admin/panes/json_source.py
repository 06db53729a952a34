"""A JSON document as a source: pretty lines, leaves found by their pointers."""

from typing import Final

from gateway.admin.panes.json_text import JsonLine, pretty
from gateway.admin.panes.mask import Kind, kind
from gateway.admin.panes.pieces import Line, Piece, View
from gateway.core import fhirjson
from gateway.core.errors import UnsafeJsonError

_SENDERS_OWN: Final = ("id", "reference", "fullUrl")


def lines(body: bytes, view: View) -> list[Line]:
    """The document as pretty lines; one that is not readable is shown by its own lines, without leaves."""
    try:
        document = fhirjson.read(body)
    except UnsafeJsonError:
        text = body.decode("utf-8", "replace")
        return [Line(n, (view.unknown(line),)) for n, line in enumerate(text.splitlines(), 1) if line]
    leaves = {entry["location"]: number for number, entry in enumerate(view.ledger)}
    return [Line(n, _pieces(line, leaves, view)) for n, line in enumerate(pretty(document), 1)]


def _pieces(line: JsonLine, leaves: dict[str, int], view: View) -> tuple[Piece, ...]:
    head = "  " * line.depth + (f'"{line.name}": ' if line.name else "")
    end = "," if line.comma else ""
    if line.bracket:
        return (Piece(f"{head}{line.bracket}{end}"),)
    quote = '"' if isinstance(line.value, str) else ""
    whole = line.text[1:-1] if quote else line.text
    number = leaves.get(line.pointer, -1)
    value = view.leaf(whole, number, _own_kind(line)) if number >= 0 else view.unknown(whole)
    return tuple(piece for piece in (Piece(head + quote), value, Piece(quote + end)) if piece.text)


def _own_kind(line: JsonLine) -> Kind | None:
    """In a FHIR resource the element itself says what a value is; ids in it are the sender's and may name people."""
    if not line.element[:1].isupper():
        return None
    return Kind.IDENTIFIER if line.name in _SENDERS_OWN else kind(line.element)
