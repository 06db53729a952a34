"""A patient's drugs as a case sees them: which are taken or planned, and what a person should look at among them."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from marshmallow import Schema, fields, validate

from gateway.cases.evidence import Resource, values
from gateway.core.drug import ingredients, text_of
from gateway.core.issue import MESSAGES
from gateway.core.table import MAPPINGS, load

# A request in one of these is past, or was never meant.
_OVER: Final = frozenset({"completed", "stopped", "cancelled", "entered-in-error"})
Drug = tuple[str, ...]


class Mention(NamedTuple):
    """What one submission told of a drug, once; mentions stand in the order in which they came."""

    submission: str
    request: Resource


class Concern(NamedTuple):
    """What a person should look at: its code (core/issue.py), and the drugs in the words of their sources."""

    code: str
    drugs: tuple[str, ...]


class _LintSchema(Schema):
    code = fields.String(required=True, validate=validate.OneOf(MESSAGES))
    group = fields.String(load_default="")
    times = fields.Integer(load_default=0)


class _LintsSchema(Schema):
    lints = fields.List(fields.Nested(_LintSchema), required=True)


@cache
def _lints() -> list[dict[str, Any]]:
    """The rows of mappings/cases/drug_lints.yaml; raises MappingTableError."""
    found: list[dict[str, Any]] = load(MAPPINGS / "cases" / "drug_lints.yaml", _LintsSchema())["lints"]
    return found


def is_current(request: Resource) -> bool:
    """Whether a drug is taken or planned, as far as its status says."""
    return request.get("status") not in _OVER and not request.get("doNotPerform")


def concerns(requests: Iterable[Resource], mentions: Sequence[Mention]) -> Iterator[Concern]:
    """What a person should look at among the drugs of now, and in what submissions told of them one after the other."""
    current = [one for one in requests if is_current(one)]
    for lint in _lints():
        if lint["group"]:
            yield from _together(lint["code"], lint["group"], current)
        else:
            yield from _changed(lint["code"], lint["times"], mentions)


def _together(code: str, group: str, current: Sequence[Resource]) -> Iterator[Concern]:
    of_group = [one for one in current if any(row.group == group for row in ingredients(one))]
    if len({row for one in of_group for row in ingredients(one) if row.group == group}) > 1:
        yield Concern(code, tuple(dict.fromkeys(map(text_of, of_group))))


def _changed(code: str, times: int, mentions: Sequence[Mention]) -> Iterator[Concern]:
    """The newest doses of a drug beside the last others: told when each is so much more than all of those, or less."""
    told: dict[tuple[Drug, str], dict[str, set[Decimal]]] = {}
    names: dict[Drug, str] = {}
    for submission, request in mentions:
        if request.get("status") == "entered-in-error" or not text_of(request):
            continue
        drug = tuple(sorted(one.ingredient for one in ingredients(request))) or (
            " ".join(text_of(request).lower().split()),
        )
        names[drug] = text_of(request)
        for amount, unit in _doses(request):
            told.setdefault((drug, unit), {}).setdefault(submission, set()).add(amount)
    for (drug, unit), by_submission in told.items():
        *earlier, newest = by_submission.values()
        before = next((one for one in reversed(earlier) if one != newest), newest)
        if min(newest) > times * max(before) or min(before) > times * max(newest):
            said = f"{names[drug]}: {_said(before)} {unit}, then {_said(newest)} {unit}"
            yield Concern(code, (said,))


def _doses(request: Resource) -> Iterator[tuple[Decimal, str]]:
    """The amounts that are given, with their unit; not what was calculated beside what was ordered."""
    for entry in values(request, "dosageInstruction.doseAndRate"):
        if "calculated" not in values(entry, "type.coding.code"):
            for quantity in (*values(entry, "doseQuantity"), *values(entry, "doseRange.high")):
                unit = quantity.get("code") or quantity.get("unit")
                if unit and quantity.get("value"):
                    yield Decimal(str(quantity["value"])), unit


def _said(amounts: Iterable[Decimal]) -> str:
    return " or ".join(str(one) for one in sorted(amounts))
