"""Filtering, projection, and what goes on until nothing new comes."""

from functools import partial
from typing import Any, Final

from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.functions.function import Argument, Evaluate, Function, each, one_item, text
from gateway.validate.fhirpath.item import Item, Items, children, descendants, key, of_value, system
from gateway.validate.fhirpath.temporal import Temporal


def _where(focus: Items, env: Environment, criteria: Argument) -> Items:
    return [one[0] for one in each(focus, env) if criteria.truth(one, env)]


def _select(focus: Items, env: Environment, projection: Argument) -> Items:
    return [item for one in each(focus, env) for item in projection.items(one, env)]


def _repeat(focus: Items, env: Environment, projection: Argument) -> Items:
    found: dict[object, Item] = {}
    waiting = focus
    while waiting:
        met = {key(item): item for item in _select(waiting, env, projection)}
        fresh = {name: item for name, item in met.items() if name not in found}
        waiting = list(fresh.values())
        found |= fresh
    return list(found.values())


def _sort(focus: Items, env: Environment, *keys: Argument) -> Items:
    """By the last key first, so that the first one decides; what has no key comes first."""
    items = list(focus)
    rows = [(one.negated or one.items, one.negated is not None) for one in keys] or [(_itself, False)]
    try:
        for evaluate, descending in reversed(rows):
            items.sort(key=partial(_sort_key, evaluate, env), reverse=descending)
    except TypeError:
        raise ExpressionError("values that have no order") from None
    return items


def _itself(this: Items, env: Environment) -> Items:
    return this


def _sort_key(evaluate: Evaluate, env: Environment, item: Item) -> list[Any]:
    return [system(part) for part in evaluate((item,), env)]


def _aggregate(focus: Items, env: Environment, aggregator: Argument, *start: Argument) -> Items:
    before = env.total
    env.total = start[0].items(focus, env) if start else ()
    for one in each(focus, env):
        env.total = aggregator.items(one, env)
    found, env.total = env.total, before
    return found


def _iif(focus: Items, env: Environment, criterion: Argument, then: Argument, *other: Argument) -> Items:
    one_item(focus)
    if criterion.truth(focus, env):
        return then.items(focus, env)
    return other[0].items(focus, env) if other else ()


def _define_variable(focus: Items, env: Environment, name: Argument, *value: Argument) -> Items:
    env.define(text(name.items(focus, env)) or "", value[0].items(focus, env) if value else focus)
    return focus


def _with_expressions(least: int, most: int, apply: object) -> Function:
    return Function(least, most, apply, takes_expressions=True)  # type: ignore[arg-type]


FUNCTIONS: Final = {
    "where": _with_expressions(1, 1, _where),
    "select": _with_expressions(1, 1, _select),
    "repeat": _with_expressions(1, 1, _repeat),
    "sort": _with_expressions(0, 9, _sort),
    "aggregate": _with_expressions(1, 2, _aggregate),
    "iif": _with_expressions(2, 3, _iif),
    "defineVariable": _with_expressions(1, 2, _define_variable),
    "trace": _with_expressions(1, 2, lambda focus, env, name, *projection: focus),  # what is traced is nobody's here
    "children": Function(0, 0, lambda focus, env: children(focus)),
    "descendants": Function(0, 0, lambda focus, env: descendants(focus)),
    "now": Function(0, 0, lambda focus, env: (of_value(env.now),)),
    "today": Function(0, 0, lambda focus, env: (of_value(Temporal("Date", env.now.parts[:3])),)),
    "timeOfDay": Function(0, 0, lambda focus, env: (of_value(Temporal("Time", env.now.parts[3:])),)),
}
