"""Sections: every section's words are kept, each entry is visited, an empty section says why it is empty."""

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.core.ledger import State
from gateway.translate.ccda.codes import names_none
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.narrative import narrative, text_div
from gateway.translate.ccda.problems import GENERIC
from gateway.translate.ccda.statements import inside, made, statements
from gateway.translate.converter import step
from gateway.translate.translation import Reference, Translation

_EMPTY: Final = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
# What says in a section of problems or medicines that there are none.
_PROBLEM: Final = "2.16.840.1.113883.10.20.22.4.4"
_DRUGS: Final = frozenset({"410942007", "71181003"})  # a drug, a vaccine, and nothing more about it
_DRUG: Final = "consumable/manufacturedProduct/manufacturedMaterial"


@dataclass(slots=True)
class Section:
    """A section that was read: its LOINC code, its words as XHTML, what its entries became."""

    node: Element
    code: str
    div: str = ""
    references: list[Reference] = field(default_factory=list)
    nothing_known: bool = False


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
            if translation.policy("no_known") == "empty-reason" and _says_none(statement, translation):
                section.nothing_known = True
                translation.enter_all(statement, State.TEXT, "ccda.section.none-known", "says that there are none")
                continue
            new = [one for one in made(statement, translation) if one["reference"] not in told]
            section.references += new
            told.update(one["reference"] for one in new)
    if section.references:
        element["entry"] = list(section.references)


@step("section_empty", "ccda")
def section_empty(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """Why a section has no entry (cmp-2), and that one with nothing at all is not available (cmp-1)."""
    if "entry" in element:
        return
    section: Section = translation.memory["sections"][node.same()]
    flavor = node.look("nullFlavor")
    if section.nothing_known:
        element["emptyReason"] = {"coding": [{"system": _EMPTY, "code": "nilknown"}]}
    elif flavor and (found := translation.concept_map("ccda-empty-section").translate(flavor)):
        element["emptyReason"] = {"coding": [{"system": _EMPTY, "code": found.code}]}
    elif "text" not in element and "section" not in element:
        element["emptyReason"] = {"coding": [{"system": _EMPTY, "code": "unavailable"}]}
    if "text" not in element and "section" not in element:
        element["text"] = {"status": "empty", "div": text_div("The source has no words in this section.")}


def _says_none(statement: Element, translation: Translation) -> bool:
    """A negated statement about problems, or medicines, in general: there are none."""
    if statement.name == "act":
        inner = [*inside(statement)]
        return len(inner) == 1 and _PROBLEM in inner[0].templates() and _says_none(inner[0], translation)
    if not statement.denied:
        return False
    if statement.name == "observation" and _PROBLEM in statement.templates():
        value = statement.first("value")
        return value is not None and value.look("code") in GENERIC and names_none(value, GENERIC, translation)
    if statement.name == "substanceAdministration":
        drug = next(iter(statement.at(_DRUG)), None)
        told = drug is not None and any(one.peek for one in drug.below("originalText"))  # whatever words: they are kept
        return not told and names_none(drug, _DRUGS, translation)
    return False
