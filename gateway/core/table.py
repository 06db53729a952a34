"""A table that people write: YAML of texts, checked by a schema when it is loaded."""

from pathlib import Path
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError

from gateway.core.errors import MappingTableError

MAPPINGS: Final = Path(__file__).parents[2] / "mappings"


def load(file: Path, schema: Schema) -> dict[str, Any]:
    """A table as its schema makes it; raises MappingTableError."""
    try:
        found: dict[str, Any] = schema.load(yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader))  # noqa: S506
    except (OSError, yaml.YAMLError, ValidationError) as trouble:
        raise MappingTableError(file.name, 1, str(trouble)) from None
    return found
