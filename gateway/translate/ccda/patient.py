"""What a patient is told to be in the header: birth, race and ethnicity, languages."""

from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, coding
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.times import day_of, moment, original
from gateway.translate.converter import NotConvertedError, Primitive, converter, step
from gateway.translate.translation import Resource, Translation

BIRTH_TIME: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
PROFICIENCY: Final = "http://hl7.org/fhir/StructureDefinition/patient-proficiency"
_US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition"
# The categories of the Office of Management and Budget, as US Core lists them; any other code is a detail.
_RACES: Final = frozenset({"1002-5", "2028-9", "2054-5", "2076-8", "2106-3"})
_ETHNICITIES: Final = frozenset({"2135-2", "2186-5"})
# Observations about who the patient is, and US Core's extension for each.
_SAID_OF_PATIENT: Final = {
    "76689-9": ("us-core-birthsex", "valueCode"),
    "76691-5": ("us-core-genderIdentity", "valueCodeableConcept"),
    "95370-3": ("us-core-tribal-affiliation", "extension"),
}


@converter("birth_date", "ccda")
def birth_date(node: Any, translation: Translation) -> Primitive | str:
    """The day; the hour too, where its offset was sent, else as it was written."""
    sent = node.text
    day = day_of(sent)
    if not day:
        raise NotConvertedError("date-unreadable")
    if len(sent) <= 8:
        return day
    full = moment(sent, translation)
    if isinstance(full, str) and len(full) > 10:
        return Primitive(day, [{"url": BIRTH_TIME, "valueDateTime": full}])
    return Primitive(day, [original(sent)])


@step("gender_unknown", "ccda")
def gender_unknown(node: Element, translation: Translation, resource: Resource) -> None:
    """A gender that is not told is said to be unknown."""
    resource.setdefault("gender", "unknown")


@converter("race", "ccda")
def race(node: Element, translation: Translation) -> dict[str, Any] | None:
    """US Core's race."""
    return _categories(node, translation, "race", "raceCode", _RACES)


@converter("ethnicity", "ccda")
def ethnicity(node: Element, translation: Translation) -> dict[str, Any] | None:
    """US Core's ethnicity."""
    return _categories(node, translation, "ethnicity", "ethnicGroupCode", _ETHNICITIES)


@converter("communication", "ccda")
def communication(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A language, whether it is preferred, and how well it is known."""
    code = node.first("languageCode")
    tag = " ".join(code.read("code").split()).replace("_", "-") if code is not None else ""
    if not tag:
        return None
    made: dict[str, Any] = {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": tag}]}}
    preferred = node.first("preferenceInd")
    if preferred is not None and (said := preferred.read("value")) in ("true", "false"):
        made["preferred"] = said == "true"
    parts = []
    for name, url in (("proficiencyLevelCode", "level"), ("modeCode", "type")):
        child = node.first(name)
        if child is not None and (found := coding(child, translation)):
            parts.append({"url": url, "valueCoding": found})
    if parts:
        made["extension"] = [{"url": PROFICIENCY, "extension": parts}]
    return made


@step("of_patient", "ccda")
def of_patient(node: Element, translation: Translation, resource: Resource) -> None:
    """What an observation says of who the patient is stands on the Patient too; what was told first stands."""
    patient, code, value = translation.patient, node.first("code"), node.first("value")
    found = codeable_concept(value, translation) if value is not None else None
    if patient is None or code is None or not found:
        return
    name, kind = _SAID_OF_PATIENT[code.look("code")]
    made: dict[str, Any] = {"url": f"{_US_CORE}/{name}"}
    if kind == "extension":
        made["extension"] = [{"url": "tribalAffiliation", "valueCodeableConcept": found}]
    elif kind == "valueCodeableConcept":
        made[kind] = found
    elif found.get("coding"):
        made[kind] = found["coding"][0]["code"]
    held = patient.setdefault("extension", [])
    if len(made) > 1 and all(one["url"] != made["url"] for one in held):
        held.append(made)


def _categories(
    node: Element, translation: Translation, name: str, element: str, categories: frozenset[str]
) -> dict[str, Any] | None:
    parts: list[dict[str, Any]] = []
    words: list[str] = []
    patient = node.first("patient")
    for child in [*patient.children(element), *patient.children(f"sdtc:{element}")] if patient is not None else []:
        if child.look("nullFlavor") and not child.look("code"):
            translation.enter_all(child, State.IGNORED, f"ccda.{name}", "nullFlavor: not told")
            continue
        concept = codeable_concept(child, translation) or {}
        for one in concept.get("coding", []):
            kind = "ombCategory" if one["code"] in categories else "detailed"
            if not any(held["valueCoding"] == one for held in parts):
                parts.append({"url": kind, "valueCoding": one})
            if (said := one.get("display") or one["code"]) not in words:
                words.append(said)
        if said := concept.get("text"):
            words = words if said in words else [*words, said]
    if not words:
        return None
    parts.append({"url": "text", "valueString": ", ".join(words)})
    return {"url": f"{_US_CORE}/us-core-{name}", "extension": parts}
