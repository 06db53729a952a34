"""The invariants that are judged on nearly every resource, written by hand: the same as compiled, and faster."""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from gateway.core import r4
from gateway.validate.narrative import has_content, is_basic_html
from gateway.validate.nodes import each, has, in_order, number
from gateway.validate.references import contained_ids, is_local
from gateway.validate.scope import Scope

Rule = Callable[[Any, Scope], bool | None]


class Native(NamedTuple):
    """A rule by hand, and the JSON names of which one stands in every node that can break it; none: any node can."""

    rule: Rule
    names: frozenset[str] = frozenset()


_VALUES: Final = frozenset(name for name, one in r4.children("Extension").items() if one.choice)


def _contained_contain_nothing(node: Any, scope: Scope) -> bool:
    return not any(has(one, "contained") for one in each(node, "contained"))


def _contained_are_referred_to(node: Any, scope: Scope) -> bool:
    return not any(True for _ in _left_alone(node))


def _left_alone(node: Any) -> Iterator[tuple[str, int]]:
    """The contained resources that nothing in the container refers to, and that do not refer to it."""
    pointers = set(_local_pointers(node))
    for index, one in enumerate(each(node, "contained")):
        wanted = f"#{one.get('id')}" if type(one) is dict else ""
        if wanted not in pointers and "#" not in set(_local_pointers(one)):
            yield "contained", index


def _contained_have_no_version(node: Any, scope: Scope) -> bool:
    return not any(has(meta, "versionId", "lastUpdated") for meta in each(node, "contained", "meta"))


def _contained_have_no_label(node: Any, scope: Scope) -> bool:
    return not any(has(meta, "security") for meta in each(node, "contained", "meta"))


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


def _local_reference_is_contained(node: Any, scope: Scope) -> bool:
    text = node.get("reference")
    return not is_local(text) or text == "#" or text[1:] in contained_ids(scope.root)


def _value_or_extensions(node: Any, scope: Scope) -> bool:
    stands = not _VALUES.isdisjoint(node) or has(node, "value[x]")
    return has(node, "extension") != stands


def _start_before_end(node: Any, scope: Scope) -> bool:
    return in_order(node.get("start"), node.get("end"))


def _code_with_system(node: Any, scope: Scope) -> bool:
    return not has(node, "code") or has(node, "system")


def _low_before_high(node: Any, scope: Scope) -> bool:
    low, high = node.get("low"), node.get("high")
    if type(low) is not dict or type(high) is not dict:
        return True
    same_unit = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    least, most = number(low.get("value")), number(high.get("value"))
    return not same_unit or least is None or most is None or least <= most


def _both_parts_or_neither(node: Any, scope: Scope) -> bool:
    numerator, denominator = has(node, "numerator"), has(node, "denominator")
    return numerator == denominator and (numerator or has(node, "extension"))


def _link_ids_differ(node: Any, scope: Scope) -> bool:
    found = list(_link_ids(node))
    return len(found) == len(set(found))


def _link_ids(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if type(here) is dict:
            if "linkId" in here:
                yield from (one for one in each(here, "linkId") if type(one) is str)
            here = here.values()
        waiting += [one for one in here if type(one) is dict or type(one) is list]


def _basic_html_only(node: Any, scope: Scope) -> bool:
    return type(node) is not str or is_basic_html(node)


def _says_something(node: Any, scope: Scope) -> bool:
    return type(node) is not str or has_content(node)


def _native(rule: Rule, name: str = "") -> Native:
    return Native(rule, frozenset((name, f"_{name}")) if name else frozenset())


# By key; `htmlChecks()` is the expression of both txt-1 and txt-2, which say different things.
NATIVE: Final[dict[str, Native]] = {
    "dom-2": _native(_contained_contain_nothing, "contained"),
    "dom-3": _native(_contained_are_referred_to, "contained"),
    "dom-4": _native(_contained_have_no_version, "contained"),
    "dom-5": _native(_contained_have_no_label, "contained"),
    "ext-1": _native(_value_or_extensions),
    "per-1": _native(_start_before_end, "start"),
    "que-2": _native(_link_ids_differ),
    "qty-3": _native(_code_with_system, "code"),
    "rat-1": _native(_both_parts_or_neither),
    "ref-1": _native(_local_reference_is_contained, "reference"),
    "rng-2": _native(_low_before_high, "low"),
    "txt-1": _native(_basic_html_only),
    "txt-2": _native(_says_something),
}
# Where a broken rule is shown, when that is not the node which carries it.
CULPRITS: Final[dict[str, Callable[[Any], Iterator[tuple[str, int]]]]] = {"dom-3": _left_alone}
