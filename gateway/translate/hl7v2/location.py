"""PL, DLD and NDL to Locations, from the bed up to the facility, and other ways to name a place."""

from typing import Any, Final

from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.coded import coding
from gateway.translate.hl7v2.leaf import Part, named, peek, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.systems import authority, local, say_universal, universal
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_PHYSICAL: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
# Components of PL from the widest to the narrowest, and of NDL that say the same.
_LEVELS: Final = ((4, "si"), (7, "bu"), (8, "lvl"), (1, "wa"), (2, "ro"), (3, "bd"))
_ACTING_LEVELS: Final = ((7, "si"), (10, "bu"), (11, "lvl"), (4, "wa"), (5, "ro"), (6, "bd"))


@converter("location", "hl7v2")
def location(part: Part, translation: Translation) -> Element | None:
    """PL: one Location a level, each part of the wider one; the reference is to the narrowest."""
    return _levels(part, translation, _LEVELS, full=True)


@converter("acting_location", "hl7v2")
def acting_location(part: Part, translation: Translation) -> Element | None:
    """NDL: where somebody acted."""
    return _levels(part, translation, _ACTING_LEVELS, full=False)


@converter("acting_period", "hl7v2")
def acting_period(part: Part, translation: Translation) -> Element | None:
    """NDL: when somebody acted."""
    return between(part.part(2), part.part(3), translation)


@converter("place_reference", "hl7v2")
def place_reference(part: Part, translation: Translation) -> Element | None:
    """A place named by a code with words, or by the parts of a PL (LA1, PL)."""
    if peek(part, 3) and peek(part, 2):
        made: Element = {"resourceType": "Location", "name": text(part, 2)}
        if code := coding(part, translation):
            made["identifier"] = [{"system": code.get("system") or local(translation), "value": code["code"]}]
        return translation.add(made)
    found: Element | None = location(part, translation)
    return found


@converter("discharge_location", "hl7v2")
def discharge_location(part: Part, translation: Translation) -> Element | None:
    """DLD: where somebody was discharged to."""
    said = phrase(part)
    return translation.add({"resourceType": "Location", "name": said}) if said else None


@step("address_of_place", "hl7v2")
def address_of_place(node: Part, translation: Translation, element: Element) -> None:
    """The address of where a role is filled stands with a Location."""
    made = named("address")(node, translation)
    if made:
        place = translation.add({"resourceType": "Location", "address": made})
        element.setdefault("location", []).append(place)


def _levels(part: Part, translation: Translation, levels: tuple[tuple[int, str], ...], *, full: bool) -> Element | None:
    above: Element | None = None
    path: list[str] = []
    said = [(kind, inner) for number, kind in levels if (inner := part.part(number)) and (inner.peek or peek(inner, 2))]
    for position, (kind, inner) in enumerate(said):
        made = _level(kind, inner, translation)
        path.append(f"{kind} {made.get('name') or made['identifier'][0]['value']}")
        if above is not None:
            made["partOf"] = above
        if full and position == len(said) - 1:
            _whole(made, part, translation)
        above = translation.add(made, identity=path)
    if above is None and full:
        only: Element = {"resourceType": "Location"}
        _whole(only, part, translation)
        if len(only) > 1:
            above = translation.add(only)
    return above


def _level(kind: str, inner: Part, translation: Translation) -> Element:
    made: Element = {"resourceType": "Location"}
    if peek(inner, 2):
        uri = universal(peek(inner, 2), peek(inner, 3))
        made["identifier"] = [
            {"system": "urn:ietf:rfc:3986", "value": uri}
            if uri
            else {"system": local(translation), "value": peek(inner, 2)}
        ]
        say_universal(inner, uri, translation)
    if name := inner.text:
        made["name"] = name
    made["physicalType"] = {"coding": [{"system": _PHYSICAL, "code": kind}]}
    return made


def _whole(made: Element, part: Part, translation: Translation) -> None:
    """What is said of the whole place: description, status, kind and its own number."""
    if words := text(part, 9):
        made["description"] = words
        made.setdefault("name", words)
    for number, name, table in ((5, "operationalStatus", "0116"), (6, "type", "0305")):
        inner = part.part(number)
        if inner is not None and (found := coding(inner, translation, table=table)):
            made[name] = found if name == "operationalStatus" else [{"coding": [found]}]
    number_part = part.part(10)
    if number_part is not None and (value := text(number_part, 1)):
        system, _ = authority(part.part(11), translation)
        made.setdefault("identifier", []).append({"system": system or local(translation), "value": value})
