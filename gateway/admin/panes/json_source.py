"""A JSON document as a source: pretty lines, leaves found by their pointers."""

from gateway.admin.panes.json_text import JsonLine, pretty
from gateway.admin.panes.pieces import Line, Piece, View
from gateway.core import fhirjson
from gateway.core.errors import UnsafeJsonError


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
    number = leaves.get(line.pointer, -1)
    value = view.leaf(line.text, number) if number >= 0 else view.unknown(line.text)
    return (Piece(head), value, Piece(end)) if end else (Piece(head), value)
