"""Invariants of our own profiles, by constraint key."""

from typing import Any, Final

from gateway.core.outcome import BASE
from gateway.validate.invariants import Rule
from gateway.validate.nodes import each, has, has_coding
from gateway.validate.scope import Scope

_STATUS: Final = f"{BASE}/CodeSystem/so-case-status"
_TAG: Final = f"{BASE}/CodeSystem/so-tag"
_TABLE: Final = "http://terminology.hl7.org/CodeSystem/v2-"
# Which states of a case go with which status of its Task.
CASE_STATES: Final[dict[str, tuple[str, ...]]] = {
    "received": ("case-received",),
    "on-hold": ("needs-information",),
    "accepted": ("records-complete",),
    "in-progress": (
        "under-review", "visit-scheduled", "no-show", "visit-cancelled", "visit-completed", "cancel-requested",
    ),
    "completed": ("opinion-returned", "closed"),
    "cancelled": ("cancelled",),
    "rejected": ("declined",),
    "failed": ("expired",),
}  # fmt: skip


def _name_says_who(node: Any, scope: Scope) -> bool:
    return all(has(name, "family", "text") for name in each(node, "name"))


def _begun_when_active(node: Any, scope: Scope) -> bool:
    return node.get("status") != "active" or has(node.get("period"), "start")


def _tagged_outside(node: Any, scope: Scope) -> bool:
    tags = [one for one in each(node, "meta", "tag") if type(one) is dict]
    return any(one.get("system") == _TAG and one.get("code") == "outside-reported" for one in tags)


def _drug_in_words(node: Any, scope: Scope) -> bool:
    return has(node.get("medicationCodeableConcept"), "text") or has(node, "medicationReference")


def _directions_in_words(node: Any, scope: Scope) -> bool:
    return all(has(one, "text") for one in each(node, "dosageInstruction"))


def _says_what_is_asked(node: Any, scope: Scope) -> bool:
    return has(node, "code", "reasonCode", "reasonReference")


def _says_second_opinion(node: Any, scope: Scope) -> bool:
    return has_coding(node, "code", f"{_TABLE}0282", "SO")


def _has_placer_number(node: Any, scope: Scope) -> bool:
    return any(has_coding(one, "type", f"{_TABLE}0203", "PLAC") for one in each(node, "identifier"))


def _question_in_words(node: Any, scope: Scope) -> bool:
    return any(has(one, "text") for one in each(node, "reasonCode"))


def _says_who_asks(node: Any, scope: Scope) -> bool:
    return has(node, "requester")


def _state_fits_status(node: Any, scope: Scope) -> bool:
    states = CASE_STATES.get(str(node.get("status")), ())
    return has_coding(node, "businessStatus", _STATUS, *states)


def _says_why(node: Any, scope: Scope) -> bool:
    told = ("on-hold", "rejected", "cancelled", "failed")
    return node.get("status") not in told or has(node.get("statusReason"), "text")


def _owned_when_accepted(node: Any, scope: Scope) -> bool:
    return node.get("status") not in ("accepted", "in-progress") or has(node, "owner")


HOUSE_RULES: Final[dict[str, Rule]] = {
    "so-pat-1": _name_says_who,
    "so-cpl-1": _begun_when_active,
    "so-ocp-1": _tagged_outside,
    "so-med-1": _drug_in_words,
    "so-med-2": _directions_in_words,
    "so-ref-1": _says_what_is_asked,
    "so-ref-2": _says_second_opinion,
    "so-ref-3": _has_placer_number,
    "so-ref-4": _question_in_words,
    "so-ref-5": _says_who_asks,
    "so-tsk-1": _state_fits_status,
    "so-tsk-2": _says_why,
    "so-tsk-3": _owned_when_accepted,
    "so-tsk-4": _says_who_asks,
}
