"""The referral that a document as a whole is: who asks whom, what, and why."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import agreed_status
from gateway.translate.ccda.participants import contact
from gateway.translate.ccda.relations import add
from gateway.translate.ccda.sections import sections
from gateway.translate.converter import step
from gateway.translate.translation import Resource, Translation

REASON: Final = "42349-1"
_REFERRAL_NOTE: Final = "2.16.840.1.113883.10.20.22.1.14"
_TYPE: Final = {"coding": [{"system": "http://loinc.org", "code": "57133-1"}]}
_REFERRED: Final = frozenset({"Condition", "MedicationRequest", "AllergyIntolerance", "DiagnosticReport", "Procedure"})


@step("referral", "ccda")
def referral(node: Element, translation: Translation, resource: Resource) -> None:
    """A referral note asks us something: its reason, in full, who asks and whom."""
    composition = translation.latest("Composition") or {}
    if _REFERRAL_NOTE not in node.templates():
        return
    acts = [one for section in sections(translation, REASON) for one in section.references]
    held = next((one for one in acts if one["reference"].startswith("ServiceRequest/")), None)
    request = translation.find(held) if held is not None else None
    if request is None:
        if (patient := translation.refer("Patient")) is None:
            return
        status = agreed_status("referral_status", translation, node)
        request = {"resourceType": "ServiceRequest", "status": status, "intent": "order", "subject": patient}
    request["intent"] = "order"
    request.setdefault("code", dict(_TYPE))
    if not any(one.get("code") == "57133-1" for one in _codings(request)):
        add(request, "category", dict(_TYPE))
    if (found := composition.get("identifier")) and found not in request.get("identifier", []):
        add(request, "identifier", found)
    for name in ("date", "_date"):
        if name in composition:
            request.setdefault("_authoredOn" if name[0] == "_" else "authoredOn", composition[name])
    authors = [one for one in composition.get("author", []) if "reference" in one]
    if authors:
        request.setdefault("requester", authors[0])
    if recipients := [who for role, who in translation.memory.get("agents", []) if role == "recipient"]:
        request.setdefault("performer", recipients)
    _reasons(request, translation)
    for one in node.at("participant[@typeCode=CALLBCK]"):
        if (who := contact(one, translation)) is not None:
            add(request, "supportingInfo", who)
    for one in translation.resources:
        if one["resourceType"] in _REFERRED:
            add(request, "supportingInfo", {"reference": f"{one['resourceType']}/{one['id']}"})
        elif one["resourceType"] == "Coverage":
            add(request, "insurance", {"reference": f"Coverage/{one['id']}"})
    if held is None:
        translation.add(
            request, identity=("referral", *(str(v) for v in (composition.get("identifier") or {}).values()))
        )


def _reasons(request: Resource, translation: Translation) -> None:
    for section in sections(translation, REASON):
        text = section.node.first("text")
        words = text.words() if text is not None else ""
        if words and not any(one.get("text") == words for one in request.get("reasonCode", [])):
            request.setdefault("reasonCode", []).append({"text": words})
            if "second opinion" in words.lower():
                translation.warn("second-opinion-suspected", severity=Severity.INFORMATION, node=section.node)


def _codings(request: Resource) -> list[dict[str, Any]]:
    return [one for concept in (request["code"], *request.get("category", [])) for one in concept.get("coding", [])]
