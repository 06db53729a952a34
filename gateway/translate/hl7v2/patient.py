"""What PID and PD1 say of a person and Patient keeps in extensions, tags and links."""

import re
from typing import Any, Final

from gateway.core.labels import label, labels_of, united
from gateway.core.outcome import BASE
from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.coded import codeable_concept, coding
from gateway.translate.hl7v2.leaf import Part, reword, text
from gateway.translate.hl7v2.systems import V2, in_table
from gateway.translate.hl7v2.times import birth_time as moment_of_birth
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/"
_RACE: Final = "urn:oid:2.16.840.1.113883.6.238"
_RACE_CODE: Final = re.compile(r"\d{4}-\d", re.ASCII)
# The categories of the Office of Management and Budget; every other code of CDC's system is detail.
_RACES: Final = frozenset({"1002-5", "2028-9", "2054-5", "2076-8", "2106-3"})
_ETHNICITIES: Final = frozenset({"2135-2", "2186-5"})
# HL7 table 0189, for which US Core has CDC's codes.
_ETHNIC_GROUPS: Final = {"H": "2135-2", "N": "2186-5"}


@converter("birth_time", "hl7v2")
def birth_time(part: Part, translation: Translation) -> str | None:
    """The moment of birth, when sent with its offset."""
    return moment_of_birth(part.peek) or None


@converter("county", "hl7v2")
def county(part: Part, translation: Translation) -> Element | None:
    """A county code without an address."""
    said = part.text
    return {"district": said} if said else None


@step("race", "hl7v2")
def race(part: Part, translation: Translation, element: Element) -> None:
    """PID-10 as US Core's race."""
    _categories(part, translation, element, "us-core-race", _RACES, {})


@step("ethnicity", "hl7v2")
def ethnicity(part: Part, translation: Translation, element: Element) -> None:
    """PID-22 as US Core's ethnicity."""
    _categories(part, translation, element, "us-core-ethnicity", _ETHNICITIES, _ETHNIC_GROUPS)


@step("citizenship", "hl7v2")
def citizenship(part: Part, translation: Translation, element: Element) -> None:
    """Each citizenship is an extension of its own."""
    if code := codeable_concept(part, translation):
        inner = [{"url": "code", "valueCodeableConcept": code}]
        element.setdefault("extension", []).append({"url": f"{_CORE}patient-citizenship", "extension": inner})


@step("nationality", "hl7v2")
def nationality(part: Part, translation: Translation, element: Element) -> None:
    """The nationality as an extension."""
    if code := codeable_concept(part, translation):
        inner = [{"url": "code", "valueCodeableConcept": code}]
        element.setdefault("extension", []).append({"url": f"{_CORE}patient-nationality", "extension": inner})


@step("unreliable_identity", "hl7v2")
def unreliable_identity(part: Part, translation: Translation, element: Element) -> None:
    """An identity that the sender does not vouch for is tagged."""
    sent = part.text
    if sent in ("", "N"):
        return
    tag: Element = {"system": f"{BASE}/CodeSystem/so-tag", "code": "identity-unreliable"}
    if sent != "Y":
        tag = {"system": f"{V2}0445", "code": sent} if in_table("0445", sent) else {**tag, "display": sent}
    element.setdefault("meta", {}).setdefault("tag", []).append(tag)


@step("species_unknown", "hl7v2")
def species_unknown(part: Part, translation: Translation, element: Element) -> None:
    """A breed was sent without its species, which the extension must have."""
    for one in element.get("extension", ()):
        if one["url"] == f"{_CORE}patient-animal" and all(inner["url"] != "species" for inner in one["extension"]):
            one["extension"].insert(0, {"url": "species", "valueCodeableConcept": {"text": "unknown"}})


@step("restricted", "hl7v2")
def restricted(part: Part, translation: Translation, element: Element) -> None:
    """A protection indicator, or a confidentiality code (table 0177), as a label (policy V17)."""
    if part.peek == "N":
        reword(part, translation)
        return
    found = translation.concept_map("v2-0177-confidentiality").translate(part.peek)
    made = label(found.code) if found else coding(part, translation, table="0177")
    if found:
        reword(part, translation)
    if made:
        element.setdefault("meta", {}).setdefault("security", []).append(made)


@step("highest_label", "hl7v2")
def highest_label(node: Any, translation: Translation, element: Element) -> None:
    """A resource has one level of confidentiality: of several the highest stands."""
    if labels := labels_of(element):
        element["meta"]["security"] = united(labels)


def _categories(
    part: Part,
    translation: Translation,
    element: Element,
    name: str,
    categories: frozenset[str],
    groups: dict[str, str],
) -> None:
    found: list[Element] = []
    words: list[str] = []
    for at_code, at_text, at_system, at_version in ((1, 2, 3, 7), (4, 5, 6, 8), (10, 11, 12, 13)):
        code, said = text(part, at_code), text(part, at_text)
        meant = groups.get(code, code)
        reword(part.part(at_system), translation)
        if meant != code:
            reword(part.part(at_code), translation)
        coded_here = _RACE_CODE.fullmatch(meant) is not None
        if code and not coded_here and (said or found):
            reword(part.part(at_code), translation)
        if coded_here:
            version = text(part, at_version)
            coded = {"system": _RACE, **({"version": version} if version else {}), "code": meant}
            coded |= {"display": said} if said else {}
            found.append({"url": "ombCategory" if meant in categories else "detailed", "valueCoding": coded})
        words += [said] if said or coded_here or found else [code]
    words = list(dict.fromkeys(filter(None, [*words, text(part, 9)])))
    shown = ", ".join(words) or next((one["valueCoding"]["code"] for one in found), "")
    if not shown:
        return
    held = _extension(element, f"{_US_CORE}{name}")
    for one in found:
        if one not in held["extension"]:
            held["extension"].insert(len(held["extension"]) - _has_text(held), one)
    if _has_text(held):
        said_before = held["extension"][-1]["valueString"]
        held["extension"][-1]["valueString"] = ", ".join(dict.fromkeys([said_before, shown]))
    else:
        held["extension"].append({"url": "text", "valueString": shown})


def _extension(element: Element, url: str) -> Element:
    for one in element.setdefault("extension", []):
        if one["url"] == url:
            found: Element = one
            return found
    made: Element = {"url": url, "extension": []}
    element["extension"].append(made)
    return made


def _has_text(held: Element) -> bool:
    return bool(held["extension"]) and held["extension"][-1]["url"] == "text"
