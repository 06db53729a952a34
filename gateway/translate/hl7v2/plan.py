"""Problems, goals and pathways: what belongs to what, and the plan of another centre."""

from typing import Any, Final

from gateway.core.outcome import BASE
from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.identifier import entity_identifier
from gateway.translate.hl7v2.leaf import Part, convert
from gateway.translate.hl7v2.notes import day, number_in_words, spoken
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.translation import Translation

Element = dict[str, Any]
_OVER: Final = frozenset({"inactive", "remission", "resolved"})
_ASSESS_PLAN: Final[Element] = {
    "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}]
}
# What the time of an action is told by, and that since when a status holds.
_TIMES: Final = {"acted": "hl7v2.DTM.Provenance", "since": "hl7v2.DTM.Provenance.-status"}
_OUTSIDE: Final[Element] = {"system": f"{BASE}/CodeSystem/so-tag", "code": "outside-reported"}


@step("abatement", "hl7v2")
def abatement(part: Part, translation: Translation, element: Element) -> None:
    """The actual date of resolution; a condition that is said to go on, or not to be, keeps it as words (con-4)."""
    status = [one["code"] for one in element.get("clinicalStatus", {}).get("coding", [])]
    mistaken = "entered-in-error" in str(element.get("verificationStatus", ""))
    if mistaken or (status and status[0] not in _OVER):
        element.setdefault("note", []).append({"text": f"resolution: {day(part, translation)}"})
        return
    if not status:
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
    said = [spoken(part, translation) for part in segment.field(5)]
    said += [phrase(part) for part in segment.field(6)]
    said += [f"variance: {number_in_words(part, translation)}" for part in segment.field(1)]
    said += [f"recorded: {day(part, translation)}" for part in segment.field(3)]
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


@step("plan_part", "hl7v2")
def plan_part(group: Any, translation: Translation, element: Element, map: str = "", to: str = "", **at: str) -> None:
    """Make what a plan addresses, aims at or does, and remember its group; a Provenance has when it was acted upon."""
    reference = translation.make(map, group)
    if reference is None:
        return
    translation.memory["plan part"] = reference
    if to:
        translation.memory.setdefault("plan parts", []).append((group, to, reference))
    for name, number in at.items():
        for part in group.parts[0].field(int(number)):
            translation.make(_TIMES[name], part)


@step("of_plan_part", "hl7v2")
def of_plan_part(part: Part, translation: Translation, element: Element) -> None:
    """What was acted upon."""
    element["target"] = [translation.memory["plan part"]]


@step("plan_parts", "hl7v2")
def plan_parts(group: Any, translation: Translation, element: Element) -> None:
    """What stands below a pathway or around it is addressed, aimed at, or done by the plan; not what another has."""
    _gather(translation, element, group)


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
        team = {"resourceType": "CareTeam", "subject": patient, "participant": members}
        element["careTeam"] = [translation.add(team)]


@step("outside_plan", "hl7v2")
def outside_plan(node: Any, translation: Translation, element: Element) -> None:
    """A plan of another centre is tagged as such."""
    element.setdefault("meta", {}).setdefault("tag", []).append(dict(_OUTSIDE))


def _gather(translation: Translation, element: Element, pathway: Any = None) -> None:
    for group, to, reference in translation.memory.get("plan parts", ()):
        if pathway is not None and not (_stands_in(group, pathway) or _stands_in(pathway, group)):
            continue
        one = translation.find(reference) or {}
        if "entered-in-error" in str((one.get("lifecycleStatus"), one.get("verificationStatus"), one.get("status"))):
            continue
        made = {"reference": reference} if to == "activity" else reference
        if made not in element.setdefault(to, []):
            element[to].append(made)


def _stands_in(group: Any, other: Any) -> bool:
    while group is not None and group is not other:
        group = group.parent
    return group is other
