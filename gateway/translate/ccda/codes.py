"""CDA CD, CE, CV, CO, CS to Coding, CodeableConcept and code: every coding that was sent survives, in its order."""

import re
from functools import cache, lru_cache
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.table import texts
from gateway.translate.ccda.element import Element
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.mapping import FOLDER
from gateway.translate.translation import Translation

# Words that deny what they go on to name; they only tell a statement about nothing from one whose code is missing.
LACK: Final = re.compile(r"\b(?:no|none|not|nil|nka|nkda|denies|unknown)\b", re.IGNORECASE)
QUALIFIER: Final = "https://fhir.second-opinion.example/StructureDefinition/so-code-qualifier"
# What senders write as codeSystemName where the OID is missing or is none.
_NAMES: Final = {
    "SNOMED CT": "2.16.840.1.113883.6.96",
    "SNOMED-CT": "2.16.840.1.113883.6.96",
    "LOINC": "2.16.840.1.113883.6.1",
    "RXNORM": "2.16.840.1.113883.6.88",
    "ICD10": "2.16.840.1.113883.6.90",
    "ICD-10-CM": "2.16.840.1.113883.6.90",
    "ICD9": "2.16.840.1.113883.6.103",
    "ICD-9-CM": "2.16.840.1.113883.6.103",
    "CVX": "2.16.840.1.113883.12.292",
    "CPT-4": "2.16.840.1.113883.6.12",
    "CPT": "2.16.840.1.113883.6.12",
    "NDC": "2.16.840.1.113883.6.69",
}


@cache
def _uris() -> dict[str, str]:
    found: dict[str, str] = texts(FOLDER / "codesystems" / "oids.yaml")
    return found


@lru_cache(maxsize=4096)
def known_uri(oid: str) -> str:
    """The URI that FHIR knows a system by, or the empty string."""
    return _uris().get(oid, "")


def is_oid(text: str) -> bool:
    """Whether this is written as an object identifier is."""
    return text[:2] in ("0.", "1.", "2.") and text.replace(".", "").isdigit() and ".." not in text and text[-1] != "."


def system_of(oid: str, name: str = "") -> str:
    """The FHIR system of a code system's OID; of a sender's name for it where there is no OID."""
    if known := known_uri(oid):
        return known
    if oid and is_oid(oid):
        return f"urn:oid:{oid}"
    return known_uri(_NAMES.get(name.strip().upper(), "")) or known_uri(_NAMES.get(oid.strip().upper(), ""))


def passed_over(node: Element, translation: Translation, because: str, *attributes: str) -> None:
    """Attributes that dress a value which is not told."""
    keys = [node.key(one) for one in attributes if node.look(one)]
    translation.ledger.enter_all(keys, State.IGNORED, "ccda.untold", because=because)


@converter("coding", "ccda")
def coding(node: Element, translation: Translation) -> dict[str, Any] | None:
    """The element's own code as Coding."""
    code = " ".join(node.read("code").split())
    if not code:
        passed_over(node, translation, "names the system of a code that is not told", "codeSystem", "codeSystemName")
        return None
    system = system_of(node.read("codeSystem"), node.read("codeSystemName"))
    if not system:
        translation.warn("code-system-unknown", node=node)
    made = {"system": system, "version": node.read("codeSystemVersion"), "code": code}
    made["display"] = " ".join(node.read("displayName").split())
    return {name: value for name, value in made.items() if value}


@converter("codeable_concept", "ccda")
def codeable_concept(node: Element, translation: Translation) -> dict[str, Any] | None:
    """The code, its translations in their order, and the words it stands for."""
    made: dict[str, Any] = {}
    codings = _codings(node, translation)
    if codings:
        made["coding"] = codings
    if words := original_words(node, translation) or (not codings and node.read("displayName")) or "":
        made["text"] = words
    qualifiers = [one for child in node.children("qualifier") if (one := _qualifier(child, translation))]
    if qualifiers and made:
        made["extension"] = qualifiers
    return made or None


@converter("code", "ccda")
def code(node: Any, translation: Translation, through: ConceptMap) -> str:
    """A code translated to one of ours."""
    return str(_translated(node, through).code)


@converter("concept", "ccda")
def concept(node: Any, translation: Translation, through: ConceptMap) -> dict[str, Any]:
    """A code translated to a concept of another system, which R4 asks for: the sent one may not stand there."""
    found = _translated(node, through)
    made: dict[str, Any] = {"coding": [{"system": found.system, "code": found.code}]}
    if hasattr(node, "read") and (words := original_words(node, translation)):
        made["text"] = words
    return made


@converter("untranslated_note", "ccda")
def untranslated_note(node: Element, translation: Translation, through: ConceptMap) -> dict[str, str] | None:
    """A state that R4 does not know, in the source's words."""
    try:
        _translated(node, through)
    except NotConvertedError:
        words = display(node, translation)
        return {"text": f"Status: {words}"} if words else None
    return None


@converter("concept_with_source", "ccda")
def concept_with_source(node: Element, translation: Translation, through: ConceptMap) -> dict[str, Any] | None:
    """The translated concept first, the sender's codings after it."""
    made = codeable_concept(node, translation)
    found = through.translate(node.look("code"))
    if found is not None:
        made = made or {}
        made["coding"] = [{"system": found.system, "code": found.code}, *made.get("coding", [])]
    elif made:
        translation.warn("code-untranslated", concept=node.look("code"), untranslated=node.key("code"))
    return made


@converter("words", "ccda")
def words(node: Element, translation: Translation) -> str | None:
    """The text of an ED or ST, be it inline or a reference into the narrative."""
    return referenced_words(node, translation) or None


@converter("display", "ccda")
def display(node: Element, translation: Translation) -> str | None:
    """The words of a code: its original text, else its display, else a translation's; its codes land elsewhere."""
    if words := original_words(node, translation):
        return words
    named = (" ".join(one.read("displayName").split()) for one in (node, *node.below("translation")))
    return next((words for words in named if words), None)


def first_display(concept: dict[str, Any]) -> str:
    """The words that a concept can be called by."""
    found = concept.get("text") or next((c["display"] for c in concept.get("coding", []) if c.get("display")), "")
    return str(found or next((c["code"] for c in concept.get("coding", []) if c.get("code")), ""))


def original_words(node: Element, translation: Translation) -> str:
    """The original text of a code."""
    original = node.first("originalText")
    if original is None or _is_of_another(node, original, translation):
        return ""
    return referenced_words(original, translation)


def _is_of_another(node: Element, original: Element, translation: Translation) -> bool:
    """Whether a code that has a display points to words of another section: those are another statement's."""
    if not node.look("displayName"):
        return False
    for reference in original.children("reference"):
        target = translation.record.narrative(reference.look("value"), reference)  # type: ignore[attr-defined]
        if target is not None and target.within("section") is not node.within("section"):
            translation.warn("reference-dangling", node=reference)
            return True
    return False


def referenced_words(node: Element, translation: Translation) -> str:
    """The words in an element, or those in the narrative that its reference names."""
    inline = node.words()
    if inline:
        return inline
    for reference in node.children("reference"):
        target = reference.read("value")
        if not target.startswith("#"):
            continue
        found = translation.record.narrative(target, node)  # type: ignore[attr-defined]
        if found is None:
            translation.warn("reference-dangling", node=reference)
        elif said := (row_of(found) if node.name == "text" else found).words():
            return str(said)
    return ""


def row_of(cell: Element) -> Element:
    """The row of a table, where an entry points to a cell that has no word in it, as a day or nothing."""
    around = cell.parent
    silent = cell.name in ("td", "th") and not any(letter.isalpha() for one in cell.whole() for letter in one.peek)
    return around if silent and around is not None and around.name == "tr" else cell


def names_none(entity: Element | None, general: frozenset[str], translation: Translation) -> bool:
    """Whether what is denied is nothing in particular: no code but a general one, no words but that there is none."""
    if entity is None:
        return True
    codes = {one.look("code") for one in (entity, *entity.below("code", "translation"))} - {""}
    said = [*entity.children("name"), *entity.below("originalText")]
    find = translation.record.narrative  # type: ignore[attr-defined]
    pointed = [find(one.look("value"), one) for words in said for one in words.children("reference")]
    said += [one for one in pointed if one is not None]
    words = " ".join(one.pieces()[0] for around in said for one in around.whole()).strip()
    return codes <= general and (not words or LACK.search(words) is not None)


def _codings(node: Element, translation: Translation) -> list[dict[str, Any]]:
    """A code and its translations, those of translations too, each once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    waiting = [node]
    for one in waiting:
        if made := coding(one, translation):
            found.setdefault((made["code"], made.get("system", "")), made)
        waiting += one.children("translation")
    return list(found.values())


def _qualifier(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A qualifier narrows a code; R4's CodeableConcept has no place for it, so it stands beside."""
    parts = []
    for name in ("name", "value"):
        child = node.first(name)
        made = codeable_concept(child, translation) if child is not None else None
        if made:
            parts.append({"url": name, "valueCodeableConcept": made})
    return {"url": QUALIFIER, "extension": parts} if parts else None


def _translated(node: Any, through: ConceptMap) -> Any:
    sent, system = (node.read("code"), node.read("codeSystem")) if hasattr(node, "read") else (node.text, "")
    uri = known_uri(system)
    if hasattr(node, "read"):
        node.read("displayName")
        node.read("codeSystemName")
    found = through.translate(sent, uri) or through.translate(sent)
    if found is None and hasattr(node, "children"):
        for child in node.children("translation"):
            if found := through.translate(child.look("code")):
                child.read("code")
                return found
    if found is None:
        raise NotConvertedError("code-untranslated", State.UNTRANSLATED, system=uri, concept=sent)
    return found
