"""A drug in a regimen or against cancer: its course, its intent, the profile that it follows; and what to look at."""

from typing import Any, Final

from gateway.core import ids
from gateway.core.drug import CYCLE, INTENT, SUPPORTIVE, ingredients, is_cancer_drug, text_of
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.converter import step
from gateway.translate.sig.lint import findings
from gateway.translate.translation import Translation

Element = dict[str, Any]
COURSE: Final = f"{BASE}/sid/course"
PROFILE: Final = f"{BASE}/StructureDefinition/so-cancer-medication-request"
_GENERAL: Final = f"{BASE}/StructureDefinition/so-medication-request"
_ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
_NEOPLASMS: Final = frozenset({"D0", "D1", "D2", "D3", "D4"})  # beside C
# What the profile asks of every request, and a source may not give.
_INTENTS: Final = frozenset({"plan", "order"})
_SAID: Final = frozenset({"reportedBoolean", "reportedReference"})


@step("cancer_drug")
def cancer_drug(node: Node, translation: Translation, resource: Element) -> None:
    """What holds of a drug in a regimen or against cancer; what a person should look at is told with its place."""
    for code, n in findings(resource):
        outer, translation.prefix = translation.prefix, f"dosageInstruction[{n}]."
        translation.warn(code, node=node)
        translation.prefix = outer
    told = {one["url"]: one for one in resource.get("extension", ())}
    supportive = any(one.supportive for one in ingredients(resource))
    against = is_cancer_drug(resource) or _reason_is_cancer(resource, translation)
    if supportive and INTENT not in told and (CYCLE in told or "groupIdentifier" in resource):
        system, code = SUPPORTIVE
        intent = {"url": INTENT, "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}
        resource.setdefault("extension", []).append(intent)
    if CYCLE in told and "groupIdentifier" not in resource:
        resource["groupIdentifier"] = {"system": COURSE, "value": _course(told[CYCLE], translation, resource)}
    if against and resource.get("intent") in _INTENTS and resource.keys() & _SAID and text_of(resource):
        profiles = resource.setdefault("meta", {}).setdefault("profile", [])
        resource["meta"]["profile"] = [*(one for one in profiles if one != _GENERAL), PROFILE]


def _course(cycle: Element, translation: Translation, resource: Element) -> str:
    """One course of one patient: that of the regimen and line that are named, else that of the drug alone."""
    parts = {one["url"]: one for one in cycle["extension"]}
    named = parts.get("regimen", {}).get("valueString") or text_of(resource)
    line = str(parts.get("lineOfTherapy", {}).get("valuePositiveInt", ""))
    whose = resource.get("subject", {}).get("reference", "")
    return ids.stable_id(translation.scope, "course", whose, " ".join(named.lower().split()), line)


def _reason_is_cancer(resource: Element, translation: Translation) -> bool:
    """Whether a reason is a neoplasm by its code, C00 to D49 of ICD-10-CM."""
    conditions = (translation.find(one) for one in resource.get("reasonReference", ()) if "reference" in one)
    concepts = [*resource.get("reasonCode", ()), *(one.get("code", {}) for one in conditions if one)]
    codes = (one for concept in concepts for one in concept.get("coding", ()) if one.get("system") == _ICD_10_CM)
    return any(one.get("code", "")[:1] == "C" or one.get("code", "")[:2] in _NEOPLASMS for one in codes)
