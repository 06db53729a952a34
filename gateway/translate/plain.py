"""Values that read alike in every format without rules of its own for them: words, codes, registry numbers, days."""

from datetime import date
from typing import Any, Final

from gateway.core.record import Node
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.translation import Translation

_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"


@converter("text")
def text(node: Node, translation: Translation) -> str | None:
    """What was written, blanks around it gone."""
    return node.text.strip() or None


@converter("code")
def code(node: Node, translation: Translation, through: ConceptMap) -> str:
    """A FHIR code through a concept map."""
    found = through.translate(node.text.strip())
    if found is None:
        raise NotConvertedError("code-unknown")
    return found.code


@converter("numbered")
def numbered(node: Node, translation: Translation, system: str = "", type: str = "", says: str = "") -> dict[str, Any]:
    """A number of a registry, of a type that table 0203 has, or told in words."""
    kind: dict[str, Any] = {"coding": [{"system": _TYPES, "code": type}]} if type else {"text": says}
    return {"type": kind, **({"system": system} if system else {}), "value": node.text.strip()}


def in_calendar(year: str, month: str | None, day: str | None) -> None:
    """Refuse a day that the calendar does not have, as far as it is told."""
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise NotConvertedError("date-not-in-calendar") from None
