"""Parts of collections, and collections put together."""

from typing import Final

from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.functions.existence import distinct
from gateway.validate.fhirpath.functions.function import Function, integer, one_item
from gateway.validate.fhirpath.item import Items, key


def _single(focus: Items, env: Environment) -> Items:
    one_item(focus)
    return focus


def _skip(focus: Items, env: Environment, count: Items) -> Items:
    return focus[max(integer(count) or 0, 0) :]


def _take(focus: Items, env: Environment, count: Items) -> Items:
    return focus[: max(integer(count) or 0, 0)]


def intersect(focus: Items, env: Environment, other: Items) -> Items:
    """What is in both, each once."""
    among = {key(item) for item in other}
    return distinct([item for item in focus if key(item) in among])


def _exclude(focus: Items, env: Environment, other: Items) -> Items:
    among = {key(item) for item in other}
    return [item for item in focus if key(item) not in among]


def union(focus: Items, env: Environment, other: Items) -> Items:
    """What is in either, each once."""
    return distinct([*focus, *other])


FUNCTIONS: Final = {
    "single": Function(0, 0, _single),
    "first": Function(0, 0, lambda focus, env: focus[:1]),
    "last": Function(0, 0, lambda focus, env: focus[-1:]),
    "tail": Function(0, 0, lambda focus, env: focus[1:]),
    "skip": Function(1, 1, _skip),
    "take": Function(1, 1, _take),
    "intersect": Function(1, 1, intersect),
    "exclude": Function(1, 1, _exclude),
    "union": Function(1, 1, union),
    "combine": Function(1, 1, lambda focus, env, other: [*focus, *other]),
}
