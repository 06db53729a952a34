"""Concerns, risks, interventions, family history: who has what, and who does not."""

from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.problems import problem_type
from gateway.translate.ccda.statements import has_template, inside, made
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation

_HEALTH_CONCERN: Final = {
    "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/condition-category", "code": "health-concern"}]
}


@step("health_concern", "ccda")
def health_concern(node: Element, translation: Translation, resource: Resource) -> None:
    """A concern about a problem is that problem; about anything else it is a Condition of its own."""
    problem = False
    for inner in inside(node):
        references = made(inner, translation)
        if not has_template(inner, "4.4", "4.3"):
            continue
        problem = True
        for reference in references:
            condition = translation.find(reference)
            if condition is not None and condition["resourceType"] == "Condition":
                held = condition.setdefault("category", [])
                if _HEALTH_CONCERN not in held:
                    held.append(dict(_HEALTH_CONCERN))
    if not problem:
        translation.make("ccda.HealthConcern.Condition", node)


@step("concern_code", "ccda")
def concern_code(node: Element, translation: Translation, resource: Resource) -> None:
    """What concerns: the concern's words, else those of what is observed."""
    text = node.first("text")
    words = referenced_words(text, translation) if text is not None else ""
    if words:
        resource["code"] = {"text": words}
        return
    for inner in inside(node):
        value = inner.first("value") or inner.first("code")
        concept = codeable_concept(value, translation) if value is not None else None
        if concept:
            resource["code"] = {"text": first_display(concept)}
            return
    resource["code"] = absent()


@step("risks", "ccda")
def risks(node: Element, translation: Translation, resource: Resource) -> None:
    """What the patient may get: an outcome that is predicted, and no Condition."""
    for inner in inside(node):
        value = inner.first("value")
        concept = codeable_concept(value, translation) if value is not None else None
        if inner.name == "observation" and concept:
            resource.setdefault("prediction", []).append({"outcome": concept})
            for child in inner.children("id"):
                child.read("root")
                child.read("extension")
        else:
            basis = made(inner, translation)
            if basis:
                resource.setdefault("basis", []).extend(basis)


@step("interventions", "ccda")
def interventions(node: Element, translation: Translation, resource: Resource) -> None:
    """A wrapper is what it holds."""
    for inner in inside(node):
        made(inner, translation)


@step("relatives_conditions", "ccda")
def relatives_conditions(node: Element, translation: Translation, resource: Resource) -> None:
    """What a relative has, and what is said that no one in the family has."""
    for observation in node.at("component/observation"):
        if observation.look("negationInd") == "true":
            value = observation.first("value")
            concept = codeable_concept(value, translation) if value is not None else None
            said = first_display(concept) if concept else "the condition named in the source"
            resource.setdefault("note", []).append({"text": f"No history of {said}"})
            translation.enter_all(observation, State.TEXT, "ccda.family.negated", "kept as a note")
            continue
        condition: dict[str, Any] = {}
        translation.run("ccda.FamilyHistoryObservation.FamilyMemberHistory.condition", observation, condition)
        condition.setdefault("code", absent())
        resource.setdefault("condition", []).append(condition)
    if "bornDate" in resource:
        for one in ("ageAge", "ageString", "ageRange"):
            resource.pop(one, None)


@converter("kind_note", "ccda")
def kind_note(node: Element, translation: Translation) -> dict[str, str] | None:
    """What kind of finding it is, where that says more than that it is one."""
    concept = problem_type(node, translation)
    return {"text": f"Kind of finding: {first_display(concept)}"} if concept else None
