"""Reading parts of a field by number: `text` counts as read, `peek` only looks, `reword` keeps what FHIR renames."""

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from gateway.core.ledger import State
from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, Primitive, converter_named
from gateway.translate.translation import Translation


class Part(Node, Protocol):
    """A field's repetition, a component or a subcomponent, as the parser gives it."""

    key: int

    @property
    def sent(self) -> str:
        """What stands here as it was sent, escapes and all; counted as read."""

    @property
    def name(self) -> str:
        """The segment's name."""

    def part(self, number: int) -> "Part | None":
        """The n-th part below, when valued."""

    def text_at(self, number: int) -> str:
        """The text of the n-th part below, counted as read; the empty string when it is not valued."""

    def peek_at(self, number: int) -> str:
        """The same, not counted."""

    def parts(self) -> "list[Part]":
        """All valued parts below; a part that is not divided is its own only one."""


def text(part: Part, number: int, below: int = 0) -> str:
    """The text of the n-th part (or of one below it), counted as read; empty when not valued."""
    if not below:
        return part.text_at(number)
    found = part.part(number)
    return found.text_at(below) if found is not None else ""


def peek(part: Part, number: int, below: int = 0) -> str:
    """The same, not counted."""
    if not below:
        return part.peek_at(number)
    found = part.part(number)
    return found.peek_at(below) if found is not None else ""


def reword(part: Part | None, translation: Translation) -> str:
    """The text of a part, counted as read, for a code that FHIR says in a word of its own.

    Such a code stays readable as it was sent, on the Provenance of the message (`source_codes`).
    """
    said = part.text if part is not None else ""
    if said and part is not None:
        translation.memory.setdefault("reworded", {})[part.key] = said
    return said


def at(part: Part, number: int, below: int = 0) -> Part | None:
    """The n-th part, or one below it, when valued."""
    found = part.part(number)
    return found.part(below) if found is not None and below else found


def place(element: dict[str, Any], name: str, made: Any) -> None:
    """Put a converted value into an element that a converter builds; a primitive brings its twin."""
    if isinstance(made, Primitive):
        if made.value is not None:
            element[name] = made.value
        if made.extension:
            element[f"_{name}"] = {"extension": made.extension}
    elif made:
        element[name] = made


def convert(
    element: dict[str, Any],
    name: str,
    part: Part | None,
    translation: Translation,
    converter: str,
    **arguments: Any,
) -> None:
    """Convert one part into an element; a part that cannot be converted fails alone and does not stop the rest."""
    if part is None:
        return
    touched, made = part.record.touched, None
    mark = len(touched)
    try:
        made = named(converter)(part, translation, **arguments)
    except NotConvertedError as refused:
        translation.warn(refused.code, system=refused.system, concept=refused.concept, node=part)  # type: ignore[arg-type]
        for key in touched[mark:]:
            translation.ledger.enter(key, State.FAILED)
        del touched[mark:]
    place(element, name, made)


@cache
def named(converter: str) -> Callable[..., Any]:
    """A converter by the name that tables use."""
    found = converter_named(converter, "hl7v2")
    if found is None:
        raise KeyError(converter)
    return found
