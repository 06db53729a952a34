"""Problems, goals and pathways: what belongs to what, and the plan of another centre."""

from typing import Any, Final

from gateway.core.outcome import BASE
from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.identifier import entity_identifier
from gateway.translate.hl7v2.leaf import Part, convert
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.translation import Translation

Element = dict[str, Any]
_OVER: Final = frozenset({"inactive", "remission", "resolved"})
_OF_VARIANCE: Final = ((1, "variance"), (3, "recorded"))
_ASSESS_PLAN: Final[Element] = {
    "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}]
}
_OUTSIDE: Final[Element] = {"system": f"{BASE}/CodeSystem/so-tag", "code": "outside-reported"}
_ACTIVITIES: Final = ("MedicationRequest", "ServiceRequest")


@step("abatement", "hl7v2")
def abatement(part: Part, translation: Translation, element: Element) -> None:
    """The actual date of resolution; a condition that is said to go on keeps the date as words (con-4)."""
    status = [one["code"] for one in element.get("clinicalStatus", {}).get("coding", [])]
    if status and status[0] not in _OVER:
        element.setdefault("note", []).append({"text": f"resolution: {phrase(part)}"})
        return
    if not status and "entered-in-error" not in str(element.get("verificationStatus", "")):
        system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
        element["clinicalStatus"] = {"coding": [{"system": system, "code": "resolved"}]}
    convert(element, "abatementDateTime", part, translation, "date_time")


@step("status_missing", "hl7v2")
def status_missing(node: Any, translation: Translation, element: Element, to: str = "") -> None:
    """A status that the source does not tell stays absent, and that is said; what was entered in error needs none."""
    if to not in element and "entered-in-error" not in str(element.get("verificationStatus", "")):
        translation.warn("status-unknown")


@step("no_fact", "hl7v2")
def no_fact(part: Part, translation: Translation, element: Element) -> None:
    """What is possible, intended or wanted is no problem and no goal yet."""
    translation.warn("mood-not-fact")


@converter("episode_of_care", "hl7v2")
def episode_of_care(part: Part, translation: Translation) -> Element | None:
    """The episode, by its number: no message holds the episode itself."""
    made = entity_identifier(part, translation)
    return {"type": "EpisodeOfCare", "identifier": made} if made else None


@step("variances", "hl7v2")
def variances(segment: Any, translation: Translation, element: Element) -> None:
    """VAR: what did not go as planned, as a note with its time and author."""
    made: Element = {}
    for part in segment.field(4)[:1]:
        if reference := translation.make("hl7v2.XCN.Practitioner", part):
            made["authorReference"] = reference
    for part in segment.field(2)[:1]:
        convert(made, "time", part, translation, "date_time")
    said = [phrase(part) for number in (5, 6) for part in segment.field(number)]
    said += [f"{label}: {phrase(part)}" for number, label in _OF_VARIANCE for part in segment.field(number)]
    if said:
        element.setdefault("note", []).append({**made, "text": "\n".join(filter(None, said))})


@step("evidence", "hl7v2")
def evidence(group: Any, translation: Translation, element: Element) -> None:
    """An observation below a problem is evidence of it."""
    if reference := translation.make("hl7v2.OBSERVATION.Observation", group):
        element.setdefault("evidence", []).append({"detail": [reference]})


@converter("problem_around", "hl7v2")
def problem_around(group: Any, translation: Translation) -> Element | None:
    """The problem that a goal stands below."""
    return translation.refer("hl7v2.PROBLEM.Condition") if group.name == "PROBLEM" else None


@step("plan_parts", "hl7v2")
def plan_parts(group: Any, translation: Translation, element: Element) -> None:
    """What stands below a pathway or around it is addressed, aimed at, or done by the plan."""
    _gather(translation, element)


@step("plan_without_pathway", "hl7v2")
def plan_without_pathway(group: Any, translation: Translation, element: Element) -> None:
    """Goals or orders below problems are a plan, although no pathway names it (policy V7)."""
    if any(one["resourceType"] == "CarePlan" for one in translation.resources):
        return
    policy = translation.policy("plan_without_pathway")
    made: Element = {"resourceType": "CarePlan", "status": "unknown", "intent": "plan", "category": [_ASSESS_PLAN]}
    _gather(translation, made)
    patient = translation.refer("Patient")
    if patient is None or policy == "never" or (policy != "always" and "goal" not in made and "activity" not in made):
        return
    made["subject"] = patient
    made["meta"] = {"tag": [_OUTSIDE]}
    translation.add(made, identity=("plan", patient["reference"]), node=group)
    translation.warn("status-unknown", node=group)


@step("care_team", "hl7v2")
def care_team(segment: Any, translation: Translation, element: Element) -> None:
    """The roles below a pathway are its care team."""
    members = []
    for one in (part for part in segment.group.parts if part.name == "ROL"):
        reference = translation.make("hl7v2.ROL.PractitionerRole", one)
        roles = [made for part in one.field(3) if (made := codeable_concept(part, translation, table="0443"))]
        if reference:
            members.append({**({"role": roles} if roles else {}), "member": reference})
    patient = translation.refer("Patient")
    if members and patient:
        team = {"resourceType": "CareTeam", "status": "active", "subject": patient, "participant": members}
        element["careTeam"] = [translation.add(team)]


@step("outside_plan", "hl7v2")
def outside_plan(node: Any, translation: Translation, element: Element) -> None:
    """A plan of another centre is tagged as such."""
    element.setdefault("meta", {}).setdefault("tag", []).append(dict(_OUTSIDE))


def _gather(translation: Translation, element: Element) -> None:
    for one in translation.resources:
        if "entered-in-error" in str((one.get("lifecycleStatus"), one.get("verificationStatus"), one.get("status"))):
            continue
        reference = {"reference": f"{one['resourceType']}/{one['id']}"}
        if one["resourceType"] == "Condition":
            element.setdefault("addresses", []).append(reference)
        elif one["resourceType"] == "Goal":
            element.setdefault("goal", []).append(reference)
        elif one["resourceType"] in _ACTIVITIES:
            element.setdefault("activity", []).append({"reference": reference})
