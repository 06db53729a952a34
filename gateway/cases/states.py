"""The states of a case and the steps between them, as mappings/cases/states.yaml says; nothing else is legal."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.core.errors import IllegalTransitionError, MappingTableError
from gateway.core.table import MAPPINGS, load

FILE: Final = MAPPINGS / "cases" / "states.yaml"
NONE: Final = "none"  # before the first state
FIRST: Final = "case-received"
BY: Final = ("initiator", "recipient")
_ENDED: Final = ("completed", "cancelled", "rejected", "failed")


@dataclass(frozen=True, slots=True)
class State:
    """A state, and what the four resources of a case say in it."""

    state: str
    task: str
    request: str
    plan: str
    referral: str = ""
    answer: str = ""
    control: str = ""  # ORC-1 and ORC-5 of an order status update
    order: str = ""
    reason: bool = False
    visits: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nobody works on the case any more."""
        return self.task in _ENDED


@dataclass(frozen=True, slots=True)
class Transition:
    """One legal step: who may take it, what it is called, where it leads."""

    row: str
    by: str
    event: str
    source: str
    to: str
    partner: bool = False
    resumed: bool = False


class _StateSchema(Schema):
    state = fields.String(required=True)
    task = fields.String(required=True)
    request = fields.String(required=True)
    plan = fields.String(required=True)
    referral = fields.String(load_default="")
    answer = fields.String(load_default="")
    order = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    reason = fields.Boolean(load_default=False)
    visits = fields.List(fields.String(), load_default=())

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> State:
        said = found.pop("order")
        words = {"visits": tuple(found["visits"]), "control": said["control"], "order": said["status"]}
        return State(**found | words)


class _TransitionSchema(Schema):
    row = fields.String(required=True)
    by = fields.String(required=True, validate=validate.OneOf(BY))
    event = fields.String(required=True)
    source = fields.String(required=True, data_key="from")
    to = fields.String(required=True)
    partner = fields.Boolean(load_default=False)
    resumed = fields.Boolean(load_default=False)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Transition:
        return Transition(**found)


class _TableSchema(Schema):
    states = fields.List(fields.Nested(_StateSchema), required=True)
    transitions = fields.List(fields.Nested(_TransitionSchema), required=True)


@cache
def _table() -> tuple[dict[str, State], tuple[Transition, ...]]:
    loaded = load(FILE, _TableSchema())
    states = {one.state: one for one in loaded["states"]}
    named = {name for one in loaded["transitions"] for name in (one.source, one.to)}
    ways = [(one.source, one.event, one.partner) for one in loaded["transitions"]]
    if named - {NONE} != states.keys() or len(set(ways)) != len(ways) or len(states) != len(loaded["states"]):
        raise MappingTableError(FILE.name, 1, "a step without its state, or two of one kind")
    return states, tuple(loaded["transitions"])


def states() -> dict[str, State]:
    """Every state by its name; raises MappingTableError."""
    return _table()[0]


def transitions() -> tuple[Transition, ...]:
    """Every legal step; raises MappingTableError."""
    return _table()[1]


def step(source: str, event: str, *, by: str = "recipient", to: str = "", complete: bool = False) -> Transition:
    """The step that an event takes from a state; a partner names the end it means. Raises IllegalTransitionError.

    `complete` says whether the records of the case have been complete before.
    """
    for one in _open(source, by, complete):
        if one.event == event and (one.to == to if to else not one.partner):
            return one
    raise IllegalTransitionError("event")


def leading(source: str, to: str, *, complete: bool = False) -> Transition | None:
    """The step of ours that leads from one state to another."""
    found = (one for one in _open(source, "recipient", complete) if one.to == to and not one.partner)
    return next(found, None)


def events(source: str, *, by: str = "recipient", complete: bool = False) -> list[str]:
    """What may be done with a case in this state."""
    return [one.event for one in _open(source, by, complete) if not one.partner]


def _open(source: str, by: str, complete: bool) -> Iterator[Transition]:
    for one in transitions():
        if (one.source, one.by) == (source, by) and (complete or not one.resumed):
            yield one
