"""Sections: every section's words are kept, each entry is visited, an empty section says why it is empty."""

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda.blanks import codes_of_none, is_blank, says_none, words_of_none
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.narrative import narrative, text_div
from gateway.translate.ccda.statements import made, statements
from gateway.translate.converter import step
from gateway.translate.translation import Reference, Translation

_EMPTY: Final = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
_CONCEPT: Final = "https://fhir.second-opinion.example/StructureDefinition/so-source-concept"


@dataclass(slots=True)
class Section:
    """A section that was read: its LOINC code, its words as XHTML, what its entries became."""

    node: Element
    code: str
    div: str = ""
    references: list[Reference] = field(default_factory=list)
    none: str | None = None  # what an entry says in words of there being none; None where no entry says so
    none_of: list[dict[str, Any]] = field(default_factory=list)  # and under which codes
    blank: bool = False  # entries, and nothing in them


def sections(translation: Translation, *codes: str) -> list[Section]:
    """The sections read so far that carry one of the LOINC codes; all of them when none is named."""
    found: dict[Any, Section] = translation.memory.setdefault("sections", {})
    return [one for one in found.values() if not codes or one.code in codes]


@step("section_text", "ccda")
def section_text(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """The narrative of a section."""
    code = node.first("code")
    section = Section(node, code.look("code") if code is not None else "")
    translation.memory.setdefault("sections", {})[node.same()] = section
    text = node.first("text")
    made_of_it = narrative(text, translation, "ccda.section.text") if text is not None else None
    if made_of_it:
        element["text"] = made_of_it
        section.div = made_of_it["div"]


@step("section_entries", "ccda")
def section_entries(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """Every statement in the section's entries."""
    section: Section = translation.memory["sections"][node.same()]
    told: set[str] = set()
    for entry in node.children("entry"):
        for statement in statements(entry):
            if translation.policy("no_known") == "empty-reason" and says_none(statement, translation):
                section.none = words_of_none(statement)
                section.none_of += codes_of_none(statement, translation)
                translation.enter_all(statement, State.TEXT, "ccda.section.none-known", "says that there are none")
                continue
            new = [one for one in made(statement, translation) if one["reference"] not in told]
            section.references += new
            told.update(one["reference"] for one in new)
    if section.references:
        element["entry"] = list(section.references)
    else:
        told_of = [statement for entry in node.children("entry") for statement in statements(entry)]
        section.blank = bool(told_of) and all(is_blank(one, translation) for one in told_of)


@step("section_empty", "ccda")
def section_empty(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """Why a section has no entry (cmp-2), and that one with nothing at all is not available (cmp-1)."""
    if "entry" in element:
        return
    section: Section = translation.memory["sections"][node.same()]
    flavor = node.look("nullFlavor")
    if section.none is not None:
        element["emptyReason"] = {"coding": [{"system": _EMPTY, "code": "nilknown"}]}
        if section.none:
            element["emptyReason"]["text"] = section.none
        if section.none_of:
            element["emptyReason"]["extension"] = [
                {"url": _CONCEPT, "valueCodeableConcept": one} for one in section.none_of
            ]
    elif flavor and (found := translation.concept_map("ccda-empty-section").translate(flavor)):
        element["emptyReason"] = {"coding": [{"system": _EMPTY, "code": found.code}]}
    elif section.blank or ("text" not in element and "section" not in element):
        element["emptyReason"] = {"coding": [{"system": _EMPTY, "code": "unavailable"}]}
    if "text" not in element and "section" not in element:
        element["text"] = {"status": "empty", "div": text_div("The source has no words in this section.")}
