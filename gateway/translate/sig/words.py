"""The words of directions, as mappings/sig/words.yaml has them, and the patterns made of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields

from gateway.core.table import MAPPINGS, load

UCUM: Final = "http://unitsofmeasure.org"


class _UnitSchema(Schema):
    words = fields.List(fields.String(), required=True)
    code = fields.String(load_default="")


class _RouteSchema(Schema):
    words = fields.List(fields.String(), required=True)
    coding = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None)


class _FrequencySchema(Schema):
    words = fields.List(fields.String(), required=True)
    repeat = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class _WordsSchema(Schema):
    numbers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    verbs = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    units = fields.Dict(keys=fields.String(), values=fields.Nested(_UnitSchema), required=True)
    scaled = fields.Dict(keys=fields.String(), values=fields.Nested(_UnitSchema), required=True)
    rates = fields.Dict(keys=fields.String(), values=fields.Nested(_UnitSchema), required=True)
    routes = fields.Dict(keys=fields.String(), values=fields.Nested(_RouteSchema), required=True)
    times = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    frequencies = fields.List(fields.Nested(_FrequencySchema), required=True)
    events = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    weekdays = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    needed = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.String(), required=True)
    most = fields.List(fields.String(), required=True)
    instructions = fields.List(fields.String(), required=True)


@dataclass(frozen=True, slots=True)
class Words:
    """What each word means. `units` holds plain and scaled amounts and rates; `scaled` and `rates` name theirs."""

    numbers: Mapping[str, int]
    verbs: Mapping[str, str]
    units: Mapping[str, Mapping[str, str]]
    plain: tuple[str, ...]
    scaled: tuple[str, ...]
    rates: tuple[str, ...]
    routes: Mapping[str, Mapping[str, Any]]
    times: Mapping[str, str]
    frequencies: Mapping[str, Mapping[str, Any]]
    events: Mapping[str, str]
    weekdays: Mapping[str, str]
    needed: tuple[str, ...]
    reasons: tuple[str, ...]
    most: tuple[str, ...]
    instructions: tuple[str, ...]


@cache
def words() -> Words:
    """The table; raises MappingTableError."""
    said = load(MAPPINGS / "sig" / "words.yaml", _WordsSchema())
    amounts = {name: said[name] for name in ("units", "scaled", "rates")}
    units = {
        word: _unit(name, one) for group in amounts.values() for name, one in group.items() for word in one["words"]
    }
    names = {group: tuple(word for one in found.values() for word in one["words"]) for group, found in amounts.items()}
    return Words(
        numbers=said["numbers"],
        verbs=said["verbs"],
        units=units,
        plain=names["units"],
        scaled=names["scaled"],
        rates=names["rates"],
        routes={word: _route(name, one["coding"]) for name, one in said["routes"].items() for word in one["words"]},
        times=_inverted(said["times"]),
        frequencies={word: _repeat(one["repeat"]) for one in said["frequencies"] for word in one["words"]},
        events=_inverted(said["events"]),
        weekdays=_inverted(said["weekdays"]),
        needed=tuple(said["needed"]),
        reasons=tuple(said["reasons"]),
        most=tuple(said["most"]),
        instructions=tuple(said["instructions"]),
    )


def any_of(found: Iterable[str]) -> str:
    """A pattern of any of some words, the longest first."""
    return "(?:" + "|".join(re.escape(one) for one in sorted(found, key=lambda one: (-len(one), one))) + ")"


def _unit(name: str, said: Mapping[str, Any]) -> dict[str, str]:
    return {"unit": name, **({"system": UCUM, "code": said["code"]} if said["code"] else {})}


def _route(name: str, coding: Mapping[str, str] | None) -> dict[str, Any]:
    return {"coding": [dict(coding)]} if coding else {"text": name}


def _repeat(said: Mapping[str, str]) -> dict[str, Any]:
    return {name: value if name == "periodUnit" else int(value) for name, value in said.items()}


def _inverted(said: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {word: meaning for meaning, found in said.items() for word in found}
