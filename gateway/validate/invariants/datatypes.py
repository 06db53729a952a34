"""Invariants of the datatypes."""

from typing import Any

from gateway.validate.invariants.registry import RULES, any_of, invariant, needs, not_both, one_of, present, where
from gateway.validate.narrative import has_content, is_basic_html
from gateway.validate.nodes import UCUM, each, has, in_order, number
from gateway.validate.scope import Scope

RULES.update(
    {
        "att-1": needs("data", "contentType"),
        "cpt-2": needs("value", "system"),
        "drq-1": one_of("path", "searchParam"),
        "drq-2": one_of("path", "searchParam"),
        "exp-1": any_of("expression", "reference"),
        "qty-3": needs("code", "system"),
        "tim-1": needs("duration", "durationUnit"),
        "tim-2": needs("period", "periodUnit"),
        "tim-6": needs("periodMax", "period"),
        "tim-7": needs("durationMax", "duration"),
        "tim-8": needs("countMax", "count"),
        "tim-10": not_both("timeOfDay", "when"),
        "trd-1": not_both("data", "timing[x]"),
        "trd-2": needs("condition", "data"),
    }
)


@invariant("ext-1")
def _value_or_extensions(node: Any, scope: Scope) -> bool:
    return has(node, "extension") != has(node, "value[x]")


@invariant("per-1")
def _start_before_end(node: Any, scope: Scope) -> bool:
    return in_order(node.get("start"), node.get("end"))


@invariant("rng-2")
def _low_before_high(node: Any, scope: Scope) -> bool:
    low, high = node.get("low"), node.get("high")
    if type(low) is not dict or type(high) is not dict:
        return True
    same_unit = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    least, most = number(low.get("value")), number(high.get("value"))
    return not same_unit or least is None or most is None or least <= most


@invariant("rat-1")
def _both_parts_or_neither(node: Any, scope: Scope) -> bool:
    numerator, denominator = has(node, "numerator"), has(node, "denominator")
    return numerator == denominator and (numerator or has(node, "extension"))


@invariant("tim-4")
def _duration_not_negative(node: Any, scope: Scope) -> bool:
    length = number(node.get("duration"))
    return length is None or length >= 0


@invariant("tim-5")
def _period_not_negative(node: Any, scope: Scope) -> bool:
    length = number(node.get("period"))
    return length is None or length >= 0


@invariant("tim-9")
def _offset_with_an_event(node: Any, scope: Scope) -> bool:
    if not has(node, "offset"):
        return True
    return has(node, "when") and not any(one in ("C", "CM", "CD", "CV") for one in each(node, "when"))


@invariant("age-1")
def _positive_age(node: Any, scope: Scope) -> bool:
    age = number(node.get("value"))
    return _coded_in_ucum(node) and (age is None or age > 0)


@invariant("dis-1")
def _distance(node: Any, scope: Scope) -> bool:
    return _coded_in_ucum(node)


@invariant("cnt-3")
def _whole_count(node: Any, scope: Scope) -> bool:
    count = number(node.get("value"))
    return (
        _coded_in_ucum(node) and node.get("code", "1") == "1" and (count is None or count == count.to_integral_value())
    )


@invariant("drt-1")
def _duration_in_ucum(node: Any, scope: Scope) -> bool:
    return not has(node, "code") or (node.get("system") == UCUM and has(node, "value"))


@invariant("sqty-1")
def _no_comparator(node: Any, scope: Scope) -> bool:
    return not has(node, "comparator")


@invariant("trd-3")
def _trigger_parts(node: Any, scope: Scope) -> bool:
    kind = node.get("type")
    named = where("type", ("named-event",), present("name"))(node, scope)
    timed = where("type", ("periodic",), present("timing[x]"))(node, scope)
    return named and timed and (not str(kind).startswith("data-") or has(node, "data"))


@invariant("txt-1")
def _basic_html_only(node: Any, scope: Scope) -> bool:
    return type(node) is not str or is_basic_html(node)


@invariant("txt-2")
def _says_something(node: Any, scope: Scope) -> bool:
    return type(node) is not str or has_content(node)


def _coded_in_ucum(node: Any) -> bool:
    return (has(node, "code") or not has(node, "value")) and node.get("system", UCUM) == UCUM
