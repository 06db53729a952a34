"""What a person should look at in a request, as mappings/sig/lints.yaml says; it changes nothing."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from marshmallow import Schema, fields, validate

from gateway.core.drug import CYCLE, ingredients, is_swallowed
from gateway.core.issue import MESSAGES
from gateway.core.table import MAPPINGS, load
from gateway.translate.sig.words import any_of, words

Resource = Mapping[str, Any]
_ENDS: Final = frozenset({"boundsDuration", "boundsRange", "count", "dayOfWeek"})
_SHORT: Final = ("h", "min", "s")


class _Lint(NamedTuple):
    """One row: its code, and the text or the drug and how often that it looks for."""

    code: str
    says: re.Pattern[str] | None
    drug: str
    often: str


class _LintSchema(Schema):
    code = fields.String(required=True, validate=validate.OneOf(MESSAGES))
    says = fields.String(load_default="")
    drug = fields.String(load_default="", validate=validate.OneOf(("", "weekly", "days_off")))
    often = fields.String(load_default="", validate=validate.OneOf(("", "daily", "without-days-off")))


class _LintsSchema(Schema):
    amount = fields.String(required=True)
    lints = fields.List(fields.Nested(_LintSchema), required=True)


@cache
def _lints() -> tuple[_Lint, ...]:
    """The rows; raises MappingTableError."""
    said = load(MAPPINGS / "sig" / "lints.yaml", _LintsSchema())
    return tuple(_made(one, said["amount"]) for one in said["lints"])


def _made(said: Mapping[str, str], amount: str) -> _Lint:
    expression = said["says"].replace("<amount>", amount)
    return _Lint(said["code"], re.compile(f"(?i){expression}") if expression else None, said["drug"], said["often"])


def findings(request: Resource) -> Iterator[tuple[str, int]]:
    """The code of each finding, and the dosage that it is about."""
    marks = {name for one in ingredients(request) for name in ("weekly", "days_off") if getattr(one, name)}
    swallowed = bool(marks) and is_swallowed(request)
    for n, dosage in enumerate(request.get("dosageInstruction", ())):
        for lint in _lints():
            if lint.says is not None:
                if lint.says.search(dosage.get("text", "")):
                    yield lint.code, n
            elif swallowed and lint.drug in marks and _OFTEN[lint.often](request, dosage):
                yield lint.code, n


def _is_daily(_: Resource, dosage: Resource) -> bool:
    """Whether it is taken every day; where no structure says how often, whether the words say daily and not weekly."""
    repeat = dosage.get("timing", {}).get("repeat", {})
    if "frequency" in repeat or "period" in repeat:
        unit, period = repeat.get("periodUnit"), repeat.get("period", 1)
        return (unit in _SHORT or (unit == "d" and period <= 1)) and "dayOfWeek" not in repeat
    if repeat.keys() & {"when", "dayOfWeek", "count"}:
        return not repeat.keys() & {"dayOfWeek", "count"}
    text = dosage.get("text", "")
    return bool(_spoken(1).search(text)) and not _spoken(7).search(text)


def _never_off(request: Resource, dosage: Resource) -> bool:
    """Whether it is taken every day with no end; only where structure says how often."""
    repeat = dosage.get("timing", {}).get("repeat", {})
    days = (part["url"] for one in request.get("extension", ()) if one.get("url") == CYCLE for part in one["extension"])
    if not repeat.keys() & {"frequency", "when"} or repeat.keys() & _ENDS or repeat.get("boundsPeriod", {}).get("end"):
        return False
    return _is_daily(request, dosage) and "daysOfCycle" not in days


_OFTEN: Final = {"daily": _is_daily, "without-days-off": _never_off}


@cache
def _spoken(days: int) -> re.Pattern[str]:
    """A search for the words that say once or more in one day, or once or more in a week."""
    unit = {1: "d", 7: "wk"}[days]
    said = (word for word, one in words().frequencies.items() if one.get("periodUnit") == unit and one["period"] == 1)
    return re.compile(rf"(?i)(?<!\w){any_of(said)}(?!\w)")
