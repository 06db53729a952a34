"""Policies: where a standard leaves a choice, ours (`mappings/policies.yaml`), and the other values that we know."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from marshmallow import Schema, ValidationError, fields

from gateway.core.errors import MappingTableError
from gateway.core.submission import Sender
from gateway.translate import table

FILE: Final = Path(__file__).parents[2] / "mappings" / "policies.yaml"


@dataclass(frozen=True, slots=True)
class Policy:
    """One choice: its id in the standard's guide, its name, the value in force, the values that may stand instead."""

    id: str
    name: str
    default: str
    others: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """All that it knows, the default first."""
        return (self.default, *self.others)


class _PolicySchema(Schema):
    name = fields.Str(required=True)
    default = fields.Str(required=True)
    others = fields.List(fields.Str(), required=True)
    about = fields.Str(required=True)


_POLICY: Final = _PolicySchema()


@cache
def policies(file: Path = FILE) -> dict[str, Policy]:
    """Every policy by its name; none when there is no file. Raises MappingTableError."""
    found: dict[str, Policy] = {}
    for document in table.documents(file) if file.is_file() else ():
        for id, said in table.plain(file.name, document).items():
            one = _policy(file, id, said)
            if one.name in found:
                raise MappingTableError(file.name, 1, f"{one.name} stands twice")
            found[one.name] = one
    return found


def knows(name: str, value: str) -> bool:
    """Whether there is a policy of this name that knows this value."""
    found = policies().get(name)
    return found is not None and value in found.values


def policy(sender: Sender, name: str) -> str:
    """The value in force for a sender: the one agreed with it, else ours."""
    return sender.policies.get(name) or policies()[name].default


def _policy(file: Path, id: str, said: object) -> Policy:
    try:
        one = _POLICY.load(said)  # type: ignore[arg-type]
    except ValidationError as error:
        raise MappingTableError(file.name, 1, f"{id}: {table.words(error)}") from None
    return Policy(id, one["name"], one["default"], tuple(one["others"]))
