"""What the headers of a referral sheet mean, as mappings/structures/referral_sheet.yaml says."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from marshmallow import Schema, fields

from gateway.core.errors import MappingTableError
from gateway.core.table import load

TABLE: Final = Path(__file__).parents[3] / "mappings" / "structures" / "referral_sheet.yaml"
_NUMBER: Final = re.compile(r"_?(\d{1,2})(?=_|\Z)", re.ASCII)
_WORD: Final = re.compile(r"[^\W_]+")
WHEN: Final = "visit.start"  # the column that makes a sheet one of appointments
WHOSE: Final = ("patient.", "visit.case")
UNKNOWN: Final = "columns"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header as it was written, and where its cells stand in the form's document.

    `entry` is the member of a list that the cells are in (`medicines.medicine`), `number` the one that the header says;
    `none` is where a cell stands that says there is nothing to list.
    """

    header: str
    field: str
    entry: str = ""
    number: int = 0
    none: str = ""

    @property
    def steps(self) -> list[str]:
        """The way into the document, or into an entry of its list."""
        if self.entry:
            return [self.field[len(self.entry) + 1 :]]
        return self.field.split(".") if self.field else [UNKNOWN, self.header]


class _ColumnSchema(Schema):
    field = fields.String(required=True)
    names = fields.List(fields.String(), required=True)
    none = fields.String()


class _SheetSchema(Schema):
    sheet = fields.String(required=True)
    words = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    nothing = fields.List(fields.String(), required=True)
    lists = fields.List(fields.String(), required=True)
    columns = fields.List(fields.Nested(_ColumnSchema), required=True)
    visits = fields.List(fields.Nested(_ColumnSchema), required=True)


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = load(TABLE, _SheetSchema())
    return found


@cache
def meanings() -> dict[str, str]:
    """Folded header to the form's field; raises MappingTableError."""
    found: dict[str, str] = {}
    for column in (*_table()["columns"], *_table()["visits"]):
        for name in {folded(name) for name in column["names"]}:
            if name in found:
                raise MappingTableError(TABLE.name, 1, f"{name} names two fields")
            found[name] = column["field"]
    return found


@cache
def _words() -> dict[str, str]:
    return {met: word for word, others in _table()["words"].items() for met in others}


@cache
def _nothing() -> frozenset[str]:
    return frozenset(_table()["nothing"])


@cache
def _none() -> dict[str, str]:
    return {column["field"]: column["none"] for column in _table()["columns"] if "none" in column}


def says_nothing(cell: str) -> bool:
    """Whether a cell of a list says that there is nothing to list."""
    return " ".join(cell.lower().split()) in _nothing()


def folded(header: str) -> str:
    """A header as the table writes it: its words in small letters, each under the one that is put for it."""
    known = _words()
    words = (known.get(word, word) for word in _WORD.findall(header.lower().replace("'s", "")))
    return "_".join(word for word, _ in groupby(words))


def column(header: str) -> Column:
    """What a header means; one that means nothing has no field."""
    name, known = folded(header), meanings()
    for plain in (name, name.removeprefix("patient_")):
        if plain in known:
            return _column(header, known[plain], 0)
    numbered = _NUMBER.search(name)
    if numbered is not None:
        field = known.get(_NUMBER.sub("", name, count=1).strip("_"), "")
        if _entry(field):
            return _column(header, field, int(numbered[1]))
    return Column(header, "")


def _column(header: str, field: str, number: int) -> Column:
    return Column(header, field, _entry(field), number, _none().get(field, ""))


def _entry(field: str) -> str:
    return next((one for one in _table()["lists"] if field.startswith(f"{one}.")), "")
