"""Notes and words: text that stands by itself, as a document, a message or a remark."""

from base64 import b64encode
from typing import Any

from gateway.translate.ccda.codes import referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.header import attachment
from gateway.translate.ccda.medications import value_words
from gateway.translate.ccda.times import moment
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation


@converter("free_words", "ccda")
def free_words(node: Element, translation: Translation) -> dict[str, str] | None:
    """Words written in the entry itself; what it points to in the narrative stands there already."""
    words = node.words()
    return {"text": words} if words else None


@converter("fill_note", "ccda")
def fill_note(node: Any, translation: Translation) -> dict[str, str]:
    """Which fill of a prescription it was."""
    return {"text": f"Fill number {node.text}"}


@converter("turn_note", "ccda")
def turn_note(node: Any, translation: Translation) -> dict[str, str]:
    """Which administration of a medicine it was."""
    return {"text": f"Administration number {node.text}"}


@converter("expected_value", "ccda")
def expected_value(node: Element, translation: Translation) -> dict[str, Any] | None:
    """What a planned observation is to show."""
    found: dict[str, Any] | None = value_words(node, translation)
    return found


@converter("payload", "ccda")
def payload(node: Element, translation: Translation) -> dict[str, str] | None:
    """What a message says."""
    words = referenced_words(node, translation)
    return {"contentString": words} if words else None


@converter("instant_if_one", "ccda")
def instant_if_one(node: Any, translation: Translation) -> str | None:
    """A time, where it was sent with its offset."""
    found = moment(node.peek, translation)
    if isinstance(found, str) and len(found) > 10:
        return str(found) if node.text else None
    return None


@converter("note_text", "ccda")
def note_text(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A note's text as an attachment: the file in it, or its words."""
    if node.look("representation") == "B64":
        return attachment(node, translation)
    words = referenced_words(node, translation)
    if not words:
        return None
    return {"contentType": "text/plain", "data": b64encode(words.encode()).decode("ascii")}


@step("note_content", "ccda")
def note_content(node: Element, translation: Translation, resource: Resource) -> None:
    """R4 asks for content; where there is none, that is said."""
    if not resource.get("content"):
        resource["content"] = [{"attachment": {"title": "No content in the source"}}]
