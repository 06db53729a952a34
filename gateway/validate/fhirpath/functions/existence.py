"""Existence: whether items are there, and whether they agree."""

from typing import Final

from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.functions.function import Argument, Function, each
from gateway.validate.fhirpath.item import Items, key, of_value, truth


def _exists(focus: Items, env: Environment, *criteria: Argument) -> bool:
    if not criteria:
        return bool(focus)
    return any(criteria[0].truth(one, env) for one in each(focus, env))


def _all(focus: Items, env: Environment, criteria: Argument) -> bool:
    return all(criteria.truth(one, env) for one in each(focus, env))


def _truths(focus: Items) -> list[bool | None]:
    return [truth((item,)) for item in focus]


def _not(focus: Items, env: Environment) -> bool | None:
    found = truth(focus)
    return None if found is None else not found


def distinct(items: Items) -> Items:
    """The items without those that are the same as one before."""
    return list({key(item): item for item in reversed(items)}.values())[::-1] if len(items) > 1 else items


def is_subset(some: Items, others: Items) -> bool:
    """Whether all items are among the others."""
    return {key(item) for item in some} <= {key(item) for item in others}


def _decides(apply: object) -> Function:
    return Function(0, 0, apply, decides=True)  # type: ignore[arg-type]


FUNCTIONS: Final = {
    "empty": _decides(lambda focus, env: not focus),
    "exists": Function(0, 1, _exists, takes_expressions=True, decides=True),
    "all": Function(1, 1, _all, takes_expressions=True, decides=True),
    "allTrue": _decides(lambda focus, env: False not in _truths(focus)),
    "anyTrue": _decides(lambda focus, env: True in _truths(focus)),
    "allFalse": _decides(lambda focus, env: True not in _truths(focus)),
    "anyFalse": _decides(lambda focus, env: False in _truths(focus)),
    "not": _decides(_not),
    "subsetOf": Function(1, 1, lambda focus, env, other: is_subset(focus, other), decides=True),
    "supersetOf": Function(1, 1, lambda focus, env, other: is_subset(other, focus), decides=True),
    "isDistinct": _decides(lambda focus, env: len(distinct(focus)) == len(focus)),
    "distinct": Function(0, 0, lambda focus, env: distinct(focus)),
    "count": Function(0, 0, lambda focus, env: (of_value(len(focus)),)),
}
