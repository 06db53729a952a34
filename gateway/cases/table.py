"""The tables of a case: YAML of texts, checked when it is loaded."""

from pathlib import Path
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError

from gateway.core.errors import MappingTableError
from gateway.core.ids import digest

TABLES: Final = Path(__file__).parents[2] / "mappings" / "cases"


def load(file: Path, schema: Schema) -> dict[str, Any]:
    """A table as its schema makes it; raises MappingTableError."""
    try:
        found: dict[str, Any] = schema.load(yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader))  # noqa: S506
    except (OSError, yaml.YAMLError, ValidationError):
        raise MappingTableError(file.name, 1, "not a table of its kind") from None
    return found


def version(file: Path) -> str:
    """Which version of a table this is: the beginning of its hash."""
    return digest(file.read_bytes())[:12]
