"""A MedicationStatement of the sender's as the MedicationRequest that we coordinate.

What somebody says of a drug is reported, a plan and no order; nothing is added that the statement does not say.
"""

from typing import TYPE_CHECKING, Any, Final

from gateway.core.r4 import reference_targets

if TYPE_CHECKING:
    from gateway.translate.translation import Translation

# Elements that the request has under another name; the rest have the same name or no place.
RENAMED: Final = {
    "dosage": "dosageInstruction",
    "dateAsserted": "authoredOn",
    "informationSource": "reportedReference",
    "context": "encounter",
    "derivedFrom": "supportingInformation",
    "effectiveDateTime": "dosageInstruction[0].timing.event",
    "effectivePeriod": "dosageInstruction[0].timing.repeat.boundsPeriod",
}
NO_PLACE: Final = frozenset(("partOf", "_dateAsserted", "_effectiveDateTime"))
_AS_IT_IS: Final = (
    "text", "contained", "extension", "modifierExtension", "implicitRules", "language", "meta", "identifier", "basedOn",
    "medicationCodeableConcept", "medicationReference", "subject", "reasonCode", "note",
)  # fmt: skip


def request(statement: dict[str, Any], translation: "Translation") -> dict[str, Any]:
    """The request of a copied statement."""
    made: dict[str, Any] = {"resourceType": "MedicationRequest"}
    made.update({name: statement[name] for name in _AS_IT_IS if name in statement})
    made.update(_status(statement, translation))
    made["intent"] = "plan"
    made.update(_source(statement))
    if "category" in statement:
        made["category"] = [statement["category"]]
    if "dateAsserted" in statement:
        made["authoredOn"] = statement["dateAsserted"]
    if _may_stand("encounter", statement.get("context")):
        made["encounter"] = statement["context"]
    made.update(_reasons(statement))
    if dosage := _dosage(statement):
        made["dosageInstruction"] = dosage
    return made


def _status(statement: dict[str, Any], translation: "Translation") -> dict[str, Any]:
    """A drug that is not taken is stopped, and says so; a status that nobody gave is unknown."""
    reasons = statement.get("statusReason", [])[:1]
    target = translation.concept_map("fhir-medication-statement-status").translate(statement.get("status", ""))
    if target is None or target.code == "unknown":
        translation.warn("status-unknown")
    found: dict[str, Any] = {"status": target.code if target else "unknown"}
    if statement.get("status") == "not-taken" and not reasons:
        reasons = [{"text": "not-taken"}]
    if reasons:
        found["statusReason"] = reasons[0]
    return found


def _source(statement: dict[str, Any]) -> dict[str, Any]:
    source = statement.get("informationSource")
    if _may_stand("reportedReference", source):
        return {"reportedReference": source}
    return {"reportedBoolean": True}


def _reasons(statement: dict[str, Any]) -> dict[str, Any]:
    reasons = statement.get("reasonReference", [])
    others = [*statement.get("derivedFrom", []), *(one for one in reasons if not _may_stand("reasonReference", one))]
    found = {
        "reasonReference": [one for one in reasons if _may_stand("reasonReference", one)],
        "supportingInformation": others,
    }
    return {name: references for name, references in found.items() if references}


def _may_stand(element: str, reference: dict[str, Any] | None) -> bool:
    if not reference:
        return False
    type = reference.get("type") or reference.get("reference", "").partition("/")[0]
    return type in reference_targets(f"MedicationRequest.{element}") or not type or type.startswith("#")


def _dosage(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """The dosages as they are; the time that the statement covers stands in each that has none."""
    dosages: list[dict[str, Any]] = [dict(one) for one in statement.get("dosage", [])]
    if "effectivePeriod" in statement:
        for dosage in dosages or _new(dosages):
            timing = dosage.setdefault("timing", {})
            repeat = dict(timing.get("repeat", {}))
            if not any(name.startswith("bounds") for name in repeat):
                dosage["timing"] = {**timing, "repeat": {"boundsPeriod": statement["effectivePeriod"], **repeat}}
    elif "effectiveDateTime" in statement:
        for dosage in dosages or _new(dosages):
            dosage["timing"] = {"event": [statement["effectiveDateTime"]], **dosage.get("timing", {})}
    return dosages


def _new(dosages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    dosages.append({})
    return dosages
