"""Goals: what is to be reached, by when, and whose aim it is."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.translate.ccda.codes import codeable_concept, first_display, original_words, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.participants import is_patient, participant, role_of
from gateway.translate.ccda.results import value_of
from gateway.translate.ccda.times import date as day
from gateway.translate.ccda.times import put
from gateway.translate.converter import converter, step
from gateway.translate.translation import Reference, Resource, Translation

_DETAILS: Final = frozenset(
    {"detailQuantity", "detailRange", "detailCodeableConcept", "detailString", "detailBoolean", "detailInteger",
     "detailRatio"}
)  # fmt: skip


@converter("expressed_by", "ccda")
def expressed_by(node: Element, translation: Translation) -> Reference | None:
    """Whose goal it is: the patient's, where the patient is among its authors; with others, it was negotiated."""
    authors = node.children("author")
    own = [one for one in authors if (role := role_of(one)) is not None and is_patient(role, translation)]
    if own and len(own) < len(authors):
        translation.warn("negotiated-goal", severity=Severity.INFORMATION, node=node)
    allow = "Patient Practitioner PractitionerRole RelatedPerson"
    return participant((own or authors)[0], translation, allow) if authors else None


@step("goal_words", "ccda")
def goal_words(node: Element, translation: Translation, resource: Resource) -> None:
    """A goal must be described: its words in the source, else its value's, else its code's."""
    description = resource.setdefault("description", {})
    text = node.first("text")
    words = referenced_words(text, translation) if text is not None else ""
    if words:
        description["text"] = words
    if not description.get("text"):
        targets = resource.get("target", [])
        said = (
            first_display(description)
            or next((one["detailString"] for one in targets if "detailString" in one), "")
            or next((first_display(one["measure"]) for one in targets if "measure" in one), "")
            or _code_words(node, translation)
        )
        description["text"] = said or "Goal without words in the source"


def _code_words(node: Element, translation: Translation) -> str:
    code = node.first("code")
    return original_words(code, translation) if code is not None else ""


@step("goal_target", "ccda")
def goal_target(node: Element, translation: Translation, resource: Resource) -> None:
    """What is to be reached and by when; a detail needs its measure (gol-1)."""
    target: dict[str, Any] = {}
    code = node.first("code")
    measure = codeable_concept(code, translation) if code is not None else None
    for value in node.children("value"):
        found = value_of(value, translation)
        if not found:
            continue
        name, detail = next(iter(found.items()))
        if name == "valueCodeableConcept":
            resource["description"] = {**detail, **resource.get("description", {})}
        target[name.replace("value", "detail", 1)] = detail
        break
    target = {name: one for name, one in target.items() if name in _DETAILS}
    if measure and (target or measure.get("coding")):
        target["measure"] = measure
    elif target:
        target["measure"] = absent()
    times = node.first("effectiveTime")
    if times is not None:
        _goal_times(times, translation, resource, target)
    if target:
        resource["target"] = [target]


def _goal_times(times: Element, translation: Translation, resource: Resource, target: dict[str, Any]) -> None:
    low, high = times.first("low"), times.first("high")
    if low is not None and low.look("value"):
        put(resource, "startDate", day(low, translation))
    elif times.look("value"):
        put(resource, "startDate", day(times, translation))
    if high is not None and high.look("value"):
        put(target, "dueDate", day(high, translation))
