"""Numbers of orders and their groups (EI, EIP): the placer's, the filler's, and those of an order named elsewhere."""

from typing import Any

from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.identifier import entity_identifier, person_identifier
from gateway.translate.hl7v2.leaf import Part, peek
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.translation import Translation

Element = dict[str, Any]


@converter("placer_number", "hl7v2")
def placer_number(part: Part, translation: Translation, type: str = "", label: str = "") -> Element | None:
    """The placer's number of a pair; an EI sent in its place is the placer's."""
    number = _of_pair(part, 1)
    return entity_identifier(number, translation, type, label=label) if number is not None else None


@converter("filler_number", "hl7v2")
def filler_number(part: Part, translation: Translation, type: str = "", label: str = "") -> Element | None:
    """The filler's number of a pair."""
    number = _of_pair(part, 2)
    return entity_identifier(number, translation, type, label=label) if number is not None else None


@converter("order_before", "hl7v2")
def order_before(part: Part, translation: Translation) -> Element | None:
    """An order that stands in another message, by its number; the filler's stays in words beside the placer's."""
    made = placer_number(part, translation, "PLAC")
    if made is None:
        made = filler_number(part, translation, "FILL")
    elif (filler := _of_pair(part, 2)) is not None:
        return {"identifier": made, "display": f"{made['value']}, filler's number {phrase(filler)}"}
    return {"identifier": made, "display": made["value"]} if made else None


@step("further_number", "hl7v2")
def further_number(part: Part, translation: Translation, element: Element) -> None:
    """Another field that names the same prescriber may bring another number, such as one for controlled substances."""
    held = translation.find(element["practitioner"]) if "practitioner" in element else None
    name = held.get("name", [{}])[0] if held is not None else {}
    if held is None or (name.get("family"), name.get("given", [""])[0]) != (peek(part, 2), peek(part, 3)):
        return
    if (made := person_identifier(part, translation)) and made not in held.setdefault("identifier", []):
        held["identifier"].append(made)
    phrase(part)


def _of_pair(part: Part, number: int) -> Part | None:
    """One number of an EIP; a part without subcomponents is an EI, unless it begins with nothing."""
    first, second = part.part(1), part.part(2)
    paired = any(one is not None and one.part(2) is not None for one in (first, second))
    if paired or first is None:
        return part.part(number)
    return part if number == 1 else None
