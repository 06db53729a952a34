"""A sheet as a source: a table with the sender's columns, each cell a leaf."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.admin.panes.pieces import Piece, View

_ROW: Final = re.compile(r"row (\d+) / (.*)", re.DOTALL)
_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows as they were sent; `more` counts the rows that are not shown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Piece, ...]], ...]
    more: int = 0


def sheet(body: bytes, view: View) -> Sheet:
    """The cells at their places; a row's number is the one that the sheet's program shows."""
    cells = list(csv.reader(io.StringIO(_decode(body)), _dialect(body)))
    if not cells:
        return Sheet((), ())
    columns = tuple(name.strip() for name in cells[0])
    leaves = _leaves(view)
    rows = [
        (number, _cells(number, zip(columns, row, strict=False), leaves, view))
        for number, row in enumerate(cells[1:], 2)
        if any(text.strip() for text in row)
    ]
    return Sheet(columns, tuple(rows[:_ROWS]), max(len(rows) - _ROWS, 0))


def _cells(
    row: int, cells: Iterable[tuple[str, str]], leaves: Mapping[tuple[int, str], int], view: View
) -> tuple[Piece, ...]:
    numbers = ((leaves.get((row, name), -1), text) for name, text in cells)
    return tuple(view.leaf(text, number) if number >= 0 else view.unknown(text) for number, text in numbers)


def _leaves(view: View) -> dict[tuple[int, str], int]:
    found = {}
    for number, entry in enumerate(view.ledger):
        if place := _ROW.fullmatch(entry["location"]):
            found[int(place[1]), place[2]] = number
    return found


def _dialect(body: bytes) -> type[csv.Dialect]:
    first = body.split(b"\n", 1)[0]

    class Sent(csv.excel):
        delimiter = max(",;\t|", key=lambda mark: first.count(mark.encode()))

    return Sent


def _decode(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")
