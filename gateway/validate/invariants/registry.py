"""The registry of invariants, and the small forms that most of them have."""

from collections.abc import Callable
from typing import Any

from gateway.validate.nodes import has
from gateway.validate.scope import Scope

Rule = Callable[[Any, Scope], bool]
RULES: dict[str, Rule] = {}


def invariant(*keys: str) -> Callable[[Rule], Rule]:
    """Register a rule under constraint keys; `Task:inv-1` is for a key that several types use."""

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(keys, rule))
        return rule

    return register


def rule_of(key: str, holder: str) -> Rule | None:
    """The rule of a key on a type or path, or None when nobody wrote it."""
    return RULES.get(f"{holder}:{key}") or RULES.get(key)


def any_of(*names: str) -> Rule:
    """At least one of the elements stands."""
    return lambda node, scope: has(node, *names)


def not_both(first: str, second: str) -> Rule:
    """Two elements exclude each other."""
    return lambda node, scope: not (has(node, first) and has(node, second))


def one_of(*names: str) -> Rule:
    """Exactly one of the elements stands."""
    return lambda node, scope: sum(has(node, name) for name in names) == 1


def needs(name: str, *others: str) -> Rule:
    """Where the first stands, at least one of the others does."""
    return lambda node, scope: not has(node, name) or has(node, *others)


def where(name: str, values: tuple[str, ...], then: Rule) -> Rule:
    """The rule holds only for these values of an element."""
    return lambda node, scope: node.get(name) not in values or then(node, scope)


def present(name: str) -> Rule:
    """The element stands."""
    return any_of(name)


def absent(*names: str) -> Rule:
    """None of the elements stands."""
    return lambda node, scope: not has(node, *names)
