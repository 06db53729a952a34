"""Invariants of every resource (dom-*), and of the resources that carry others."""

from collections.abc import Iterator
from typing import Any

from gateway.validate.invariants.registry import RULES, any_of, invariant, not_both, one_of
from gateway.validate.nodes import each, has
from gateway.validate.references import contained_ids, is_local
from gateway.validate.scope import Scope

RULES.update(
    {
        "ipn-1": any_of("identifier", "name"),
        "lst-1": not_both("emptyReason", "entry"),
        "lnk-1": lambda node, scope: len(list(each(node, "item"))) > 1,
        "org-1": any_of("identifier", "name"),
        "org-2": lambda node, scope: type(node) is not dict or node.get("use") != "home",
        "org-3": lambda node, scope: type(node) is not dict or node.get("use") != "home",
        "rqg-1": one_of("resource", "action"),
        "sev-1": not_both("name", "query"),
        "TestReport.setup.action:inv-1": one_of("operation", "assert"),
        "TestReport.test.action:inv-2": one_of("operation", "assert"),
    }
)


@invariant("dom-2")
def _contained_contain_nothing(node: Any, scope: Scope) -> bool:
    return "contained" not in node or not any(has(one, "contained") for one in each(node, "contained"))


@invariant("dom-3")
def _contained_are_referred_to(node: Any, scope: Scope) -> bool:
    if "contained" not in node:
        return True
    pointers = set(_local_pointers(node))
    for one in each(node, "contained"):
        wanted = f"#{one.get('id')}" if type(one) is dict else ""
        if wanted not in pointers and "#" not in set(_local_pointers(one)):
            return False
    return True


@invariant("dom-4")
def _contained_have_no_version(node: Any, scope: Scope) -> bool:
    return "contained" not in node or not any(
        has(meta, "versionId", "lastUpdated") for meta in each(node, "contained", "meta")
    )


@invariant("dom-5")
def _contained_have_no_label(node: Any, scope: Scope) -> bool:
    return "contained" not in node or not any(has(meta, "security") for meta in each(node, "contained", "meta"))


@invariant("Parameters.parameter:inv-1")
def _one_value_or_parts(node: Any, scope: Scope) -> bool:
    value, resource, part = (has(node, name) for name in ("value[x]", "resource", "part"))
    return not (value or resource) if part else value != resource


@invariant("lst-2")
def _deleted_only_in_changes(node: Any, scope: Scope) -> bool:
    return node.get("mode") == "changes" or not any(has(one, "deleted") for one in each(node, "entry"))


@invariant("lst-3")
def _dates_only_in_working_lists(node: Any, scope: Scope) -> bool:
    return node.get("mode") == "working" or not any(has(one, "date") for one in each(node, "entry"))


@invariant("grp-1")
def _members_of_actual_groups(node: Any, scope: Scope) -> bool:
    return not has(node, "member") or node.get("actual") is True


def _local_pointers(node: Any) -> Iterator[str]:
    """Every text that points inside the container: `#id`, or `#` for the container itself."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if type(here) is dict:
            waiting.extend(here.values())
        elif type(here) is list:
            waiting.extend(here)
        elif type(here) is str and here.startswith("#"):
            yield here


@invariant("ref-1")
def _local_reference_is_contained(node: Any, scope: Scope) -> bool:
    text = node.get("reference")
    return not is_local(text) or text == "#" or text[1:] in contained_ids(scope.root)
