"""CSV by RFC 4180, with the delimiters and encodings that spreadsheets really write; the one module that reads CSV."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.core.errors import MalformedMessageError, TooLargeError, UnknownCharsetError
from gateway.core.issue import Issue, Severity
from gateway.parse.tabular.columns import WHOSE, Column, column, folded
from gateway.parse.tabular.referral import Referral, Row

MAX_COLUMNS: Final = 1_000
MAX_ROWS: Final = 10_000
MAX_CELL: Final = 131_072
_DELIMITERS: Final = (",", ";", "\t")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def is_sheet(text: str) -> bool:
    """Whether the first line holds headers that we know: two at least, one of them of the patient or of our case."""
    first = text.lstrip().split("\n", 1)[0].split("\r", 1)[0]
    for mark in _DELIMITERS:
        fields = {column(one.strip('" ')).field for one in first.split(mark)[:MAX_COLUMNS]} - {""}
        if len(fields) > 1 and any(one.startswith(WHOSE) for one in fields):
            return True
    return False


def parse(body: bytes) -> list[Referral]:
    """One record a referral. Raises MalformedMessageError naming the row, TooLargeError, UnknownCharsetError."""
    issues: list[Issue] = []
    rows = _rows(_decoded(body, issues))
    _, headers = next(rows, (1, []))
    columns = _columns(headers)
    found: list[Referral] = []
    for row in (Row(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)):
        _check(row, columns)
        if not found or not found[-1].takes(row):
            found.append(Referral(columns))
        found[-1].add(row)
    if not found:
        raise MalformedMessageError("row 2")
    order = _order_of_dates(found)
    for referral in found:
        referral.order_of_dates = order
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
        return body.decode(codec)
    except UnicodeDecodeError:
        raise UnknownCharsetError from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number as a spreadsheet counts: the header is row 1."""
    head = text.lstrip().split("\n", 1)[0]
    mark = max(_DELIMITERS, key=head.count)
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise MalformedMessageError(f"row {number}") from None
        if number > MAX_ROWS + 1 or len(cells) > MAX_COLUMNS:
            raise TooLargeError(f"row {number}")
        yield number, cells


def _columns(headers: Sequence[str]) -> list[Column]:
    """The columns of a sheet; two that mean the same would hide one another."""
    seen: set[str] = set()
    columns = [column(header.strip() or f"column {place}") for place, header in enumerate(headers, 1)]
    for place, one in enumerate(columns, 1):
        name = f"{one.field} {one.number}" if one.field else folded(one.header)
        if name and name in seen:
            raise MalformedMessageError(f"row 1 / column {place}")
        seen.add(name)
    return columns


def _check(row: Row, columns: Sequence[Column]) -> None:
    """A row that is shorter or longer than the header has lost its columns; blank cells at the end are none."""
    if len(row.cells) < len(columns) or any(cell.strip() for cell in row.cells[len(columns) :]):
        raise MalformedMessageError(f"row {row.number}")
    for place, cell in enumerate(row.cells, 1):
        if _CONTROL.search(cell):
            raise MalformedMessageError(f"row {row.number} / column {place}")


_SLASHED: Final = re.compile(r"\s*(\d{1,2})/(\d{1,2})/\d{4}\s*", re.ASCII)


def _order_of_dates(referrals: Sequence[Referral]) -> str:
    """Which of 03/04/1961 is the month: what the days above twelve of the same sheet prove, if they agree."""
    orders = set()
    for cell in (cell for one in referrals for cell in one.cells()):
        if found := _SLASHED.fullmatch(cell):
            first, second = int(found[1]), int(found[2])
            if first > 12 >= second:
                orders.add("day-first")
            elif second > 12 >= first:
                orders.add("month-first")
    return orders.pop() if len(orders) == 1 else ""
