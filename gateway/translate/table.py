"""Mapping tables: YAML files read with their line numbers, every scalar as text, checked row by row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, validate

from gateway.core.errors import MappingTableError

_NAME = r"[A-Za-z0-9_]+\.[A-Za-z0-9_\-^]+\.[A-Za-z0-9.\-]+"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. Which of its parts are filled says what kind of row it is."""

    rule: str
    line: int
    to: str = ""
    source: tuple[str, ...] = ()
    convert: str = ""
    each: bool = False
    through: str = ""
    when: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    value: Any = None
    make: str = ""
    refer: str = ""
    ignore: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    because: str = ""
    call: str = ""
    policy: str = ""


@dataclass(frozen=True)
class Table:
    """One map: what it makes of what, and its rows.

    The name is <format>.<source>.<FHIR type or backbone path>; a last part with a leading dash tells variants apart.
    """

    name: str
    file: str
    line: int
    guide: str
    identity: tuple[str, ...]
    profile: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[Row, ...]

    @cached_property
    def format(self) -> str:
        """The format whose locators the rows use."""
        return self.name.split(".", 2)[0]

    @cached_property
    def target(self) -> str:
        """The FHIR type or backbone path that the map makes."""
        return ".".join(part for part in self.name.split(".")[2:] if not part.startswith("-"))


class _Many(fields.Field[tuple[str, ...]]):
    """One text or a list of texts."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise ValidationError("a text or a list of texts")


class _RowSchema(Schema):
    to = fields.Str()
    source = _Many(data_key="from")
    convert = fields.Str(data_key="as")
    each = fields.Bool(truthy={"true"}, falsy={"false"})
    through = fields.Str()
    when = _Many()
    arguments = fields.Dict(keys=fields.Str(), values=fields.Str(), data_key="with")
    value = fields.Raw()
    make = fields.Str()
    refer = fields.Str()
    ignore = _Many()
    text = _Many()
    because = fields.Str()
    call = fields.Str()
    policy = fields.Str()


class _TableSchema(Schema):
    name = fields.Str(required=True, data_key="map", validate=validate.Regexp(_NAME))
    guide = fields.Str(required=True)
    identity = _Many()
    profile = _Many()
    kinds = _Many()
    rows = fields.List(fields.Raw(), required=True)


_ROW, _TABLE = _RowSchema(), _TableSchema()
# What a row of each kind must hold, and may not.
_KINDS: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = (
    ("ignore", frozenset({"because"}), frozenset({"when"})),
    ("text", frozenset({"because"}), frozenset({"when"})),
    ("call", frozenset(), frozenset({"source", "when", "each", "arguments"})),
    ("make", frozenset({"source"}), frozenset({"to", "when", "each"})),
    ("refer", frozenset({"to"}), frozenset({"when"})),
    ("value", frozenset({"to"}), frozenset({"when"})),
    ("convert", frozenset({"to", "source"}), frozenset({"when", "each", "through", "arguments"})),
)


def read(file: Path) -> Iterator[Table]:
    """Read the maps of one file; raises MappingTableError with file, line and what is wrong."""
    for document in documents(file):
        yield _table(file.name, document)


def documents(file: Path) -> list[yaml.Node]:
    """The YAML documents of a file that hold something, with their line numbers; raises MappingTableError."""
    try:
        found = list(yaml.compose_all(file.read_text("utf-8"), Loader=yaml.CBaseLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingTableError(file.name, line, "not well-formed YAML") from None
    except OSError:
        raise MappingTableError(file.name, 1, "cannot be read") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise MappingTableError(file.name, 1, "not a text in UTF-8") from None
    return [one for one in found if one is not None]


def _table(file: str, document: yaml.Node) -> Table:
    line = document.start_mark.line + 1
    header = plain(file, document)
    try:
        checked = _TABLE.load(header)
    except ValidationError as error:
        raise MappingTableError(file, line, words(error)) from None
    rows = _rows_node(document)
    return Table(
        name=checked["name"],
        file=file,
        line=line,
        guide=checked["guide"],
        identity=checked.get("identity", ()),
        profile=checked.get("profile", ()),
        kinds=checked.get("kinds", ()),
        rows=tuple(row(file, f"{checked['name']}#{n}", node) for n, node in enumerate(rows, 1)),
    )


def _rows_node(document: yaml.Node) -> list[yaml.Node]:
    for key, value in document.value:
        if key.value == "rows":
            found: list[yaml.Node] = value.value
            return found
    return []


def row(file: str, rule: str, node: yaml.Node) -> Row:
    """Check one row and the words that it may hold together; raises MappingTableError."""
    line = node.start_mark.line + 1
    try:
        checked = _ROW.load(plain(file, node))
    except ValidationError as error:
        raise MappingTableError(file, line, words(error)) from None
    for kind, needed, allowed in _KINDS:
        if kind in checked:
            if missing := needed - checked.keys():
                raise MappingTableError(file, line, f"a row with {kind} needs {', '.join(sorted(missing))}")
            if surplus := checked.keys() - needed - allowed - {kind, "because", "policy"}:
                raise MappingTableError(file, line, f"a row with {kind} takes no {', '.join(sorted(surplus))}")
            return Row(rule, line, **checked)
    raise MappingTableError(file, line, "a row says none of: as, value, make, refer, ignore, text, call")


def plain(file: str, node: yaml.Node) -> Any:
    """A YAML node as texts, lists and dicts; a repeated key is refused."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [plain(file, one) for one in node.value]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise MappingTableError(file, key.start_mark.line + 1, "a key must be one text")
        if key.value in found:
            raise MappingTableError(file, key.start_mark.line + 1, f"{key.value} stands twice")
        found[key.value] = plain(file, value)
    return found


def words(error: ValidationError) -> str:
    """The schema's complaint in one line; tables are ours, so their keys may be named."""
    complaints: dict[str, list[str]] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return "; ".join(f"{key}: {' '.join(map(str, said))}" for key, said in sorted(complaints.items()))
