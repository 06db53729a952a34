"""Rows that take a whole segment or group under a condition: what is not for them stays open for others.

A plain row whose condition is false says of all that it was given that it is not applicable. That is right for a field
and wrong for a segment, whose other fields are another row's.
"""

from typing import Any

from gateway.translate.hl7v2.default import default_step
from gateway.translate.hl7v2.leaf import named, place
from gateway.translate.translation import Translation

Element = dict[str, Any]


@default_step("made")
def made(node: Any, translation: Translation, element: Element, map: str = "", to: str = "") -> None:
    """Make the resource of a map, and refer to it from a list when one is named."""
    reference = translation.make(map, node)
    if reference and to and reference not in element.setdefault(to, []):
        element[to].append(reference)
    if to and not element.get(to, True):
        del element[to]


@default_step("converted")
def converted(
    node: Any, translation: Translation, element: Element, to: str = "", convert: str = "", **arguments: str
) -> None:
    """Convert a segment by a converter of that name, and put what comes of it; a path has at most two steps."""
    found = named(convert)(node, translation, **arguments)
    if not found:
        return
    translation.filled += 1
    outer, _, name = to.rpartition(".")
    held = element.setdefault(outer, {}) if outer else element
    if name == "doseAndRate":
        held.setdefault(name, []).append(found)
    elif name not in held:
        place(held, name, found)
