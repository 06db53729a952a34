"""What R4 requires and a document may lack: absence said as such, never filled with a guess."""

from typing import Any, Final

from gateway.core import r4
from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.participants import participant
from gateway.translate.ccda.times import moment, put
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation

ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
REASONS: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def absent(reason: str = "unknown") -> dict[str, Any]:
    """The extension that stands where a required value is not known."""
    return {"extension": [{"url": ABSENT, "valueCode": reason}]}


@step("status_or", "ccda")
def status_or(
    node: Element, translation: Translation, resource: Resource, value: str = "unknown", element: str = "status"
) -> None:
    """A status that the source does not give in a way that we can rely on."""
    if element not in resource:
        resource[element] = value
        if value == "unknown":
            translation.warn("status-unknown", node=node)
        else:
            translation.warn("status-assumed", severity=Severity.INFORMATION, node=node)


def agreed_status(name: str, translation: Translation, node: Element) -> str:
    """The status that a policy supplies where the source gives none; that it did is told."""
    translation.warn("status-assumed", severity=Severity.INFORMATION, node=node)
    return translation.policy(name)


@step("absent_or", "ccda")
def absent_or(node: Element, translation: Translation, resource: Resource, element: str, unless: str = "") -> None:
    """A required element that the source does not give: its absence, with the source's reason where it has one."""
    if not resource or not {element, f"_{element}", unless}.isdisjoint(resource):
        return
    flavor = node.look("nullFlavor")
    found = translation.concept_map("ccda-null-flavor").translate(flavor) if flavor else None
    said = absent(found.code if found else "unknown")
    defined = r4.element(f"{resource['resourceType']}.{element}") if "resourceType" in resource else None
    if defined is not None and defined.primitive:
        resource[f"_{element}"] = said
    else:
        resource[element] = [said] if defined is not None and defined.array else said
    translation.warn("required-missing", severity=Severity.INFORMATION, node=node)


@step("concept_or_words", "ccda")
def concept_or_words(node: Element, translation: Translation, resource: Resource, element: str = "code") -> None:
    """A required concept that has no code: the statement's words, else its absence."""
    if resource.get(element):
        return
    stands = node.first("text")
    words = referenced_words(stands, translation) if stands is not None else ""
    resource[element] = {"text": words} if words else absent()


@step("authorship", "ccda")
def authorship(
    node: Element, translation: Translation, resource: Resource, who: str = "", when: str = "", allow: str = ""
) -> None:
    """Who wrote a statement last, and when it was first written; those of the concern around it count."""
    authors = [*node.children("author")]
    if not authors and (around := node.parent) is not None and around.name == "entryRelationship":
        authors = [*around.parent.children("author")] if around.parent is not None else []
    times = []
    for author in authors:
        stands = author.first("time")
        if stands is not None and stands.look("value"):
            times.append(stands)
    if when and times and when not in resource:
        first = min(times, key=lambda one: one.look("value"))
        put(resource, when, moment(first.read("value"), translation))
    if who and who not in resource and authors:
        found = participant(authors[-1], translation, allow)
        if found is not None:
            resource[who] = found


@converter("annotation", "ccda")
def annotation(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A comment as Annotation: its words, who wrote them, when."""
    made: dict[str, Any] = {}
    text = node.first("text")
    words = referenced_words(text, translation) if text is not None else ""
    if not words and (code := node.first("code")) is not None:
        concept = codeable_concept(code, translation) or {}
        words = concept.get("text", "")
    if not words:
        return None
    for code in node.children("code"):
        translation.enter_all(code, State.IGNORED, "ccda.comment", "says that it is a comment")
    for author in node.children("author"):
        who = participant(author, translation, "Practitioner Patient RelatedPerson Organization")
        if who is not None:
            made["authorReference"] = who
        stands = author.first("time")
        if stands is not None and (sent := stands.read("value")):
            put(made, "time", moment(sent, translation))
    return {**made, "text": words}


@converter("annotation_words", "ccda")
def annotation_words(node: Any, translation: Translation) -> dict[str, Any] | None:
    """Words that no element takes, as a note."""
    words = referenced_words(node, translation) if hasattr(node, "words") else node.text
    return {"text": words} if words else None


@converter("string", "ccda")
def string(node: Any, translation: Translation) -> str:
    """The text of an attribute or element."""
    return str(node.text)
