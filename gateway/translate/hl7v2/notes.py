"""NTE to Annotation: lines that follow one another without a time or author of their own are one note."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from gateway.core.ledger import State
from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.leaf import Part, convert
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CLEAR: Final = '""'
_TOLD: Final = (State.MAPPED, State.UNTRANSLATED, State.TEXT, State.IGNORED)


class Segment(Protocol):
    """An NTE as the parser gives it."""

    @property
    def group(self) -> Any:
        """Where it stands."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@step("note_lines", "hl7v2")
def note_lines(nte: Segment, translation: Translation, element: Element, of: str = "") -> None:
    """Add an NTE to the notes of a resource; `of` takes those alone that stand in this group itself."""
    if of and nte.group.name != of:
        return
    said = "\n".join(phrase(part) for part in nte.field(3))
    kind = ", ".join(phrase(part) for part in nte.field(4))
    words = f"{kind}: {said}" if kind and said else said or kind
    if not words:
        return
    for part in nte.field(1):
        translation.enter_all(part, State.IGNORED, "", "set id, carries no clinical meaning")  # type: ignore[arg-type]
    made: Element = {}
    for author in nte.field(5)[:1]:
        if reference := translation.make("hl7v2.XCN.Practitioner", author):  # type: ignore[arg-type]
            made["authorReference"] = reference
    for time in (*nte.field(6), *nte.field(7))[:1]:
        convert(made, "time", time, translation, "date_time")
    notes = element.setdefault("note", [])
    held = translation.memory.get("note")
    if not made and not kind and notes and held is not None and notes[-1] is held:
        held["text"] = f"{held['text']}\n{words}"
        return
    made["text"] = words
    notes.append(made)
    translation.memory["note"] = made


@step("comments", "hl7v2")
def comments(nte: Segment, translation: Translation, element: Element) -> None:
    """Add an NTE to an element of plain words."""
    said = "\n".join(phrase(part) for part in nte.field(3))
    if said:
        element["comment"] = "\n".join(filter(None, [element.get("comment", ""), said]))


@step("kept_in_note", "hl7v2")
def kept_in_note(part: Part, translation: Translation, element: Element, label: str = "") -> None:
    """Words that have no element of their own, in a note with a label."""
    if said := phrase(part):
        element.setdefault("note", []).append({"text": f"{label}: {said}"})


@converter("left_over", "hl7v2")
def left_over(node: Any, translation: Translation, **labels: str) -> Element | None:
    """What no row has put anywhere, as one note of a segment: a line for each field that has a label."""
    lines = _untold_lines(node, translation, labels)
    return {"text": "\n".join(lines)} if lines else None


@converter("left_over_concepts", "hl7v2")
def left_over_concepts(node: Any, translation: Translation, **labels: str) -> list[Element]:
    """The same where concepts stand: one of words alone for each field."""
    return [{"text": line} for line in _untold_lines(node, translation, labels)]


def _untold_lines(node: Any, translation: Translation, labels: dict[str, str]) -> list[str]:
    """The fields of a segment, or the components of a field, by their numbers."""
    lines = []
    for number, label in labels.items():
        parts = node.field(int(number)) if hasattr(node, "field") else filter(None, [node.part(int(number))])
        if said := [words for part in parts if (words := _untold(part, translation))]:
            lines.append(f"{label}: {', '.join(said)}")
    return lines


def _untold(part: Part, translation: Translation) -> str:
    """The leaves of a part that stand in no element yet, as words."""
    below = part.parts()
    if len(below) > 1 or (below and below[0] is not part):
        return " ".join(dict.fromkeys(filter(None, (_untold(one, translation) for one in below))))
    return "" if translation.ledger.state(part.key) in _TOLD else part.text


@step("kept_concept", "hl7v2")
def kept_concept(part: Part, translation: Translation, element: Element, label: str = "") -> None:
    """A code that no map could translate stays in a note."""
    if part.location not in translation.memory.get("translated", ()):
        kept_in_note(part, translation, element, label=label)


@step("cleared", "hl7v2")
def cleared(group: Any, translation: Translation, element: Element) -> None:
    """Two quotation marks ask to clear a value: what is made anew holds none, and that is said."""
    record = group.record
    if _CLEAR not in record.source:
        return
    for leaf in record.leaves():
        if record.value(leaf.key) == _CLEAR:
            translation.ledger.enter(leaf.key, State.IGNORED, because="the sender asks to clear this value")
