"""Allergies: what a patient does not bear, and that there is nothing such, kept apart."""

from typing import Any, Final

from gateway.translate.ccda.codes import codeable_concept, display, first_display
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation

_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_AGENT: Final = "participant/participantRole/playingEntity/code"
_SNOMED: Final = "http://snomed.info/sct"


@step("allergy_code", "ccda")
def allergy_code(node: Element, translation: Translation, resource: Resource) -> None:
    """The agent; for a negated statement the concept that says there is none."""
    agent = next(iter(node.at(_AGENT)), None)
    concept = codeable_concept(agent, translation) if agent is not None else None
    if agent is not None and "text" not in (concept or {}):
        name = next((words for one in agent.parent.children("name") if (words := one.words())), "")
        concept = {**(concept or {}), "text": name} if name else concept
    kind = node.first("value")
    if not node.denied:
        resource["code"] = concept or _kind(kind, translation) or absent()
        return
    node.read("negationInd")
    none_known = _none_known(node, translation)
    if none_known:
        resource["code"] = {"coding": [{"system": _SNOMED, "code": none_known}]}
        if kind is not None:
            kind.read("code")
    elif concept is None:
        said = _kind(kind, translation) or {}
        resource["code"] = {**said, "text": f"None known: {first_display(said)}" if said else "None known"}
    else:
        resource["code"] = {**concept, "text": concept.get("text") or first_display(concept)}


def _none_known(node: Element, translation: Translation) -> str:
    """The concept that says there is none of a kind, where the statement names no agent and the map has the kind."""
    agent, kind = next(iter(node.at(_AGENT)), None), node.first("value")
    if kind is None or (agent is not None and (agent.look("code") or agent.children("translation"))):
        return ""
    found = translation.concept_map("ccda-no-known-allergy").translate(kind.look("code"))
    return found.code if found else ""


def _kind(kind: Element | None, translation: Translation) -> dict[str, Any] | None:
    return codeable_concept(kind, translation) if kind is not None else None


@converter("allergy_kind", "ccda")
def allergy_kind(node: Element, translation: Translation) -> dict[str, Any] | None:
    """What the source calls the kind; R4's type and category are coarser."""
    return codeable_concept(node, translation) if node.look("code") else None


@step("allergy_status", "ccda")
def allergy_status(node: Element, translation: Translation, resource: Resource) -> None:
    """Negated: none known, or refuted and inactive, never an active allergy (ait-1, ait-2)."""
    status = node.first("statusCode")
    if status is not None and status.look("code") == "nullified":
        resource["verificationStatus"] = _concept(_VERIFICATION, "entered-in-error")
        resource.pop("clinicalStatus", None)
        return
    if node.denied:
        if _none_known(node, translation):
            resource["clinicalStatus"] = _concept(_CLINICAL, "active")
            resource["verificationStatus"] = _concept(_VERIFICATION, "confirmed")
        else:
            resource["clinicalStatus"] = _concept(_CLINICAL, "inactive")
            resource["verificationStatus"] = _concept(_VERIFICATION, "refuted")
        return
    if "clinicalStatus" not in resource:
        resource["clinicalStatus"] = absent()
        translation.warn("status-unknown", node=node)


@step("manifestation_or", "ccda")
def manifestation_or(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """A reaction must say what it was: its words, else that this is not known."""
    if not element.get("manifestation"):
        text = node.first("text")
        words = text.words() if text is not None else ""
        element["manifestation"] = [{"text": words} if words else absent()]


@step("allergy_severity", "ccda")
def allergy_severity(node: Element, translation: Translation, resource: Resource) -> None:
    """A severity told of the allergy and not of a reaction: R4 has it on reactions only, so it is a note."""
    for one in node.at("entryRelationship/observation[template 4.8]/value"):
        if words := display(one, translation) or one.read("code"):
            resource.setdefault("note", []).append({"text": f"Severity: {words}"})


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
