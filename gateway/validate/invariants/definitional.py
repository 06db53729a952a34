"""Invariants of definitions (capability statements, value sets, plans), as far as they are written."""

from collections.abc import Iterator
from typing import Any

from gateway.validate.invariants.registry import (
    RULES,
    Rule,
    absent,
    any_of,
    invariant,
    needs,
    not_both,
    one_of,
    present,
    where,
)
from gateway.validate.nodes import each, has
from gateway.validate.scope import Scope


def _distinct(*names: str) -> Rule:
    def rule(node: Any, scope: Scope) -> bool:
        found = [str(one) for one in each(node, *names)]
        return len(found) == len(set(found))

    return rule


RULES.update(
    {
        "cmd-1": where("equivalence", ("narrower", "inexact"), present("comment")),
        "cmd-2": where("mode", ("fixed",), present("code")),
        "cmd-3": where("mode", ("other-map",), present("url")),
        "cpb-1": any_of("rest", "messaging", "document"),
        "cpb-2": any_of("description", "software", "implementation"),
        "cpb-3": lambda node, scope: (
            node.get("kind") == "instance" or not any(has(one, "endpoint") for one in each(node, "messaging"))
        ),
        "cpb-9": _distinct("resource", "type"),
        "cpb-12": _distinct("searchParam", "name"),
        "cpb-14": where("kind", ("instance",), present("implementation")),
        "cpb-15": where(
            "kind", ("capability",), lambda node, scope: has(node, "software") and not has(node, "implementation")
        ),
        "cpb-16": where("kind", ("requirements",), absent("implementation", "software")),
        "eld-1": any_of("discriminator", "description"),
        "eld-6": lambda node, scope: not has(node, "fixed[x]") or len(list(each(node, "type"))) <= 1,
        "eld-7": lambda node, scope: not has(node, "pattern[x]") or len(list(each(node, "type"))) <= 1,
        "eld-8": not_both("pattern[x]", "fixed[x]"),
        "eld-13": _distinct("type", "code"),
        "eld-14": _distinct("constraint", "key"),
        "eld-22": needs("sliceIsConstraining", "sliceName"),
        "opd-1": any_of("type", "part"),
        "que-3": where("type", ("display",), absent("code")),
        "que-4": not_both("answerOption", "answerValueSet"),
        "que-6": where("type", ("display",), absent("required", "repeats")),
        "que-8": where("type", ("group", "display"), absent("initial")),
        "que-9": where("type", ("display",), absent("readOnly")),
        "que-11": not_both("answerOption", "initial"),
        "sdf-2": any_of("name", "uri"),
        "sdf-6": any_of("snapshot", "differential"),
        "spd-1": needs("xpath", "xpathUsage"),
        "tst-1": one_of("operation", "assert"),
        "tst-2": one_of("operation", "assert"),
        "vsd-1": any_of("valueSet", "system"),
        "vsd-2": lambda node, scope: not has(node, "concept", "filter") or has(node, "system"),
        "vsd-3": not_both("concept", "filter"),
        "vsd-6": any_of("code", "display"),
        "vsd-9": lambda node, scope: has(node, "code") or node.get("abstract") is True,
        "vsd-10": needs("code", "system"),
        "smp-1": needs("element", "context"),
        "smp-2": needs("context", "contextType"),
    }
)


@invariant("spd-2")
def _chains_of_references_only(node: Any, scope: Scope) -> bool:
    return not has(node, "chain") or node.get("type") == "reference"


@invariant("que-1")
def _groups_have_items(node: Any, scope: Scope) -> bool:
    kind = node.get("type")
    return (kind != "group" or has(node, "item")) and (kind != "display" or not has(node, "item"))


@invariant("que-2")
def _link_ids_are_distinct(node: Any, scope: Scope) -> bool:
    found = list(_below(node, "linkId"))
    return len(found) == len(set(found))


@invariant("que-7")
def _existence_is_yes_or_no(node: Any, scope: Scope) -> bool:
    return node.get("operator") != "exists" or "answerBoolean" in node


@invariant("que-12")
def _several_conditions_say_how(node: Any, scope: Scope) -> bool:
    return len(list(each(node, "enableWhen"))) <= 2 or has(node, "enableBehavior")


@invariant("que-13")
def _one_initial_unless_repeating(node: Any, scope: Scope) -> bool:
    return node.get("repeats") is True or len(list(each(node, "initial"))) <= 1


@invariant("csd-1")
def _codes_are_distinct(node: Any, scope: Scope) -> bool:
    found = list(_below({"concept": node.get("concept")}, "code", "concept"))
    return len(found) == len(set(found))


def _below(node: Any, name: str, through: str = "item") -> Iterator[str]:
    for one in each(node, through):
        if type(one) is dict and one.get(name) is not None:
            yield str(one[name])
        yield from _below(one, name, through)
