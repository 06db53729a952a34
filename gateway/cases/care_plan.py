"""The coordination plan of a case and its team, put together from what the case holds."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.cases.activities import Rule, called_for, cancer_drugs, made_by, own_facts, recipients, status
from gateway.cases.case import ABSENT, CENTRE, NOBODY, Case, codeable, reference
from gateway.cases.checklist import ICD_10_CM, Item, checklist_for
from gateway.cases.drugs import Mention, concerns
from gateway.cases.evidence import Known, Resource, facts, values
from gateway.cases.narrative import narrative
from gateway.cases.opinion import notes
from gateway.core.labels import high_water, labelled
from gateway.core.outcome import BASE, RULES

_US_CORE: Final = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
_SNOMED: Final = "http://snomed.info/sct"
_FORMATS: Final = f"{BASE}/CodeSystem/so-source-format"
_PLANS: Final = f"{BASE}/CodeSystem/so-careplan-category"
# What a plan rests on, beside what it addresses and does.
_SUPPORTING: Final = ("DocumentReference", "DiagnosticReport", "ImagingStudy", "Coverage", "CarePlan")
_STAGE: Final = "staged"


def is_ours(plan: Resource) -> bool:
    """Whether it is a CarePlan that we put together; an outside plan is never changed by us."""
    systems = {coding.get("system") for coding in values(plan, "category.coding")}
    return plan["resourceType"] == "CarePlan" and _PLANS in systems


def coordination(
    case: Case, known: Known, lacking: Sequence[Item], requests: Sequence[Resource], mentions: Sequence[Mention] = ()
) -> list[dict[str, Any]]:
    """The plan, its team, and the activities that we make; requests for records are activities too."""
    found = list(concerns(known.of("MedicationRequest"), mentions))
    called = list(called_for(case, known, own_facts(known, checklist_for(known).name)))
    made = [made_by(rule, case, known) for rule in called]
    team = _team(case, known)
    drugs = cancer_drugs(known)
    said = [(rule.title, rule.desk, status(rule, case, known)) for rule in called]
    plan: dict[str, Any] = {
        "resourceType": "CarePlan",
        "id": case.id("CarePlan", "coordination"),
        "meta": {"profile": [f"{BASE}/StructureDefinition/so-careplan"]},
        "text": narrative(case, known, missing=_gaps(lacking, requests), activities=said, drugs=drugs, concerns=found),
        "identifier": case.identifiers(),
        "status": case.told.plan,
        "intent": "plan",
        "category": [codeable(_US_CORE, "assess-plan"), codeable("so-careplan-category", "second-opinion")],
        "title": "Second opinion: coordination plan",
        "subject": known.referral.get("subject", NOBODY),
        "contributor": [{"display": CENTRE}, *_asker(known)],
        "careTeam": [reference(team)],
    }
    if case.opened:
        plan |= {"period": {"start": case.opened}, "created": case.opened}
    else:
        plan["_created"] = ABSENT
    if addressed := _addressed(known):
        plan["addresses"] = addressed
    if found:
        plan["meta"]["tag"] = [{"system": RULES, "code": code} for code in dict.fromkeys(one.code for one in found)]
    supporting = [one for type in _SUPPORTING for one in known.of(type) if not _is_original(one)]
    if supporting := [*supporting, *known.showing(facts()[_STAGE])]:
        plan["supportingInfo"] = [reference(one) for one in supporting]
    own = [(made_by_it[-1], _outcome(rule, case, known)) for rule, made_by_it in zip(called, made, strict=True)]
    others = (*requests, *drugs, *known.of("Appointment"))
    plan["activity"] = [*(_activity(*one) for one in own), *map(_activity, others)]
    spoken_of = (*known.of("Patient"), *known.of("Condition"), *drugs, *known.of("Appointment"))
    return [labelled(plan, high_water(spoken_of)), team, *(one for several in made for one in several)]


def _activity(step: Resource, outcome: Sequence[Resource] = ()) -> dict[str, Any]:
    came = {"outcomeReference": [reference(one) for one in outcome]} if outcome else {}
    return {"reference": reference(step)} | came


def _outcome(rule: Rule, case: Case, known: Known) -> list[Resource]:
    """What came of an activity that is done: what shows it, or the opinion that went out."""
    if status(rule, case, known) != "completed":
        return []
    return notes(case, known) if rule.closes else list(known.showing(rule.done))


def _gaps(lacking: Sequence[Item], requests: Sequence[Resource]) -> list[str]:
    """What is missing, and until when it is asked for."""
    until = {one["description"]: one["restriction"]["period"]["end"] for one in requests if "restriction" in one}
    return [f"{one.title} (by {until[one.title][:10]})" if one.title in until else one.title for one in lacking]


def _is_original(document: Resource) -> bool:
    """Whether a document is a submission as it was sent; what it holds is there by itself."""
    return any(coding.get("system") == _FORMATS for coding in values(document, "type.coding"))


def _asker(known: Known) -> list[dict[str, Any]]:
    asked = known.referral.get("requester")
    return [asked] if asked else []


def _addressed(known: Known) -> list[dict[str, str]]:
    """The conditions that the referral names; without any, those that are cancer by their code."""
    reasons = known.referral.get("reasonReference", ())
    named = [one for one in reasons if one.get("reference", "").startswith("Condition/")]
    return named or [reference(one) for one in known.of("Condition") if _is_cancer(one)]


def _is_cancer(condition: Resource) -> bool:
    """Whether a code lies in the chapter of neoplasms, C00 to D49 of ICD-10-CM."""
    codes = [one.get("code", "") for one in values(condition, "code.coding") if one.get("system") == ICD_10_CM]
    return any(code[:1] == "C" or code[:2] in ("D0", "D1", "D2", "D3", "D4") for code in codes)


def _team(case: Case, known: Known) -> dict[str, Any]:
    asked = _asker(known)
    doctors = [one for one in recipients(known) if one not in asked]
    members = [
        (codeable(_SNOMED, "768820003", "Nurse care manager, the one point of contact"), dict(case.owner)),
        *(({"text": "Referring clinician"}, one) for one in asked),
        *(({"text": "Doctor of the patient"}, one) for one in doctors),
        *((codeable(_SNOMED, "133932002", "Caregiver"), reference(one)) for one in known.of("RelatedPerson")),
    ]
    return {
        "resourceType": "CareTeam",
        "id": case.id("CareTeam", "coordination"),
        "identifier": case.identifiers(),
        "status": "inactive" if case.told.ended else "active",
        "name": "Team of the second opinion",
        "subject": known.referral.get("subject", NOBODY),
        "participant": [{"role": [role], "member": member} for role, member in members],
    }
