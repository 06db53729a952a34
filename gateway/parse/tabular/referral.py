"""One referral of a sheet: a row, and the rows below it that say the same of the patient and add to its lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.ledger import Leaf
from gateway.parse.jsontree import Source, pointer_step
from gateway.parse.tabular.columns import WHEN, Column, says_nothing

REPEATED: Final = "repeated"
_IDENTITY: Final = "patient."


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts, and its cells."""

    number: int
    cells: Sequence[str]


class Referral(Source):
    """The document that the form would have made of the rows; its locators name the row and the column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__("csv:appointments" if any(one.field == WHEN for one in columns) else "csv:referrals", {})
        self.order_of_dates = ""  # which part of 03/04/1961 is the month, where the sheet proves it
        self._columns = columns
        self._rows: list[Row] = []
        self._places: dict[str, str] = {}  # pointer → locator

    def takes(self, row: Row) -> bool:
        """Whether a row continues this referral: the same patient and question, and something for a list."""
        first = self._rows[0].cells
        told = [(one, cell.strip(), first[n].strip()) for n, (one, cell) in enumerate(self._told(row))]
        single = [(one, cell, held) for one, cell, held in told if not one.entry]
        return (
            any(cell for one, cell, _ in told if one.entry)
            and any(cell and one.field.startswith(_IDENTITY) for one, cell, _ in single)
            and all(cell in ("", held) for _, cell, held in single)
        )

    def add(self, row: Row) -> None:
        """Take a row in."""
        entries: dict[tuple[str, int], list[str]] = {}
        for one, cell in self._told(row):
            if not cell.strip():
                continue
            steps = one.steps
            if one.none and says_nothing(cell):
                steps = one.none.split(".")
            elif one.entry:
                key = (one.entry, one.number)
                entry = entries.setdefault(key, self._new_entry(one.entry) if key not in entries else [])
                steps = [*entry, *steps]
            elif self._rows:
                steps = [REPEATED, str(row.number), one.header]
            pointer = _put(self.body, steps, cell)
            self._places[pointer] = f"row {row.number} / {one.header}"
        self._rows.append(row)

    def cells(self) -> Iterator[str]:
        """All cells."""
        for row in self._rows:
            yield from row.cells

    def locate(self, pointer: str) -> str:
        """`row 12 / dx_code`; of several cells the first."""
        if place := self._places.get(pointer):
            return place
        below = (place for one, place in self._places.items() if one.startswith(f"{pointer}/"))
        return (next(below, "") if pointer else "") or f"row {self._rows[0].number}"

    def leaves(self) -> Iterator[Leaf]:
        """Every valued cell, in the order of the sheet."""
        return ((pointer, place, -1, -1, 0) for pointer, place in self._places.items())

    def leaf_keys(self) -> Iterator[str]:
        """Their keys."""
        return iter(self._places)

    def _told(self, row: Row) -> Iterator[tuple[Column, str]]:
        return zip(self._columns, row.cells, strict=False)

    def _new_entry(self, entry: str) -> list[str]:
        *above, last = entry.split(".")
        node = self.body
        for step in above:
            node = node.setdefault(step, {})
        held: list[Any] = node.setdefault(last, [])
        held.append({})
        return [*above, last, str(len(held) - 1)]


def _put(body: dict[str, Any], steps: Sequence[str], cell: str) -> str:
    """Set a cell into the document; gives its pointer."""
    node: Any = body
    for step in steps[:-1]:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    node[steps[-1]] = cell
    return "".join(f"/{pointer_step(step)}" for step in steps)
