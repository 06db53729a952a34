"""The referral form: its fields as the table says them, and a clerk's answers as the document that comes in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.core.table import load

TABLE: Final = Path(__file__).parents[2] / "mappings" / "structures" / "referral_form.yaml"
TYPES: Final = ("text", "lines", "date", "choice", "yes-no", "rows")
_MOST: Final = {"text": 500, "lines": 10_000, "date": 10}
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of the form, or one column of its rows."""

    name: str
    label: str
    type: str
    required: bool = False
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    columns: tuple["Field", ...] = ()
    rows: int = 0
    shown: int = 1
    one: str = "row"
    least: int = 0
    most: int = 0
    pattern: str = ".*"
    complaint: str = ""
    whole: bool = False
    past: bool = False
    half: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One step of the form."""

    name: str
    title: str
    fields: tuple[Field, ...]

    @property
    def groups(self) -> list[tuple[bool, list[Field]]]:
        """The fields in order; those that follow one another and share lines stand together."""
        return [(half, list(found)) for half, found in groupby(self.fields, key=lambda field: field.half)]


@dataclass(frozen=True, slots=True)
class Form:
    """The form: what its documents are called, and its steps in order."""

    form: str
    version: int
    sections: tuple[Section, ...]


class _OptionSchema(Schema):
    value = fields.String(required=True)
    label = fields.String(required=True)


class _FieldSchema(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9_]*\Z"))
    label = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    required = fields.Boolean()
    hint = fields.String()
    options = fields.List(fields.Nested(_OptionSchema))
    columns = fields.List(fields.Nested(lambda: _FieldSchema()))
    rows = fields.Integer()
    shown = fields.Integer()
    one = fields.String()
    least = fields.Integer()
    most = fields.Integer()
    pattern = fields.String()
    complaint = fields.String()
    whole = fields.Boolean()
    past = fields.Boolean()
    half = fields.Boolean()

    @post_load
    def make(self, said: dict[str, Any], **_: Any) -> Field:
        options = tuple((option["value"], option["label"]) for option in said.pop("options", ()))
        columns = tuple(said.pop("columns", ()))
        return Field(**{"most": _MOST.get(said["type"], 0), **said}, options=options, columns=columns)


class _SectionSchema(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9_]*\Z"))
    title = fields.String(required=True)
    fields_ = fields.List(fields.Nested(_FieldSchema), required=True, data_key="fields")

    @post_load
    def make(self, said: dict[str, Any], **_: Any) -> Section:
        return Section(said["name"], said["title"], tuple(said["fields_"]))


class _FormSchema(Schema):
    form = fields.String(required=True)
    version = fields.Integer(required=True)
    sections = fields.List(fields.Nested(_SectionSchema), required=True)

    @post_load
    def make(self, said: dict[str, Any], **_: Any) -> Form:
        return Form(said["form"], said["version"], tuple(said["sections"]))


@cache
def referral_form(table: Path = TABLE) -> Form:
    """The form as its table says it. Raises MappingTableError."""
    form: Form = load(table, _FormSchema())
    return form


def read(answers: Mapping[str, str], form: Form, today: date) -> tuple[dict[str, Any], dict[str, str]]:
    """The document that the answers make, and what is wrong with them by the name of the field."""
    document: dict[str, Any] = {"form": form.form, "version": form.version}
    wrong: dict[str, str] = {}
    for section in form.sections:
        found = _read_fields(answers, section.fields, section.name, today, wrong)
        if found:
            document[section.name] = found
    return document, wrong


def rows_shown(answers: Mapping[str, str], field: Field, name: str) -> int:
    """How many rows the page shows: as many as the table says, and all that have an answer."""
    return max(field.shown, *(row + 1 for row, _ in _rows(answers, field, name)), 1)


def summary(wrong: Mapping[str, str], form: Form) -> list[tuple[str, str]]:
    """What is wrong, each with the name of its field and with its label, for the head of the page."""
    labels = {"file": "File"} | dict(_labels(form))
    plain = {name: re.sub(r"\.\d+\.", ".", name) for name in wrong}
    return [(name, f"{labels[plain[name]].rstrip('?')}: {complaint}") for name, complaint in wrong.items()]


def _labels(form: Form) -> Iterator[tuple[str, str]]:
    for section in form.sections:
        for field in section.fields:
            yield f"{section.name}.{field.name}", field.label
            for column in field.columns:
                yield f"{section.name}.{field.name}.{column.name}", f"{field.label}, {column.label}"


def _read_fields(
    answers: Mapping[str, str], asked: tuple[Field, ...], prefix: str, today: date, wrong: dict[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in asked:
        name = f"{prefix}.{field.name}"
        if field.type == "rows":
            answer: Any = [
                _read_fields(answers, field.columns, place, today, wrong) for _, place in _rows(answers, field, name)
            ]
        else:
            answer = _read_one(answers.get(name, ""), field, today, name, wrong)
        if answer:
            found[field.name] = answer
    return found


def _rows(answers: Mapping[str, str], field: Field, name: str) -> Iterator[tuple[int, str]]:
    """Each row with any answer: its number and the name that its columns begin with."""
    for row in range(field.rows):
        place = f"{name}.{row}"
        if any(answers.get(f"{place}.{column.name}", "").strip() for column in field.columns):
            yield row, place


def _read_one(sent: str, field: Field, today: date, name: str, wrong: dict[str, str]) -> str | bool:
    answer = _CONTROL.sub("", sent.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if field.type != "lines":
        answer = " ".join(answer.split())
    complaint = _complaint(answer, field, today)
    if complaint:
        wrong[name] = complaint
    return answer == "yes" if field.type == "yes-no" else answer


def _complaint(answer: str, field: Field, today: date) -> str:
    """What is wrong with an answer, in the clerk's words; never the answer itself."""
    if not answer:
        return "This is needed." if field.required else ""
    if field.type == "choice":
        return "" if answer in dict(field.options) else "Choose one of the list."
    if field.type == "yes-no":
        return "" if answer == "yes" else "Tick the box or leave it."
    if field.type == "date":
        return _date_complaint(answer, field, today)
    if len(answer) < field.least:
        return f"Write at least {field.least} characters."
    if len(answer) > field.most:
        return f"Write at most {field.most} characters."
    return "" if re.fullmatch(field.pattern, answer, re.DOTALL) else field.complaint


def _date_complaint(answer: str, field: Field, today: date) -> str:
    written = _DATE.fullmatch(answer)
    parts = [int(part) for part in written.groups() if part] if written else []
    if not parts or (field.whole and len(parts) < 3):
        wanted = "the year, the month and the day" if field.whole else "the year, then the month and the day if known"
        return f"Write {wanted}, as in 2025-11-03."
    try:
        first = date(*(*parts, 1, 1)[:3])
    except ValueError:
        return "There is no such day."
    return "This day lies ahead." if field.past and first > today else ""
