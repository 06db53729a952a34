"""TXA and its OBX: the content of a document, its context, and the document it follows."""

from itertools import chain
from operator import methodcaller
from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.attachment import attachment, plain_text
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.identifier import entity_identifier
from gateway.translate.hl7v2.leaf import Part, convert
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_RELATIONS: Final = {"T05": "appends", "T06": "appends", "T09": "replaces", "T10": "replaces"}
_EMBEDDED: Final = frozenset({"ED", "RP"})


@step("document_content", "hl7v2")
def document_content(group: Any, translation: Translation, element: Element) -> None:
    """An embedded document is a content of its own; lines of text are one content together."""
    for obx in (part for part in group.parts if part.name == "OBX"):
        kind = next((part.peek for part in obx.field(2)), "")
        title = _title(obx, group.parent, translation, element) if obx.field(5) else ""
        if kind in _EMBEDDED:
            for part in obx.field(5):
                _embed(part, translation, element, title)
        elif obx.field(5):
            _append_lines(obx, translation, element, title)


def _title(obx: Any, document: Any, translation: Translation, element: Element) -> str:
    """What OBX-3 calls a content. When it calls all so, its code is one of the document's kind, beside TXA-2."""
    part = next(iter(obx.field(3)), None)
    if part is None:
        return ""
    known: dict[int, bool] = translation.memory.setdefault("documents of one kind", {})
    if id(document) not in known:
        known[id(document)] = len(set(_kinds(document))) == 1
    if not known[id(document)]:
        return phrase(part)
    made = codeable_concept(part, translation) or {}
    codings = element.setdefault("type", {}).setdefault("coding", [])
    codings += [one for one in made.get("coding", []) if one not in codings]
    if not codings:
        del element["type"]["coding"]
    if not element["type"]:
        del element["type"]
    return str(made.get("text") or phrase(part))


def _kinds(document: Any) -> list[str]:
    inside = (one for group in document.parts if group.name == "OBSERVATION" for one in group.parts)
    return [part.peek for one in inside if one.name == "OBX" for part in one.field(3)]


@step("document_of_result", "hl7v2")
def document_of_result(obx: Any, translation: Translation, element: Element) -> None:
    """A document inside an observation, which is derived from it, unless a report presents it already."""
    if not any(part.peek in _EMBEDDED for part in obx.field(2)):
        return
    leaves = chain.from_iterable(map(methodcaller("keys"), obx.field(5)))
    if any(translation.ledger.state(key) is State.UNMAPPED for key in leaves):
        made = translation.make("hl7v2.OBX.DocumentReference", obx)
        if made is not None:
            element["derivedFrom"] = [made]


@step("unavailable", "hl7v2")
def unavailable(part: Part, translation: Translation, element: Element) -> None:
    """A document that is current and cannot be had now."""
    translation.warn("document-unavailable")


@converter("document_part", "hl7v2")
def document_part(part: Part, translation: Translation) -> Element | None:
    """ED or RP as a content."""
    made = attachment(part, translation)
    return {"attachment": made} if made else None


@converter("document_before", "hl7v2")
def document_before(part: Part, translation: Translation) -> Element | None:
    """TXA-13: the document this one replaces or appends to, by its number."""
    made = entity_identifier(part, translation)
    if made is None:
        return None
    code = _RELATIONS.get(translation.record.kind.rpartition("^")[2], "replaces")
    return {"code": code, "target": {"identifier": made}}


@converter("document_context", "hl7v2")
def document_context(segment: Any, translation: Translation) -> Element | None:
    """When the documented activity was; the orders it belongs to stand as identifiers."""
    made: Element = {}
    period = between(next(iter(segment.field(4)), None), None, translation)
    if period:
        made["period"] = period
    return made or None


@step("context_of_visit", "hl7v2")
def context_of_visit(node: Any, translation: Translation, element: Element) -> None:
    """The visit is the context of its documents."""
    if reference := translation.refer("Encounter"):
        element.setdefault("context", {})["encounter"] = [reference]


@step("content_absent", "hl7v2")
def content_absent(node: Any, translation: Translation, element: Element) -> None:
    """A notification without the document has a content that says so."""
    if "content" not in element:
        reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        element["content"] = [{"attachment": {"extension": [reason]}}]


def _embed(part: Part, translation: Translation, element: Element, title: str) -> None:
    held: Element = {}
    convert(held, "attachment", part, translation, "attachment")
    if made := held.get("attachment"):
        if title:
            made["title"] = ", ".join(filter(None, [title, made.get("title", "")]))
        element.setdefault("content", []).append(held)
    elif title:  # what it is called stays readable where it is not
        _describe(element, title)


def _describe(element: Element, words: str) -> None:
    if words not in element.get("description", ""):
        element["description"] = ", ".join(filter(None, [element.get("description", ""), words]))


def _append_lines(obx: Any, translation: Translation, element: Element, title: str) -> None:
    """Lines under one title are one content."""
    lines = translation.memory.setdefault(f"document {id(element)} {title}", [])
    lines += [phrase(part) for part in obx.field(5)]
    made = {**plain_text("\n".join(lines)), **({"title": title} if title else {})}
    for one in element.get("content", []):
        held = one["attachment"]
        if held.get("contentType") == "text/plain" and held.get("title", "") == title and "url" not in held:
            one["attachment"] = made
            return
    element.setdefault("content", []).append({"attachment": made})
