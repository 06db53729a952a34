"""Invariants of the clinical and administrative resources."""

from typing import Any

from gateway.validate.invariants.registry import (
    RULES,
    absent,
    any_of,
    invariant,
    needs,
    not_both,
    one_of,
    present,
    where,
)
from gateway.validate.nodes import UCUM, each, has, has_coding, in_order, number
from gateway.validate.references import resolve
from gateway.validate.scope import Scope

_ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

RULES.update(
    {
        "app-1": any_of("type", "actor"),
        "app-2": lambda node, scope: has(node, "start") == has(node, "end"),
        "app-3": lambda node, scope: (
            (has(node, "start") and has(node, "end")) or node.get("status") in ("proposed", "cancelled", "waitlist")
        ),
        "app-4": lambda node, scope: (
            not has(node, "cancelationReason") or node.get("status") in ("no-show", "noshow", "cancelled")
        ),
        "apr-1": any_of("participantType", "actor"),
        "ces-1": one_of("category", "productOrService"),
        "con-1": any_of("summary", "assessment"),
        "con-2": any_of("code", "detail"),
        "cpl-3": not_both("detail", "reference"),
        "fhs-1": not_both("age[x]", "born[x]"),
        "fhs-2": needs("estimatedAge", "age[x]"),
        "gol-1": needs("detail[x]", "measure"),
        "imm-1": any_of("documentType", "reference"),
        "imr-1": any_of("vaccineCode", "targetDisease"),
        "mad-1": any_of("dose", "rate[x]"),
        "mrp-1": where("type", ("data-collection",), absent("group")),
        "msq-5": lambda node, scope: has(node, "chromosome") == has(node, "genomeBuild"),
        "msq-6": one_of("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString"),
        "obs-3": any_of("low", "high", "text"),
        "obs-6": not_both("dataAbsentReason", "value[x]"),
        "pat-1": any_of("name", "telecom", "address", "organization"),
        "ppc-1": any_of("policy", "policyRule"),
        "prr-1": needs("orderDetail", "code"),
        "qrs-1": not_both("answer", "item"),
        "nsd-1": where("kind", ("root",), lambda node, scope: "uuid" not in each(node, "uniqueId", "type")),
    }
)
# The package writes the scope's system as "something": these can never fail.
RULES.update(dict.fromkeys(("ppc-2", "ppc-3", "ppc-4", "ppc-5"), lambda node, scope: True))


@invariant("ait-1")
def _allergy_has_clinical_status(node: Any, scope: Scope) -> bool:
    return _entered_in_error(node, _ALLERGY_VERIFICATION) or has(node, "clinicalStatus")


@invariant("ait-2")
def _allergy_in_error_has_none(node: Any, scope: Scope) -> bool:
    return not _entered_in_error(node, _ALLERGY_VERIFICATION) or not has(node, "clinicalStatus")


@invariant("con-4")
def _abated_is_no_longer_active(node: Any, scope: Scope) -> bool:
    over = ("resolved", "remission", "inactive")
    return not has(node, "abatement[x]") or has_coding(node, "clinicalStatus", _CONDITION_CLINICAL, *over)


@invariant("con-5")
def _condition_in_error_has_no_clinical_status(node: Any, scope: Scope) -> bool:
    return not _entered_in_error(node, _CONDITION_VERIFICATION) or not has(node, "clinicalStatus")


@invariant("ctm-1")
def _on_behalf_of_only_for_practitioners(node: Any, scope: Scope) -> bool:
    if not has(node, "onBehalfOf"):
        return True
    member = resolve(node.get("member"), scope)
    return member is None or member.get("resourceType") == "Practitioner"


@invariant("mdd-1")
def _handed_over_after_prepared(node: Any, scope: Scope) -> bool:
    return in_order(node.get("whenPrepared"), node.get("whenHandedOver"))


@invariant("msq-3")
def _coordinates_from_zero_or_one(node: Any, scope: Scope) -> bool:
    return node.get("coordinateSystem") in (0, 1)


@invariant("obs-7")
def _component_does_not_repeat_the_code(node: Any, scope: Scope) -> bool:
    if "component" not in node or not has(node, "value[x]"):
        return True
    own = list(each(node, "code", "coding"))
    return not any(coding in own for coding in each(node, "component", "code", "coding"))


@invariant("Task:inv-1")
def _modified_after_authored(node: Any, scope: Scope) -> bool:
    return in_order(node.get("authoredOn"), node.get("lastModified"))


@invariant("ras-1")
def _probability_in_percent(node: Any, scope: Scope) -> bool:
    if type(node) is not dict:
        return True
    bounds = (node.get("low"), node.get("high"))
    return all(one.get("code") == "%" and one.get("system") == UCUM for one in bounds if type(one) is dict)


@invariant("ras-2")
def _probability_at_most_hundred(node: Any, scope: Scope) -> bool:
    chance = number(node.get("probabilityDecimal"))
    return chance is None or chance <= 100


@invariant("mrp-2")
def _stratum_value_or_components(node: Any, scope: Scope) -> bool:
    return all(has(one, "value") != has(one, "component") for one in each(node, "group", "stratifier", "stratum"))


@invariant("mea-1")
def _stratifier_rule_or_components(node: Any, scope: Scope) -> bool:
    rule = present("component")
    return all(
        has(one, "code", "description", "criteria") != rule(one, scope) for one in each(node, "group", "stratifier")
    )


def _entered_in_error(node: Any, system: str) -> bool:
    return has_coding(node, "verificationStatus", system, "entered-in-error")
