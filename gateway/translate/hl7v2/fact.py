"""Facts that R4 has no element for, as components of one Observation: a label, and what the source says."""

from typing import Any

from gateway.translate.converter import converter
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, convert
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.translation import Translation

Element = dict[str, Any]


@converter("fact", "hl7v2")
def fact(part: Part, translation: Translation, label: str = "", table: str = "") -> Element | None:
    """A coded fact; `table` is the one that the field is bound to."""
    said = codeable_concept(part, translation, table=table)
    return {"code": {"text": label}, "valueCodeableConcept": said} if said else None


@converter("fact_in_words", "hl7v2")
def fact_in_words(part: Part, translation: Translation, label: str = "") -> Element | None:
    """A fact of several parts, in their order."""
    said = phrase(part)
    return {"code": {"text": label}, "valueString": said} if said else None


@converter("dated_fact", "hl7v2")
def dated_fact(part: Part, translation: Translation, label: str = "") -> Element:
    """A day or a moment."""
    made: Element = {"code": {"text": label}}
    convert(made, "valueDateTime", part, translation, "date_time")
    return made
