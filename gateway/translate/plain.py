"""Values that read alike in every format without rules of its own for them: words, codes, registry numbers, days."""

import binascii
import hashlib
from base64 import b64encode
from datetime import date
from typing import Any, Final

from gateway.core.record import Node
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError, converter, step
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


@converter("count")
def count(node: Node, translation: Translation) -> int:
    """A whole number that is not below nought."""
    sent = node.text.strip()
    if not (sent.isascii() and sent.isdigit() and len(sent) < 10):
        raise NotConvertedError("number-unreadable")
    return int(sent)


@step("bytes")
def bytes_(node: Any, translation: Translation, element: dict[str, Any]) -> None:
    """The size and hash of what the attachment holds."""
    attachment = element["content"][0]["attachment"]
    body = binascii.a2b_base64(attachment["data"])
    attachment["size"] = len(body)
    attachment["hash"] = b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode("ascii")


def in_calendar(year: str, month: str | None, day: str | None) -> None:
    """Refuse a day that the calendar does not have, as far as it is told."""
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise NotConvertedError("date-not-in-calendar") from None
