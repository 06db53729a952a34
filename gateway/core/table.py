"""A table that people write: YAML of texts, checked by a schema when it is loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError

from gateway.core.errors import MappingTableError

MAPPINGS: Final = Path(__file__).parents[2] / "mappings"


def refuse_unless(claim: Callable[[str], object]) -> Callable[[str], None]:
    """A check of a text in a table: refused unless the claim holds. (A validator's answer counts for nothing.)"""

    def check(text: str) -> None:
        if not claim(text):
            raise ValidationError("is not known")

    return check


def texts(file: Path) -> Any:
    """What the file says, every scalar as its text; raises MappingTableError."""
    try:
        return yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - makes texts, lists and mappings
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as trouble:
        raise MappingTableError(file.name, 1, str(trouble)) from None


def load(file: Path, schema: Schema) -> Any:
    """A table as its schema makes it; raises MappingTableError."""
    try:
        return schema.load(texts(file))
    except ValidationError as trouble:
        raise MappingTableError(file.name, 1, str(trouble)) from None
