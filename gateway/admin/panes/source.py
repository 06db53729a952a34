"""The source pane: the original in the manner of its own people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.admin.panes import document, json_source, message, table
from gateway.admin.panes.pieces import Line, Piece, View
from gateway.admin.panes.table import Sheet

_BY_FORMAT: Final[Mapping[str, Callable[[bytes, View], list[Line]]]] = {
    "hl7v2": message.lines,
    "ccda": document.lines,
    "fhir": json_source.lines,
    "form": json_source.lines,
}
_TEXTUAL: Final = b"<{[MFB"
MOST_LINES: Final = 6000


@dataclass(frozen=True, slots=True)
class Source:
    """Lines or a sheet; neither for what is no text. `more` counts the lines that are not shown."""

    lines: tuple[Line, ...] = ()
    sheet: Sheet | None = None
    more: int = 0


def source(body: bytes, kind: str, view: View) -> Source:
    """The original, set by its format; one that was never recognised is set by how it begins."""
    format = kind.partition(":")[0]
    head = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if format in ("csv", "tabular"):
        return Source(sheet=table.sheet(body, view))
    if head == b"<":
        found = document.lines(body, view)
    elif format in _BY_FORMAT and head and head in _TEXTUAL:
        found = _BY_FORMAT[format](body, view)
    elif b"\x00" in body[:1024] or body[:5] == b"%PDF-" or body[:2] == b"PK":
        return Source()
    else:
        found = _plain(body, view)
    return Source(tuple(found[:MOST_LINES]), more=max(len(found) - MOST_LINES, 0))


def _plain(body: bytes, view: View) -> list[Line]:
    lines = enumerate(body.decode("utf-8", "replace").splitlines(), 1)
    return [Line(n, (view.unknown(line) if line.strip() else Piece(line),)) for n, line in lines]
