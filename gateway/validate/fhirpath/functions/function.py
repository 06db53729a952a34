"""What a function is: how many arguments it takes, and how they are handed to it."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.item import Item, Items, of_value

Evaluate = Callable[[Items, Environment], Items]
Decide = Callable[[Items, Environment], bool | None]


class Argument(NamedTuple):
    """An expression as an argument, evaluated for each item by the function itself."""

    items: Evaluate
    truth: Decide
    negated: Evaluate | None = None  # what stands after a minus: `-key` sorts the other way round


class Function(NamedTuple):
    """A row of the table: the bounds of its arguments, and what it does with the collection before the dot."""

    least: int
    most: int
    apply: Callable[..., Any]
    takes_expressions: bool = False  # else its arguments are collections
    decides: bool = False  # it gives a truth value instead of a collection


def given(apply: Callable[..., Any], *kinds: Callable[[Items], Any]) -> Function:
    """A function of single values, the first of them before the dot; nothing comes of it where one is missing."""

    def call(focus: Items, env: Environment, *arguments: Items) -> Items:
        values = [read(one) for read, one in zip(kinds, (focus, *arguments), strict=True)]
        return () if None in values else result(apply(*values))

    return Function(len(kinds) - 1, len(kinds) - 1, call)


def result(found: Any) -> Items:
    """What a function gave, as a collection."""
    if found is None:
        return ()
    return [of_value(one) for one in found] if type(found) is list else (of_value(found),)


def one_item(items: Items) -> Item | None:
    """The one item of a collection; None for none."""
    if len(items) > 1:
        raise ExpressionError("several items where one is wanted")
    return items[0] if items else None


def text(items: Items) -> str | None:
    """The one string of a collection; None for none."""
    item = one_item(items)
    if item is None or item.value is None:
        return None
    if type(item.value) is not str:
        raise ExpressionError("something that is no string")
    return item.value


def integer(items: Items) -> int | None:
    """The one integer of a collection; None for none."""
    item = one_item(items)
    if item is None or item.value is None:
        return None
    if type(item.value) is not int:
        raise ExpressionError("something that is no integer")
    return item.value


def each(focus: Items, env: Environment) -> Iterator[Items]:
    """The items one after another with `$index`, which is what it was before when that is done."""
    before = env.index
    try:
        for index, item in enumerate(focus):
            env.index = index
            yield (item,)
    finally:
        env.index = before
