"""Words, yes or no, and lines to the primitive datatypes."""

from collections.abc import Sequence
from typing import Any, Protocol

from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.hl7v2.leaf import Part, peek, text
from gateway.translate.translation import Translation

_YES_NO = {"Y": True, "N": False, "YES": True, "NO": False, "T": True, "F": False, "1": True, "0": False}


class Segment(Protocol):
    """A segment as the parser gives it."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@converter("string", "hl7v2")
def string(part: Part, translation: Translation, prefix: str = "") -> str | None:
    """The words as they were sent."""
    said = part.text
    return f"{prefix}{said}" if said else None


@converter("boolean", "hl7v2")
def boolean(part: Part, translation: Translation) -> bool:
    """HL7 table 0136."""
    sent = part.text.upper()
    if sent not in _YES_NO:
        raise NotConvertedError("value-unreadable")
    return _YES_NO[sent]


@converter("words", "hl7v2")
def words(part: Part, translation: Translation, prefix: str = "") -> str | None:
    """What a coded or composite value says, for an element of plain words: all its parts, in order."""
    said = phrase(part)
    return f"{prefix}{said}" if said else None


@converter("display", "hl7v2")
def display(part: Part, translation: Translation) -> str | None:
    """The words of a coded value, else its code; nothing of its system."""
    found = peek(part, 9) or peek(part, 2)
    return (text(part, 9) or text(part, 2)) if found else part.text or None


@converter("lines", "hl7v2")
def lines(segment: Segment, translation: Translation, field: str = "") -> str | None:
    """All repetitions of a field as lines of one text."""
    said = [phrase(part) for part in segment.field(int(field))]
    return "\n".join(filter(None, said)) or None


@converter("note", "hl7v2")
def note(part: Part, translation: Translation, label: str = "") -> dict[str, Any] | None:
    """An Annotation of what has no element of its own; a label says what it is about."""
    said = phrase(part)
    return {"text": f"{label}: {said}" if label else said} if said else None


def phrase(part: Part) -> str:
    """All leaves of a part as words, each counted as read."""
    if part.parts()[0] is part:
        return part.text
    said: list[str] = []
    _gather(part, said)
    return " ".join(dict.fromkeys(said))


def _gather(part: Part, said: list[str]) -> None:
    below = part.parts()
    if len(below) > 1 or below[0] is not part:
        for one in below:
            _gather(one, said)
    elif found := part.text:
        said.append(found)
