"""The rules of matching, as the table in mappings/match says: which agreements together make which grade."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.core.errors import MappingTableError
from gateway.core.ids import digest
from gateway.core.table import load
from gateway.match.veto import VETOES
from gateway.match.words import FOLDER

FILE: Final = FOLDER / "rules.yaml"


class Grade(StrEnum):
    """FHIR match-grade."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CERTAINLY_NOT = "certainly-not"


@dataclass(frozen=True, slots=True)
class Rule:
    """One tuple: its name, the grade and score that it makes, what must agree, and the vetoes that this answers."""

    name: str
    grade: Grade
    score: str
    agree: frozenset[str]
    despite: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule in its order, and each agreement and veto in words."""

    rules: tuple[Rule, ...]
    agreements: dict[str, str]
    vetoes: dict[str, str]

    def named(self, name: str) -> Rule | None:
        """The rule that made a grade, also where a veto capped it."""
        return next((rule for rule in self.rules if rule.name == name.partition(":")[0]), None)


class _RuleSchema(Schema):
    rule = fields.Str(required=True, validate=validate.Length(min=1, max=64))
    grade = fields.Enum(Grade, by_value=True, required=True)
    score = fields.Str(required=True, validate=validate.Regexp(r"(?a)0\.\d{1,2}\Z"))
    agree = fields.List(fields.Str(), required=True, validate=validate.Length(min=1))
    despite = fields.List(fields.Str(validate=validate.OneOf(sorted(VETOES))), load_default=list)

    @post_load
    def _made(self, said: dict[str, Any], **_: Any) -> Rule:
        return Rule(said["rule"], said["grade"], said["score"], frozenset(said["agree"]), frozenset(said["despite"]))


class _RulesSchema(Schema):
    agreements = fields.Dict(fields.Str(), fields.Str(validate=validate.Length(min=1)), required=True)
    vetoes = fields.Dict(
        fields.Str(validate=validate.OneOf(sorted(VETOES))), fields.Str(validate=validate.Length(min=1))
    )
    rules = fields.List(fields.Nested(_RuleSchema), required=True, validate=validate.Length(min=1))


@cache
def rules(file: Path = FILE) -> Rules:
    """The table, checked. Raises MappingTableError."""
    found = load(file, _RulesSchema())
    unknown = {name for rule in found["rules"] for name in rule.agree} - set(found["agreements"])
    if unknown:
        raise MappingTableError(file.name, 1, f"no agreement is called {sorted(unknown)[0]}")
    return Rules(tuple(found["rules"]), found["agreements"], found.get("vetoes", {}))


@cache
def version() -> str:
    """Which version of the rules and their words made a decision."""
    return digest(
        b"".join((FOLDER / f"{name}.yaml").read_bytes() for name in ("rules", "nicknames", "words", "spelling"))
    )[:12]
