"""CWE, CNE, CE, ID, IS and ST to Coding, CodeableConcept and code."""

import re
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.conceptmap import ConceptMap, Target
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.systems import V2, coding_system, plain, standard, universal
from gateway.translate.translation import Translation

Element = dict[str, Any]

# Components of one triplet: code, text, system's name, version, system's OID (CWE, sections 2A.2.12).
_LANGUAGES: Final = f"{V2}0296"
_TAG: Final = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")
_TRIPLETS: Final = ((1, 2, 3, 7, 14), (4, 5, 6, 8, 17), (10, 11, 12, 13, 20))


@converter("codeable_concept", "hl7v2")
def codeable_concept(
    part: Part, translation: Translation, table: str = "", through: ConceptMap | None = None
) -> Element | None:
    """All three triplets as codings, the original text verbatim; a translation stands before what was sent."""
    sent = [one for numbers in _TRIPLETS if (one := _coding(part, translation, numbers, table))]
    codings = _translations(part, sent[0], table, through, translation) if sent else []
    codings += [one for one in sent if one not in codings]
    words = text(part, 9) or peek(part, 2) or (peek(part, 5) if not sent else "")
    if words == peek(part, 2):
        words = text(part, 2)
    if not words and not codings:
        words = text(part, 5) or text(part, 11)
    made: Element = {}
    if codings:
        made["coding"] = codings
    if words:
        made["text"] = words
    return made or None


@converter("coding", "hl7v2")
def coding(part: Part, translation: Translation, table: str = "", through: ConceptMap | None = None) -> Element | None:
    """The first triplet; its translation when the map has one."""
    sent = _coding(part, translation, _TRIPLETS[0], table)
    if sent is None:
        return None
    found = _translations(part, sent, table, through, translation)
    if not found:
        return sent
    _reworded(part, translation)
    return found[0]


@converter("code", "hl7v2")
def code(part: Part, translation: Translation, through: ConceptMap | None = None, **table: str) -> str:
    """A code of a required value set: only through a map, never as sent."""
    if through is None:
        return plain(part.text)
    sent, found = part.peek, _lookup(part, through)
    if found is None:
        text(part, 1)
        text(part, 2)
        raise NotConvertedError("code-untranslated", State.FAILED, system=_named(through, part), concept=sent)
    _reworded(part, translation)
    return found.code


@converter("concept_text", "hl7v2")
def concept_text(part: Part, translation: Translation) -> Element | None:
    """A field of words (ST, TX) for an element that takes a concept."""
    words = part.text
    return {"text": words} if words else None


def _coding(part: Part, translation: Translation, numbers: tuple[int, ...], table: str) -> Element | None:
    at_code, at_text, at_system, at_version, at_oid = numbers
    said = part.text_at
    sent = plain(said(at_code))
    if not sent:
        if at_code == 1:  # words alone, of a system that is named
            reword(part.part(at_system), translation)
        return None
    name, oid = peek(part, at_system), peek(part, at_oid)
    system = coding_system(name, oid, table if at_code == 1 else "", sent, translation)
    for number, of in ((at_system, name), (at_oid, oid)):
        if of:
            reword(part.part(number), translation) if of not in system else said(number)
    made: Element = {"system": system} if system else {}
    made["code"] = sent
    if version := said(at_version):
        made["version"] = version
    if words := said(at_text):
        made["display"] = words
    return made


def _translations(
    part: Part, sent: Element, table: str, through: ConceptMap | None, translation: Translation
) -> list[Element]:
    """What a code becomes: by the row's map, else the code of the field's table that the sender's own stands for."""
    if through is not None:
        return _translated(part, sent, through, translation)
    code = standard(table, sent["code"], translation)
    return [{"system": f"{V2}{table}", "code": code}] if code != sent["code"] else []


def _translated(part: Part, sent: Element, through: ConceptMap, translation: Translation) -> list[Element]:
    found = _lookup(part, through)
    if found is None:
        translation.warn(
            "code-untranslated",
            system=sent.get("system", ""),
            concept=sent["code"],
            untranslated=part.key,
        )
        return []
    made = {"system": found.system, "code": found.code}
    if found.display:
        made["display"] = found.display
    return [made]


def _lookup(part: Part, through: ConceptMap) -> Target | None:
    """By the code as sent, then without regard to capitals, then by its words: user tables hold all three."""
    sent, words = part.peek, peek(part, 2)
    for attempt in (sent, sent.upper(), sent.lower(), words.lower()):
        if attempt and (found := through.translate(attempt)) is not None:
            return found
    return None


def _reworded(part: Part, translation: Translation) -> None:
    """A code, its words and its system, which one word of FHIR says."""
    for number in (1, 2, 3):
        reword(part.part(number), translation)


def _named(through: ConceptMap, part: Part) -> str:
    return peek(part, 3) or f"{BASE}/ConceptMap/{through.name}"


@converter("code_if_known", "hl7v2")
def code_if_known(part: Part, translation: Translation, through: ConceptMap) -> str | None:
    """A code of a required value set when the map has one; otherwise nothing, for another row to keep."""
    found = _lookup(part, through)
    if found is None:
        return None
    translation.memory.setdefault("translated", set()).add(part.location)
    _reworded(part, translation)
    return found.code


@converter("concept_in", "hl7v2")
def concept_in(part: Part, translation: Translation, through: ConceptMap, kept: str = "") -> Element | None:
    """A concept of a required value set, with the words sent; a code that has no translation is not put there.

    `kept` names the element that keeps the code as sent, so that it needs not stand here as words.
    """
    found = _lookup(part, through)
    if found is None:
        if part.peek in ("A",):  # an admitting diagnosis says nothing of certainty (table 0052)
            return None
        translation.warn("code-untranslated", concept=part.peek)
        return None
    made: Element = {"coding": [{"system": found.system, "code": found.code}]}
    if words := text(part, 9) or text(part, 2):
        made["text"] = words
    elif not kept and part.peek.lower() != found.code:
        made["text"] = part.peek
    _reworded(part, translation)
    return made


@converter("language", "hl7v2")
def language(part: Part, translation: Translation) -> Element | None:
    """A language: a code of the form that BCP 47 has gets that system, all else its own."""
    made: Element | None = codeable_concept(part, translation)
    for one in (made or {}).get("coding", []):
        ours = one.get("system", _LANGUAGES).startswith((f"{BASE}/sid", _LANGUAGES))
        if ours and _TAG.fullmatch(one["code"]):
            one["system"] = "urn:ietf:bcp:47"
            for number in (3, 6, 12):
                reword(part.part(number), translation)
    return made


@converter("restriction", "hl7v2")
def restriction(part: Part, translation: Translation) -> Element | None:
    """The rule of a restriction, in the sender's words."""
    said = part.text
    return {"text": said} if said else None


@converter("uri", "hl7v2")
def uri(part: Part, translation: Translation) -> str | None:
    """A universal id as a URI."""
    made = universal(part.peek, "")
    return made if made and part.text else None


@converter("labelled", "hl7v2")
def labelled(part: Part, translation: Translation, label: str = "") -> Element | None:
    """All words of a value, with a label, as a concept of text."""
    said = phrase(part)
    return {"text": f"{label}: {said}"} if said else None
