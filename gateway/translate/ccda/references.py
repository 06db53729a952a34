"""Entry references: a statement that only names another one, and what naming it means."""

from collections import defaultdict
from typing import Any, Final

from gateway.core import r4
from gateway.core.ledger import State
from gateway.translate.ccda import identifiers
from gateway.translate.ccda.codes import concept_with_source
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.kinds import has_template, is_turned
from gateway.translate.ccda.problems import GENERIC
from gateway.translate.ccda.relations import RELATED, add, takes_place_in, tie
from gateway.translate.ccda.statements import DENIED, RELATIONS, by_id, made, made_of
from gateway.translate.converter import step
from gateway.translate.translation import Reference, Resource, Translation

_OUTCOME: Final = "4.144"
_INTERVENTIONS: Final = ("4.131", "4.146")
_REASON_TIME: Final = "effectiveTime/low/@value"
_REASONS: Final = ("Condition", "Observation")
_FOR_GOAL: Final = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
_NO_INTERVENTION: Final = ("Coverage", "DocumentReference", "Goal")
_PROGRESS: Final = "entryRelationship/observation[template 4.110]/value"


@step("entry_references", "ccda")
def entry_references(node: Element, translation: Translation, resource: Resource) -> None:
    """An entry that only names another one: tied to what that one became."""
    references: dict[Any, Element] = translation.memory.get("entry references", {})
    for one in references.values():
        around = one.parent.parent if one.parent is not None else None
        with translation.row("ccda.entry-reference", "", one) as entry:
            found = next((hit for key in identifiers.keys(one) if (hit := by_id(key, translation))), None)
            owners = made_of(around, translation) if around is not None else []
            if found is None or around is None or not owners:
                if found is None:
                    translation.warn("reference-dangling", node=one)
                    for child in one.children("id"):
                        translation.enter_all(child, State.FAILED, "ccda.entry-reference", "names nothing here")
                entry.drop()
                continue
            for child in one.children("id"):
                child.read("root")
                child.read("extension")
            for child in one.children("statusCode"):
                translation.enter_all(child, State.IGNORED, "ccda.entry-reference", "the named entry has its own")
            if found == owners[0]:
                continue
            if is_turned(one):
                turned_round(one, found, owners[0], translation)
            else:
                _relate(one, around, owners, found, translation)
    for plan, _ in translation.memory.get("plans", ()):
        if "activity" in plan:
            plan["activity"] = [activity for activity in plan["activity"] if activity]


@step("reason_named", "ccda")
def reason_named(node: Element, translation: Translation, resource: Resource) -> None:
    """A reason that may be one of the problems: looked for when all of them are known."""
    translation.memory.setdefault("reasons", []).append(node)


@step("reasons", "ccda")
def reasons(node: Element, translation: Translation, resource: Resource) -> None:
    """A reason under the id of a problem is that problem; one that says more than its value is an observation."""
    for one in translation.memory.get("reasons", ()):
        found = next((hit for key in identifiers.keys(one) if (hit := by_id(key, translation))), None)
        if found is None and _says_more(one):
            found = next(iter(made(one, translation)), None)
        if found is None or found["reference"].partition("/")[0] not in _REASONS:
            continue
        with translation.row("ccda.reason", "reasonReference", one):
            for child in one.children("id"):
                child.read("root")
                child.read("extension")
            for owner in made_of(one.parent.parent, translation)[:1]:
                if (held := translation.find(owner)) is None:
                    continue
                if r4.element(f"{held['resourceType']}.reasonReference") is not None:
                    add(held, "reasonReference", found)
                else:
                    tie(held, found)


@step("relations", "ccda")
def relations(node: Element, translation: Translation, resource: Resource) -> None:
    """Relations that lead from what is inside to what is around it, and those that the source denies."""
    for one in translation.memory.get("turned", {}).values():
        owners, found = made_of(one.parent.parent, translation), made_of(one, translation)
        if owners and found:
            turned_round(one, found[0], owners[0], translation)
    for one in node.below(*RELATIONS):
        if one.denied:
            translation.enter_all(one, State.TEXT, "ccda.negated", DENIED)


def turned_round(one: Element, inner: Reference, around: Reference, translation: Translation) -> None:
    """What is around a statement is its reason, its part or what it led to."""
    held = translation.find(inner)
    if held is None or inner == around:
        return
    reason = one.parent is not None and one.parent.look("typeCode") == "RSON"
    may = around["reference"].partition("/")[0] in _REASONS
    if reason and may and r4.element(f"{held['resourceType']}.reasonReference") is not None:
        add(held, "reasonReference", around)
    elif reason:
        add(held, "extension", {"url": RELATED, "valueReference": around})
    elif (outer := translation.find(around)) is None or not takes_place_in(outer, inner):
        tie(held, around)


def _says_more(node: Element) -> bool:
    """Whether a reason tells when it was so, or what kind of finding it is."""
    code = node.first("code")
    kind = code.look("code") if code is not None else ""
    return bool((kind and kind not in GENERIC) or node.at(_REASON_TIME) or node.at("effectiveTime/@value"))


def _relate(one: Element, around: Element, owners: list[Reference], found: Reference, translation: Translation) -> None:
    """An outcome evaluates a goal and came of an intervention; interventions are there for a goal."""
    relation = one.parent.look("typeCode") if one.parent is not None else ""
    named, naming = translation.find(found), [held for owner in owners if (held := translation.find(owner))]
    goal = named if named is not None and named["resourceType"] == "Goal" else None
    outcome = has_template(around, _OUTCOME)
    if goal is not None and outcome and relation != "RSON" and owners[0]["reference"].startswith("Observation/"):
        add(goal, "outcomeReference", owners[0])
        _achieved(around, goal, translation)
    elif goal is not None and has_template(around, *_INTERVENTIONS):
        for held in naming:
            if held["resourceType"] not in _NO_INTERVENTION:
                add(held, "extension", {"url": _FOR_GOAL, "valueReference": found})
    elif naming and not (outcome and relation == "RSON" and _came_of(found, owners[0], translation)):
        tie(naming[0], found)


def _achieved(outcome: Element, goal: Resource, translation: Translation) -> None:
    """How far the goal is reached, as the outcome tells it."""
    through = translation.concept_map("ccda-goal-achievement")
    for value in outcome.at(_PROGRESS):
        if "achievementStatus" not in goal and (found := concept_with_source(value, translation, through)):
            goal["achievementStatus"] = found


def _came_of(intervention: Reference, outcome: Reference, translation: Translation) -> bool:
    """Join an outcome with the activity of the plan that it came of; whether there is one."""
    alone = {"outcomeReference": [outcome]}
    joined = False
    for _, naming in _plans(translation):
        for activity in [*naming[intervention["reference"]]]:
            add(activity, "outcomeReference", outcome)
            naming[outcome["reference"]].append(activity)
            joined = True
        named = naming[outcome["reference"]]
        if joined and alone in named:
            named.pop(named.index(alone)).clear()  # and the plan lets go of it when all are followed
    return joined


def _plans(translation: Translation) -> list[tuple[Resource, dict[str, list[Resource]]]]:
    """The plans, each with its activities by what they refer to; all are made before entry references are followed."""
    found: list[tuple[Resource, dict[str, list[Resource]]]] | None = translation.memory.get("plans")
    if found is None:
        found = translation.memory["plans"] = []
        for plan in translation.resources:
            if plan["resourceType"] == "CarePlan":
                naming: dict[str, list[Resource]] = defaultdict(list)
                for activity in plan.get("activity", ()):
                    for one in (activity.get("reference"), *activity.get("outcomeReference", ())):
                        naming[(one or {}).get("reference", "")].append(activity)
                found.append((plan, naming))
    return found
