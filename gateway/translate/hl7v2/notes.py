"""NTE to Annotation, and what has no element of its own in notes: readable, said once, with a label."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, Protocol

from gateway.core.issue import Issue, Severity
from gateway.core.ledger import CLEARED, State
from gateway.translate.converter import NotConvertedError, Primitive, converter, step
from gateway.translate.hl7v2.leaf import Part, convert, named, peek, reword, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.resources import Landing
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CLEAR: Final = '""'
_TOLD: Final = (State.MAPPED, State.UNTRANSLATED, State.TEXT, State.IGNORED)


class Segment(Protocol):
    """An NTE as the parser gives it."""

    @property
    def group(self) -> Any:
        """Where it stands."""

    @property
    def record(self) -> Any:
        """The message."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""

    def clears(self, number: int) -> Iterable[int]:
        """The keys of a field that asks to clear what is known of it."""


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
    for part in nte.field(2):  # the source of the comment
        reword(part, translation)
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


@converter("said", "hl7v2")
def said(part: Part, translation: Translation, label: str = "") -> Element | None:
    """An Annotation of a coded value (CWE) that has no element of its own."""
    words = spoken(part, translation)
    return {"text": f"{label}: {words}"} if words else None


@converter("dated_note", "hl7v2")
def dated_note(part: Part, translation: Translation, label: str = "") -> Element:
    """An Annotation of a day or a moment that has no element of its own."""
    return {"text": f"{label}: {day(part, translation)}"}


@converter("amount_note", "hl7v2")
def amount_note(part: Part, translation: Translation, label: str = "") -> Element:
    """An Annotation of a number with its unit that has no element of its own."""
    return {"text": f"{label}: {amount(part, translation)}"}


@converter("spoken", "hl7v2")
def spoken(part: Part, translation: Translation) -> str:
    """The words of a coded value, else its code; what is not said stays as it was sent (`source_codes`)."""
    words = next((number for number in (9, 2, 1, 5, 4) if peek(part, number)), 1)
    found = text(part, words) or phrase(part)
    for one in part.parts():
        for leaf in one.parts():
            if leaf.peek and leaf.peek != found:
                reword(leaf, translation)
            else:
                leaf.text  # noqa: B018 (counted as read)
    return found


def number_in_words(part: Part, translation: Translation) -> str:
    """The number of an EI; whose number it is stays as it was sent."""
    found = text(part, 1)
    for one in part.parts():
        if one.peek != found:
            reword(one, translation)
    return found


def amount(part: Part, translation: Translation) -> str:
    """A number with the words of its unit (CQ)."""
    units = part.part(2)
    return " ".join(filter(None, (text(part, 1), spoken(units, translation) if units is not None else "")))


def day(part: Part, translation: Translation) -> str:
    """A day or a moment as FHIR writes it; what cannot be read as one stands as it was sent."""
    try:
        made = named("date_time")(part, translation)
    except NotConvertedError:
        made = None
    made = made.value if isinstance(made, Primitive) else made
    return str(made) if made else phrase(part)


@converter("left_over", "hl7v2")
def left_over(node: Any, translation: Translation, of: str = "", **labels: str) -> Element | None:
    """What no row has put anywhere, as one note: a line for each field with a label; `of` names what they are of."""
    lines = _untold_lines(node, translation, labels)
    if lines and of:
        lines = [": ".join([*(spoken(part, translation) for part in node.field(int(of))[:1]), ", ".join(lines)])]
    return {"text": "\n".join(lines)} if lines else None


@converter("left_over_concepts", "hl7v2")
def left_over_concepts(node: Any, translation: Translation, **labels: str) -> list[Element]:
    """The same where concepts stand: one of words alone for each field."""
    return [{"text": line} for line in _untold_lines(node, translation, labels)]


@step("left_over_words", "hl7v2")
def left_over_words(node: Any, translation: Translation, element: Element, to: str = "", **labels: str) -> None:
    """The same where plain words stand: lines after those that stand there."""
    if lines := _untold_lines(node, translation, labels):
        element[to] = "\n".join(filter(None, [element.get(to, ""), *lines]))


# How a label begins whose field is a unit beside the number before it, a coded value, a number with its unit, a time.
_SPOKEN: Final = {"+ ": spoken, "~ ": spoken, "# ": amount, "@ ": day}


def _untold_lines(node: Any, translation: Translation, labels: dict[str, str]) -> list[str]:
    """The fields of a segment, or the components of a field, by their numbers."""
    lines: list[str] = []
    before = False  # whether the field before this one has a line
    at = node.field if hasattr(node, "field") else partial(_component, node)
    for number, label in labels.items():
        parts = at(int(number))
        if not parts:
            before = False
            continue
        mark = label[:2] if label[:2] in _SPOKEN else ""
        words = ", ".join(filter(None, (_untold(part, translation, _SPOKEN.get(mark)) for part in parts)))
        if words and before and mark == "+ ":
            lines[-1] += f" {words}"
        elif words:
            lines.append(f"{label.removeprefix(mark)}: {words}")
        before = bool(words)
    return lines


def _component(part: Part, number: int) -> list[Part]:
    found = part.part(number)
    return [found] if found is not None else []


def _untold(part: Part, translation: Translation, speak: Callable[[Part, Translation], str] | None = None) -> str:
    """What stands in no element yet, as words; `speak` says a part that stands nowhere at all."""
    below = part.parts()
    if len(below) > 1 or below[0] is not part:
        if speak is not None and not any(_is_told(one, translation) for one in below):
            return speak(part, translation)
        return " ".join(dict.fromkeys(filter(None, (_untold(one, translation) for one in below))))
    if translation.ledger.state(part.key) in _TOLD:
        return ""
    return speak(part, translation) if speak is not None else part.text


def _is_told(part: Part, translation: Translation) -> bool:
    below = part.parts()
    if len(below) > 1 or below[0] is not part:
        return any(_is_told(one, translation) for one in below)
    return translation.ledger.state(part.key) in _TOLD


@step("kept_concept", "hl7v2")
def kept_concept(part: Part, translation: Translation, element: Element, label: str = "") -> None:
    """A code that no map could translate stays in a note."""
    if part.location not in translation.memory.get("translated", ()):
        kept_in_note(part, translation, element, label=label)


@step("status_in_words", "hl7v2")
def status_in_words(part: Part, translation: Translation, element: Element, to: str = "", label: str = "") -> None:
    """The sender's own word for a status, where it is another than FHIR's."""
    words = spoken(part, translation)
    if words and words.lower().replace(" ", "-") != element.get(to):
        element.setdefault("note", []).append({"text": f"{label}: {words}"})


@step("clears", "hl7v2")
def clears(node: Segment, translation: Translation, element: Element, **elements: str) -> None:
    """Two quotation marks in a field clear an element of what is known (HL7 v2, 2.5.3): the account names it."""
    if not node.record.clears:
        return
    for number, name in elements.items():
        place = Landing(translation.here, name)
        translation.ledger.enter_all(node.clears(int(number)), State.IGNORED, path=place, because=CLEARED)


@step("cleared", "hl7v2")
def cleared(group: Any, translation: Translation, element: Element) -> None:
    """Two quotation marks ask to clear a value: what is made anew holds none."""
    record = group.record
    if not record.clears:
        return
    for key, *_ in record.leaves():
        if record.value(key) == _CLEAR:
            translation.ledger.enter(key, State.IGNORED, because=CLEARED)
            location = record.locate(key)
            translation.issues.append(Issue(Severity.INFORMATION, "clear-asked", location=location))
