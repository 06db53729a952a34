"""Answers of a form to FHIR: texts as they were written, dates as far as they are known, ticks as statements."""

import re
from datetime import date as calendar_day
from html import escape
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.translation import Translation

XHTML: Final = "http://www.w3.org/1999/xhtml"
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


@converter("text", "form")
def text(node: Node, translation: Translation) -> str | None:
    """The answer as it was written, blanks around it gone."""
    return node.text.strip() or None


@converter("date", "form")
def date(node: Node, translation: Translation) -> str:
    """A year, a month or a day, as far as it is known; a day that could be two days is refused."""
    sent = _iso(node.text.strip())
    found = _DATE.fullmatch(sent)
    if found is None:
        raise NotConvertedError("date-unreadable")
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        calendar_day(year, month, day)
    except ValueError:
        raise NotConvertedError("date-not-in-calendar") from None
    return sent


def _iso(sent: str) -> str:
    """A sheet's 03/25/1961, or 25/03/1961, can only be one day; 03/04/1961 can be two and stays unread."""
    found = _SLASHED.fullmatch(sent)
    if found is None:
        return sent
    first, second, year = int(found[1]), int(found[2]), found[3]
    if first == second or second > 12 >= first:
        return f"{year}-{first:02}-{second:02}"
    if first > 12 >= second:
        return f"{year}-{second:02}-{first:02}"
    return sent


@converter("code", "form")
def code(node: Node, translation: Translation, through: ConceptMap) -> str:
    """A FHIR code through a concept map."""
    return _target(node, through)["code"]


@converter("concept", "form")
def concept(node: Node, translation: Translation, through: ConceptMap) -> dict[str, Any]:
    """A CodeableConcept through a concept map; what the map leaves open stays as text."""
    try:
        return {"coding": [_target(node, through)]}
    except NotConvertedError:
        translation.warn("code-untranslated", state=State.UNTRANSLATED)
        return {"text": node.peek.strip()}


def _target(node: Node, through: ConceptMap) -> dict[str, str]:
    found = through.translate(node.text.strip().lower())
    if found is None:
        raise NotConvertedError("code-unknown")
    coding = {"system": found.system, "code": found.code, "display": found.display}
    return {name: value for name, value in coding.items() if value}


@converter("flag", "form")
def flag(node: Node, translation: Translation) -> bool:
    """A box that was ticked."""
    return _ticked(node)


@converter("statement", "form")
def statement(node: Node, translation: Translation, says: str) -> dict[str, str] | None:
    """A box that was ticked, as a note in words; one that says no is a note too."""
    return {"text": says if _ticked(node) else f"No: {says}"}


def _ticked(node: Node) -> bool:
    said = node.text.strip().lower()
    if said in ("true", "yes", "y", "1"):
        return True
    if said in ("false", "no", "n", "0"):
        return False
    raise NotConvertedError("value-unreadable")


@converter("noted", "form")
def noted(node: Node, translation: Translation, under: str) -> dict[str, str]:
    """An answer as a note under its question."""
    return {"text": f"{under}: {node.text.strip()}"}


@converter("narrative", "form")
def narrative(node: Node, translation: Translation) -> dict[str, str]:
    """A text of several lines as FHIR narrative: all that is said is in it."""
    lines = "<br/>".join(escape(line, quote=False) for line in node.text.strip().splitlines())
    return {"status": "additional", "div": f'<div xmlns="{XHTML}"><p>{lines}</p></div>'}


@converter("record_number", "form")
def record_number(node: Node, translation: Translation) -> dict[str, Any]:
    """A number of the sender's own, in the sender's own namespace and never in ours."""
    clinic = translation.sender.clinic or "unknown"
    return {"system": f"{BASE}/sid/sender/{clinic}/mrn", "value": node.text.strip()}


@converter("reference_number", "form")
def reference_number(node: Node, translation: Translation) -> dict[str, Any]:
    """The sender's number of the referral."""
    clinic = translation.sender.clinic or "unknown"
    return {"system": f"{BASE}/sid/sender/{clinic}/referral", "value": node.text.strip()}


@converter("diagnosis_code", "form")
def diagnosis_code(node: Node, translation: Translation) -> dict[str, str]:
    """An ICD-10-CM code as it was written, in capitals."""
    return {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": node.text.strip().upper()}


@converter("no_known_allergies", "form")
def no_known_allergies(node: Node, translation: Translation) -> str | None:
    """The tick that says there are none."""
    return "No known allergies" if _ticked(node) else None


@converter("treatment_words", "form")
def treatment_words(node: Node, translation: Translation) -> dict[str, str]:
    """The state of treatment as narrative, where nothing more was told."""
    said = escape(node.text.strip(), quote=False)
    return {"status": "additional", "div": f'<div xmlns="{XHTML}"><p>Treatment: {said}</p></div>'}
