"""What the headers of a referral sheet mean, as mappings/structures/referral_sheet.yaml says."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError, fields

from gateway.core.errors import MappingTableError

TABLE: Final = Path(__file__).parents[3] / "mappings" / "structures" / "referral_sheet.yaml"
_NUMBERED: Final = re.compile(r"(.+?)_?(\d{1,2})")


class _ColumnSchema(Schema):
    field = fields.String(required=True)
    names = fields.List(fields.String(), required=True)


class _SheetSchema(Schema):
    sheet = fields.String(required=True)
    columns = fields.List(fields.Nested(_ColumnSchema), required=True)


@cache
def meanings() -> dict[str, str]:
    """Folded header to the form's field; raises MappingTableError."""
    try:
        found = _SheetSchema().load(yaml.load(TABLE.read_text("utf-8"), Loader=yaml.CBaseLoader))  # noqa: S506 (texts)
    except (yaml.YAMLError, ValidationError):
        raise MappingTableError(TABLE.name, 1, "not a sheet's table") from None
    columns: list[dict[str, Any]] = found["columns"]
    return {name: column["field"] for column in columns for name in column["names"]}


def folded(header: str) -> str:
    """A header as the table writes it."""
    return re.sub(r"[\s_./-]+", "_", header.strip().lower()).strip("_")


def place(header: str) -> list[str | int] | None:
    """Where a column's cells stand in the form's document; None for a header that means nothing to us."""
    name, number = folded(header), 0
    field = meanings().get(name)
    if field is None and (numbered := _NUMBERED.fullmatch(name)):
        field, number = meanings().get(numbered[1]), int(numbered[2])
        if field is not None and not field.startswith("medicines.medicine."):
            return None
    if field is None:
        return None
    steps: list[str | int] = [*field.split(".")]
    if field.startswith("medicines.medicine."):
        steps.insert(2, number)
    return steps
