"""CSV by RFC 4180, with the delimiters and encodings that spreadsheets really write; the one module that reads CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from gateway.core.errors import MalformedMessageError, TooLargeError, UnknownCharsetError
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Leaf
from gateway.parse.jsontree import Source, pointer_step
from gateway.parse.tabular.columns import folded, meanings, place

MAX_COLUMNS: Final = 1_000
MAX_ROWS: Final = 10_000
MAX_CELL: Final = 131_072
_DELIMITERS: Final = (",", ";", "\t")


class SheetRow(Source):
    """One row as the document that the form would have made of it; its locators name the row and the column."""

    def __init__(self, body: dict[str, Any], number: int, headers: dict[str, str], issues: list[Issue]) -> None:
        super().__init__("csv:referrals", body, issues)
        self.number = number
        self._headers = headers  # pointer → header as it was written

    def locate(self, pointer: str) -> str:
        """`row 12 / dx_code`."""
        header = self._headers.get(pointer)
        return f"row {self.number} / {header}" if header else f"row {self.number}"

    def leaves(self) -> Any:
        """Every valued cell, in the order of the sheet."""
        return (Leaf(pointer, self.locate(pointer)) for pointer in self._headers)


def is_sheet(text: str) -> bool:
    """Whether the first line holds headers of a referral sheet, two at least."""
    first = text.lstrip().split("\n", 1)[0].split("\r", 1)[0]
    return any(sum(folded(one.strip('" ')) in meanings() for one in first.split(mark)) >= 2 for mark in _DELIMITERS)


def parse(body: bytes) -> list[SheetRow]:
    """One record a row. Raises MalformedMessageError naming the row, TooLargeError, UnknownCharsetError."""
    issues: list[Issue] = []
    text = _decoded(body, issues)
    rows = _rows(text)
    headers = [one.strip() for one in rows[0][1]]
    _check(headers)
    places = [place(one) for one in headers]
    found = [_record(number, cells, headers, places) for number, cells in rows[1:] if any(one.strip() for one in cells)]
    if not found:
        raise MalformedMessageError("row 2")
    found[0].issues.extend(issues)
    return found


def _decoded(body: bytes, issues: list[Issue]) -> str:
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if body.startswith(mark):
            return _strictly(body[len(mark) :], codec)
    try:
        return _strictly(body, "utf-8")
    except UnknownCharsetError:
        issues.append(Issue(Severity.WARNING, "encoding-assumed", location="row 1"))
        return _strictly(body, "cp1252")


def _strictly(body: bytes, codec: str) -> str:
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        raise UnknownCharsetError from None
    if "\0" in text:
        raise MalformedMessageError
    return text


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Each row with the number of the line that it begins on as a spreadsheet counts: the header is row 1."""
    head = text.split("\n", 1)[0]
    mark = max(_DELIMITERS, key=head.count)
    csv.field_size_limit(MAX_CELL)
    found: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True), 1):
            if number > MAX_ROWS + 1 or len(cells) > MAX_COLUMNS:
                raise TooLargeError(f"row {number}")
            found.append((number, cells))
    except csv.Error:
        raise MalformedMessageError(f"row {len(found) + 1}") from None
    if not found:
        raise MalformedMessageError("row 1")
    return found


def _check(headers: Sequence[str]) -> None:
    means = [one for one in (folded(header) for header in headers) if one]
    places = ["/".join(map(str, at)) for header in headers if (at := place(header))]
    if len(set(means)) < len(means) or len(set(places)) < len(places):
        raise MalformedMessageError("row 1")


def _record(
    number: int, cells: Sequence[str], headers: Sequence[str], places: Sequence[list[str | int] | None]
) -> SheetRow:
    if len(cells) > len(headers) and any(one.strip() for one in cells[len(headers) :]):
        raise MalformedMessageError(f"row {number}")
    body: dict[str, Any] = {}
    names: dict[str, str] = {}
    medicines: dict[int, int] = {}
    for header, at, cell in zip(headers, places, cells, strict=False):
        if not cell.strip():
            continue
        steps = list(at) if at else ["columns", header or "(no header)"]
        if len(steps) == 4:  # a medicine: numbers may have gaps, a list has none
            steps[2] = medicines.setdefault(int(steps[2]), len(medicines))
        names[_put(body, steps, cell)] = header or "(no header)"
    return SheetRow(body, number, names, [])


def _put(body: dict[str, Any], steps: Sequence[str | int], cell: str) -> str:
    """Set a cell into the document; gives its pointer."""
    node: Any = body
    for step, after in zip(steps[:-1], steps[1:], strict=True):
        if isinstance(step, int):
            if step == len(node):
                node.append({})
            node = node[step]
        else:
            node = node.setdefault(step, [] if isinstance(after, int) else {})
    node[steps[-1]] = cell
    return "".join(f"/{step if isinstance(step, int) else pointer_step(str(step))}" for step in steps)
