"""Problems: the state of a condition from the evidence that a document gives, and nothing more than that."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, coding
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation

CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
# Codes that say "this is a problem" and nothing about it.
GENERIC: Final = frozenset(
    {"64572001", "55607006", "404684003", "409586006", "282291009", "418799008", "75326-9", "75323-6",
     "75321-0", "29308-4"}
)  # fmt: skip
_GONE: Final = ("inactive", "remission", "resolved")
_GOING_ON: Final = ("active", "recurrence", "relapse")


@converter("known_concept", "ccda")
def known_concept(node: Element, translation: Translation, through: ConceptMap) -> dict[str, Any] | None:
    """A concept where the map has one; the source stands elsewhere, so no translation is nothing lost."""
    found = through.translate(node.look("code"))
    return {"coding": [{"system": found.system, "code": found.code}]} if found else None


@converter("known_code", "ccda")
def known_code(node: Element, translation: Translation, through: ConceptMap) -> str | None:
    """A code where the map has one."""
    found = through.translate(node.look("code"))
    if found is None:
        return None
    node.read("code")
    return found.code


@converter("problem_type", "ccda")
def problem_type(node: Element, translation: Translation) -> dict[str, Any] | None:
    """What kind of problem it is, where that says more than that it is one."""
    if node.look("code") in GENERIC:
        translation.enter_all(
            node, State.IGNORED, "ccda.problem-type", "says that it is a problem, and nothing about it"
        )
        others = (one for one in node.below("translation") if one.look("code") not in GENERIC)
        more = [made for one in others if (made := coding(one, translation))]
        return {"coding": more} if more else None
    return codeable_concept(node, translation)


@step("condition_status", "ccda")
def condition_status(node: Element, translation: Translation, resource: Resource) -> None:
    """Refuted, in error, resolved at an unknown time; else the concern's own state (con-3, con-4, con-5)."""
    status = node.first("statusCode")
    if status is not None and status.look("code") == "nullified":
        status.read("code")
        resource["verificationStatus"] = _concept(VERIFICATION, "entered-in-error")
        resource.pop("clinicalStatus", None)
        return
    if node.denied:
        node.read("negationInd")
        resource["verificationStatus"] = _concept(VERIFICATION, "refuted")
        resource.pop("clinicalStatus", None)
        return
    _end_unknown(node, translation, resource)
    if "clinicalStatus" not in resource:
        _status_of_concern(node, translation, resource)
    _abated(node, translation, resource)


def _end_unknown(node: Element, translation: Translation, resource: Resource) -> None:
    """An end that is known to be, and not known when; a state that is told goes before what a null flavor implies."""
    times = node.first("effectiveTime")
    high = times.first("high") if times is not None else None
    if high is None or high.look("value") or high.look("nullFlavor") != "UNK":
        return
    told = _state(resource)
    if (told or _state_of_concern(node, translation)) in _GOING_ON:
        translation.warn("status-contradicts-dates", severity=Severity.INFORMATION, node=node)
    if told not in _GOING_ON:
        high.read("nullFlavor")
        resource["_abatementDateTime"] = absent()
        resource.setdefault("clinicalStatus", _concept(CLINICAL, "resolved"))


def _status_of_concern(node: Element, translation: Translation, resource: Resource) -> None:
    if found := _state_of_concern(node, translation):
        node.parent.parent.first("statusCode").read("code")  # type: ignore[union-attr]
        resource["clinicalStatus"] = _concept(CLINICAL, found)


def _state_of_concern(node: Element, translation: Translation) -> str:
    """What the concern around a problem says of its state, or the empty string."""
    around = node.parent.parent if node.parent is not None else None
    status = around.first("statusCode") if around is not None and around.name == "act" else None
    code = status.look("code") if status is not None else ""
    found = translation.concept_map("ccda-concern-status").translate(code) if code else None
    return found.code if found else ""


def _state(resource: Resource) -> str:
    code: str = resource.get("clinicalStatus", {}).get("coding", [{}])[0].get("code", "")
    return code


def _abated(node: Element, translation: Translation, resource: Resource) -> None:
    if "abatementDateTime" not in resource and "_abatementDateTime" not in resource:
        return
    status = _state(resource)
    if status not in _GONE:
        resource["clinicalStatus"] = _concept(CLINICAL, "inactive")
        if status:
            translation.warn("status-contradicts-dates", severity=Severity.INFORMATION, node=node)


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
