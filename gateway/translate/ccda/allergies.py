"""Allergies: what a patient does not bear, and that there is nothing such, kept apart."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, display, first_display, names_none, original_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation

_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CONCEPT: Final = "https://fhir.second-opinion.example/StructureDefinition/so-source-concept"
_AGENT: Final = "participant/participantRole/playingEntity"
_SNOMED: Final = "http://snomed.info/sct"


@step("allergy_code", "ccda")
def allergy_code(node: Element, translation: Translation, resource: Resource) -> None:
    """The agent; for a negated statement the concept that says there is none."""
    agent, kind = next(iter(node.at(_AGENT)), None), node.first("value")
    if node.denied:
        node.read("negationInd")
    if none_known := _none_known(node, translation):
        resource["code"] = {"coding": [{"system": _SNOMED, "code": none_known}]}
        if agent is not None:
            if words := _words(agent, translation):
                resource["code"]["text"] = words
            translation.enter_all(agent, State.IGNORED, "ccda.allergy.none", "a substance, and none in particular")
        if kind is not None:
            kind.read("code")
        return
    resource["code"] = _named(agent, translation) or _kind(kind, translation) or absent()
    if node.denied and "extension" not in resource["code"]:
        resource["code"].setdefault("text", first_display(resource["code"]))


def _named(agent: Element | None, translation: Translation) -> dict[str, Any] | None:
    """What an agent is called: its codes, its words."""
    if agent is None:
        return None
    code = agent.first("code")
    concept = (codeable_concept(code, translation) if code is not None else None) or {}
    words = "" if "text" in concept else _words(agent, translation)
    made = {**concept, "text": words} if words else concept
    said = {one.lower() for one in _said(made)}
    for name in agent.children("name"):
        if " ".join(name.peek.split()).lower() in said:
            translation.enter_all(name, State.IGNORED, "ccda.allergy.name", "names the agent once more")
    return made or None


def _said(concept: dict[str, Any]) -> Iterator[str]:
    yield concept.get("text", "")
    for one in concept.get("coding", []):
        yield from (one.get("display", ""), one.get("code", ""))


def _words(agent: Element, translation: Translation) -> str:
    """The words of the agent's code, else its name."""
    code = agent.first("code")
    words = original_words(code, translation) if code is not None else ""
    return words or next((words for one in agent.children("name") if (words := one.words())), "")


def _none_known(node: Element, translation: Translation) -> str:
    """The concept that says there is none of a kind, where the statement names no agent and the map has the kind."""
    agent, kind = next(iter(node.at(_AGENT)), None), node.first("value")
    if not node.denied or kind is None or not names_none(agent, frozenset(), translation):
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
        concept = codeable_concept(one, translation) if one.look("code") else None
        if words := first_display(concept) if concept else display(one, translation):
            coded = {"extension": [{"url": _CONCEPT, "valueCodeableConcept": concept}]} if concept else {}
            resource.setdefault("note", []).append({**coded, "text": f"Severity: {words}"})


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
