"""How a medicine is taken: directions word for word, a dose and a timing only where the source has them."""

from typing import Any

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.quantities import compared_quantity, quantity, range_, ratio
from gateway.translate.ccda.timing import timing
from gateway.translate.converter import NotConvertedError, step
from gateway.translate.translation import Resource, Translation


@step("directions", "ccda")
def directions(node: Element, translation: Translation, resource: Resource) -> None:
    """Everything a Medication Activity says of how a drug is taken."""
    dosage: dict[str, Any] = {}
    texts = _texts(node, translation)
    if texts:
        dosage["text"] = texts[0]
    notes = texts[1:]
    timing(node, translation, dosage, notes)
    resource.setdefault("note", []).extend({"text": one} for one in notes)
    _needed(node, translation, dosage)
    for name, element in (("routeCode", "route"), ("approachSiteCode", "site")):
        child = node.first(name)
        if child is not None and (found := codeable_concept(child, translation)):
            dosage[element] = found
    _dose(node, translation, dosage)
    maximum = node.first("maxDoseQuantity")
    if maximum is not None and (found := ratio(maximum, translation)):
        dosage["maxDosePerPeriod"] = found
    _instructions(node, translation, dosage)
    if not resource.get("note"):
        resource.pop("note", None)
    if dosage:
        resource["dosageInstruction" if resource["resourceType"] != "MedicationAdministration" else "dosage"] = [dosage]


def _texts(node: Element, translation: Translation) -> list[str]:
    """Directions in words: those of the activity and of a free-text sig inside it."""
    found: list[str] = []
    inner = [
        *node.at("entryRelationship/substanceAdministration[template 4.147]/text"),
        *node.at("entryRelationship/*[code/@code=76662-6]/text"),
    ]
    for one in [*inner, *node.children("text")]:
        words = referenced_words(one, translation)
        if words and words not in found:
            found.append(words)
    for one in node.at("entryRelationship/*[code/@code=76662-6]"):
        translation.enter_all(one, State.IGNORED, "ccda.sig", "says that it is the directions")
    return found


def _needed(node: Element, translation: Translation, dosage: dict[str, Any]) -> None:
    for one in node.at("precondition/criterion"):
        value = one.first("value") or one.first("code")
        concept = codeable_concept(value, translation) if value is not None and value.type in ("CD", "CE", "") else None
        text = one.first("text")
        words = referenced_words(text, translation) if text is not None else ""
        if concept:
            dosage["asNeededCodeableConcept"] = {
                **concept,
                **({"text": words} if words and "text" not in concept else {}),
            }
        elif words:
            dosage["asNeededCodeableConcept"] = {"text": words}
        else:
            dosage["asNeededBoolean"] = True
        return
    if node.children("precondition"):
        dosage["asNeededBoolean"] = True


def _dose(node: Element, translation: Translation, dosage: dict[str, Any]) -> None:
    made: dict[str, Any] = {}
    dose = node.first("doseQuantity")
    if dose is not None:
        _amount(dose, translation, made, "dose")
        unit = node.first("administrationUnitCode")
        held = made.get("doseQuantity")
        if held and "unit" not in held and unit is not None and (concept := codeable_concept(unit, translation)):
            held["unit"] = first_display(concept)
            coded = next((one for one in concept.get("coding", []) if one.get("system")), None)
            if coded:
                held.update(system=coded["system"], code=coded["code"])
        if held and "unit" not in held:
            translation.warn("unit-missing", severity=Severity.INFORMATION, node=dose)
    rate = node.first("rateQuantity")
    if rate is not None:
        _amount(rate, translation, made, "rate")
    if made:
        dosage["doseAndRate"] = [made]


def _amount(node: Element, translation: Translation, made: dict[str, Any], name: str) -> None:
    """A quantity, or a range; a range whose ends are equal is a quantity."""
    try:
        if node.look("value"):
            found = quantity(node, translation)
        else:
            span = range_(node, translation)
            if span and len(span) == 2 and span["low"] != span["high"]:
                made[f"{name}Range"] = span
                return
            found = (
                span.get("low") or span.get("high") if span and len(span) == 2 else compared_quantity(node, translation)
            )
    except NotConvertedError as trouble:
        translation.warn(trouble.code, node=node)
        return
    if found and "comparator" in found:  # a SimpleQuantity has none
        bound = {k: v for k, v in found.items() if k != "comparator"}
        made[f"{name}Range"] = {"low" if found["comparator"].startswith(">") else "high": bound}
    elif found:
        made[f"{name}Quantity"] = found


def _instructions(node: Element, translation: Translation, dosage: dict[str, Any]) -> None:
    supplies = node.at("entryRelationship/supply[template 4.17|2.16.840.1.113883.10.20.1.34]")
    for act in [
        *node.at("entryRelationship/act[template 4.20|4.515]"),
        *(act for supply in supplies for act in supply.at("entryRelationship/act[template 4.20|4.515]")),
    ]:
        text, code = act.first("text"), act.first("code")
        words = referenced_words(text, translation) if text is not None else ""
        if words:
            held = dosage.get("patientInstruction")
            dosage["patientInstruction"] = f"{held}\n{words}" if held else words
        if code is not None and (concept := codeable_concept(code, translation)):
            dosage.setdefault("additionalInstruction", []).append(concept)


@step("given_dose", "ccda")
def given_dose(node: Element, translation: Translation, resource: Resource) -> None:
    """What was given and how; R4 takes a dosage only with a dose (mad-1)."""
    made: dict[str, Any] = {}
    dose, route, site = node.first("doseQuantity"), node.first("routeCode"), node.first("approachSiteCode")
    if dose is not None and dose.look("value") and (found := quantity(dose, translation)):
        made["dose"] = found
    if route is not None and (concept := codeable_concept(route, translation)):
        made["route"] = concept
    if site is not None and (concept := codeable_concept(site, translation)):
        made["site"] = concept
    texts = _texts(node, translation)
    if texts:
        made["text"] = texts[0]
    if "dose" in made:
        resource["dosage"] = made
    else:
        said = [made["text"]] if "text" in made else []
        said += [f"{name.capitalize()}: {first_display(made[name])}" for name in ("route", "site") if name in made]
        resource.setdefault("note", []).extend({"text": one} for one in said)
        if not resource["note"]:
            del resource["note"]
