"""Concerns, risks, interventions, family history: who has what, and who does not."""

from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda import identifiers
from gateway.translate.ccda.blanks import is_blank
from gateway.translate.ccda.codes import codeable_concept, display, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.kinds import ENTRY_REFERENCE, FACT, PLANNED, has_template
from gateway.translate.ccda.problems import GENERIC, VERIFICATION
from gateway.translate.ccda.relations import add
from gateway.translate.ccda.statements import (
    authored,
    documents_named,
    inside,
    made,
    named,
    negated_wrapper,
    parts,
    stand_for,
)  # fmt: skip
from gateway.translate.ccda.times import moment, period, put
from gateway.translate.converter import converter, step
from gateway.translate.translation import Reference, Resource, Translation

_SOURCE_PERIOD: Final = "https://fhir.second-opinion.example/StructureDefinition/so-source-period"
# What R4 lets be of several categories.
_CATEGORIZED: Final = frozenset(
    {"ServiceRequest", "MedicationRequest", "Observation", "CommunicationRequest", "Communication"}
)
_AIMS: Final = ("RSON", "GEVL")  # relations that lead from an intervention to its goal
_GROUPS: Final = {"ServiceRequest": "requisition"} | dict.fromkeys(
    ("MedicationRequest", "DeviceRequest", "CommunicationRequest"), "groupIdentifier"
)
_HEALTH_CONCERN: Final = {
    "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/condition-category", "code": "health-concern"}]
}


@step("health_concern", "ccda")
def health_concern(node: Element, translation: Translation, resource: Resource) -> None:
    """A concern about a problem is that problem; about anything else it is a Condition of its own."""
    if node.denied:
        _no_concern(node, translation)
        return
    problem = False
    for inner in parts(node, translation):
        references = made(inner, translation)
        told = named(inner, translation) if has_template(inner, ENTRY_REFERENCE) else inner
        if told is None or not has_template(told, "4.4", "4.3"):
            continue
        problem = True
        for reference in references or made(told, translation):
            stand_for(node, reference, translation)
            condition = translation.find(reference)
            if condition is not None and condition["resourceType"] == "Condition":
                held = condition.setdefault("category", [])
                if _HEALTH_CONCERN not in held:
                    held.append(dict(_HEALTH_CONCERN))
                _numbered(node, translation, condition, "identifier")
                _followed_since(node, translation, condition)
    if problem or node.look("moodCode") not in FACT or not _is_named(node, translation):
        return
    if translation.policy("concern_of_observation") == "observation-and-condition":
        translation.make("ccda.HealthConcern.Condition", node)


def _is_named(node: Element, translation: Translation) -> bool:
    """Whether a concern says of something what it is; that something else is not so names none."""
    told = [*inside(node)]
    return not is_blank(node, translation) and (not told or any(map(_is_so, told)) or _has_words(node))


def _has_words(node: Element) -> bool:
    return any(one.valued for one in node.children("text"))


def _is_so(node: Element) -> bool:
    """Whether a statement says what is, not what shall or may be, or is not."""
    return not node.denied and node.look("moodCode") in FACT


def _numbered(node: Element, translation: Translation, resource: Resource, element: str) -> None:
    """The number of a wrapper is one of what is in it: of all that stand in it, or of the group that they are."""
    for child in node.children("id"):
        with translation.row("ccda.wrapper", element, child):
            if found := identifiers.identifier(child, translation):
                if element == "identifier":
                    add(resource, element, found)
                else:
                    resource.setdefault(element, found)


def _no_concern(node: Element, translation: Translation) -> None:
    """What is said to be no concern: refuted where it is named; that there is none at all stays in the words."""
    if any(True for _ in inside(node)):
        translation.make("ccda.HealthConcern.Condition", node)
    else:
        translation.enter_all(node, State.TEXT, "ccda.concern.none", "says that there are none")


def _followed_since(node: Element, translation: Translation, condition: Resource) -> None:
    """The day since when a concern is followed, where the problem itself does not say when it was recorded."""
    times = node.first("effectiveTime")
    stands = times.first("low") or times if times is not None else None
    if times is None or stands is None or not stands.look("value"):
        return
    if "recordedDate" in condition or "_recordedDate" in condition:
        with translation.row("ccda.concern.period", "extension", times):
            add(condition, "extension", {"url": _SOURCE_PERIOD, "valuePeriod": period(times, translation)})
        return
    with translation.row("ccda.concern.recorded", "recordedDate", stands):
        put(condition, "recordedDate", moment(stands.read("value"), translation))


@step("concern_state", "ccda")
def concern_state(node: Element, translation: Translation, resource: Resource) -> None:
    """A negated concern is refuted, and then has no clinical status (con-5)."""
    if node.denied:
        node.read("negationInd")
        resource.pop("clinicalStatus", None)
        resource["verificationStatus"] = {"coding": [{"system": VERIFICATION, "code": "refuted"}]}


@step("concern_code", "ccda")
def concern_code(node: Element, translation: Translation, resource: Resource) -> None:
    """What concerns: the concern's words, else those of what is observed."""
    text = node.first("text") if not node.denied else None  # words that deny the concern cannot name it
    words = referenced_words(text, translation) if text is not None else ""
    if words:
        resource["code"] = {"text": words}
        return
    for inner in inside(node):
        value = inner.first("value")
        coded = value is not None and (value.look("code") or value.children("originalText"))
        named = (value if coded else inner.first("code")) if _is_so(inner) else None
        if named is None:
            continue
        if node.denied and (concept := codeable_concept(named, translation)):
            resource["code"] = concept
            return
        if said := display(named, translation) or named.read("code"):
            resource["code"] = {"text": said}
            return
    resource["code"] = absent()


@step("risks", "ccda")
def risks(node: Element, translation: Translation, resource: Resource) -> None:
    """What the patient may get: an outcome that is predicted, and no Condition."""
    if node.denied:
        _no_risk(node, translation, resource)
        return
    for inner in inside(node):
        if inner.denied:
            _no_risk(inner, translation, resource)
            continue
        value = inner.first("value")
        concept = codeable_concept(value, translation) if value is not None else None
        if has_template(inner, "4.143"):
            continue
        if inner.name == "observation" and concept and _is_so(inner) and not _supports(inner):
            resource.setdefault("prediction", []).append({"outcome": concept})
            for child in inner.children("id"):
                if found := identifiers.identifier(child, translation):
                    add(resource, "identifier", found)
        else:
            basis = made(inner, translation)
            if basis:
                resource.setdefault("basis", []).extend(basis)


def _supports(node: Element) -> bool:
    """Whether a statement is the reason for what is around it, or bears it out."""
    return node.parent is not None and node.parent.look("typeCode") in ("RSON", "SPRT", "CAUS")


def _no_risk(node: Element, translation: Translation, resource: Resource) -> None:
    """A risk that is denied is no prediction; its name is kept as words."""
    node.read("negationInd")
    values = (*node.children("value"), *(one for inner in inside(node) for one in inner.children("value")))
    said = [first_display(concept) for one in values if (concept := codeable_concept(one, translation))]
    resource.setdefault("note", []).append({"text": f"Not at risk: {'; '.join(said) or 'see the narrative'}"})


@step("interventions", "ccda")
def interventions(node: Element, translation: Translation, resource: Resource) -> None:
    """A wrapper is what it holds; one that holds nothing is what it says itself."""
    if negated_wrapper(node, translation):
        return
    text = node.first("text")
    words = referenced_words(text, translation) if text is not None else ""
    for inner in inside(node):
        for reference in (_told_elsewhere(node, inner, translation) or made(inner, translation))[:1]:
            _of_intervention(node, translation.find(reference), translation)
            if words:
                translation.memory.setdefault("titles", {})[reference["reference"]] = words
            authored(node, reference, translation)
    empty = all(has_template(inner, ENTRY_REFERENCE) for inner in inside(node))
    if empty and text is not None and text.valued:
        planned = node.look("moodCode") in PLANNED
        translation.make("ccda.PlannedAct.ServiceRequest" if planned else "ccda.procedure.Procedure", node)


def _told_elsewhere(node: Element, inner: Element, translation: Translation) -> list[Reference]:
    """An intervention that is told in another section, and here by its id alone; never the goal that it serves."""
    if not has_template(inner, ENTRY_REFERENCE) or inner.parent is None or inner.parent.look("typeCode") in _AIMS:
        return []
    told = named(inner, translation)
    references = made(told, translation) if told is not None and told.look("moodCode") != "GOL" else []
    if references:
        with translation.row("ccda.intervention.named", "", inner):
            for child in inner.children("id"):
                child.read("root")
                child.read("extension")
        for child in inner.children("statusCode"):
            translation.enter_all(child, State.IGNORED, "ccda.intervention.named", "the named entry has its own")
        stand_for(node, references[0], translation)
    return references


def _of_intervention(node: Element, held: Resource | None, translation: Translation) -> None:
    """What the wrapper says of each of its parts: the kind of intervention, the documents that tell more."""
    if held is None:
        return
    code = node.first("code")
    if code is not None and held["resourceType"] in _CATEGORIZED and (kind := codeable_concept(code, translation)):
        add(held, "category", kind)
    elif code is not None and held["resourceType"] == "Procedure" and (kind := codeable_concept(code, translation)):
        held.setdefault("category", kind)
    if group := _GROUPS.get(held["resourceType"]):
        _numbered(node, translation, held, group)
    documents_named(node, translation, held)


@step("relatives_conditions", "ccda")
def relatives_conditions(node: Element, translation: Translation, resource: Resource) -> None:
    """What a relative has, and what is said that no one in the family has."""
    for inner in inside(node):
        if inner.name == "observation":
            relatives_condition(inner, translation, resource)


@step("relatives_condition", "ccda")
def relatives_condition(node: Element, translation: Translation, resource: Resource) -> None:
    """One thing that a relative has, and whether they died of it."""
    if node.denied:
        value = node.first("value")
        said = display(value, translation) if value is not None else None
        resource.setdefault("note", []).append({"text": f"No history of {said or 'the condition named in the source'}"})
        translation.enter_all(node, State.TEXT, "ccda.family.negated", "kept as a note")
        return
    condition: dict[str, Any] = {}
    translation.run("ccda.FamilyHistoryObservation.FamilyMemberHistory.condition", node, condition)
    condition.setdefault("code", absent())
    further = [found for one in node.children("value")[1:] if (found := codeable_concept(one, translation))]
    resource.setdefault("condition", []).extend([condition, *({"code": one} for one in further)])
    _died(node, resource)


def _died(node: Element, resource: Resource) -> None:
    """Who is said to have died of something is dead, whatever else is told of their death."""
    told = ("deceasedDate", "_deceasedDate", "deceasedAge")
    if node.at("entryRelationship/observation[template 4.47]") and not any(name in resource for name in told):
        resource["deceasedBoolean"] = True


@converter("kind_note", "ccda")
def kind_note(node: Element, translation: Translation) -> dict[str, str] | None:
    """What kind of finding it is, where that says more than that it is one."""
    kinds = [one for one in (node, *node.below("translation")) if one.look("code") not in ("", *GENERIC)]
    if not kinds and node.look("code"):
        translation.enter_all(node, State.IGNORED, "ccda.problem-type", "says that it is a finding, nothing about it")
        return None
    words = display(kinds[0], translation) or kinds[0].read("code") if kinds else display(node, translation)
    return {"text": f"Kind of finding: {words}"} if words else None
