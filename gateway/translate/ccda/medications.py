"""Medicines: the drug as it was named, directions word for word, structure only where the source has it."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.kinds import has_template
from gateway.translate.ccda.participants import participant
from gateway.translate.ccda.quantities import quantity
from gateway.translate.ccda.times import document_day, period
from gateway.translate.converter import converter, step
from gateway.translate.drug import with_codes
from gateway.translate.translation import Resource, Translation

_MATERIAL: Final = "consumable/manufacturedProduct/manufacturedMaterial"


@step("drug", "ccda")
def drug(node: Element, translation: Translation, resource: Resource, product: str = _MATERIAL) -> None:
    """The drug: its codes in their order, and in text the words of the source."""
    if "medicationCodeableConcept" in resource:
        return
    material = next(iter(node.at(product)), None)
    code = material.first("code") if material is not None else None
    concept = codeable_concept(code, translation) if code is not None else None
    names = [words for one in material.children("name") if (words := one.words())] if material is not None else []
    made = concept or {}
    if not made.get("text"):
        said = names[0] if names else first_display(made) if made else ""
        if said:
            made["text"] = said
    elif names and names[0] != made["text"]:
        resource.setdefault("note", []).append({"text": f"Product name: {names[0]}"})
    if made:
        resource["medicationCodeableConcept"] = with_codes(made, translation, node=node)


@step("product_detail", "ccda")
def product_detail(node: Element, translation: Translation, resource: Resource) -> None:
    """A form or a vehicle needs a Medication; it stands inside the request, the drug's words and codes with it."""
    form = _concept(node.first("administrationUnitCode"), translation)
    vehicles = [
        {"itemCodeableConcept": found, "isActive": False}
        for one in node.at("participant[@typeCode=CSM]/participantRole")
        if not _is_drug(one, resource, translation) and (found := _vehicle(one, translation))
    ]
    if not (form or vehicles) or not resource.get("medicationCodeableConcept"):
        return
    made: dict[str, Any] = {
        "resourceType": "Medication",
        "id": "drug",
        "code": resource.pop("medicationCodeableConcept"),
    }
    if form:
        made["form"] = form
    if vehicles:
        made["ingredient"] = vehicles
    resource["contained"] = [made]
    resource["medicationReference"] = {"reference": "#drug", "display": first_display(made["code"])}


def _is_drug(role: Element, resource: Resource, translation: Translation) -> bool:
    """Whether what is said to carry the drug is the drug, named once more."""
    codes = {one["code"] for one in resource.get("medicationCodeableConcept", {}).get("coding", [])}
    again = any(one.peek in codes for one in role.at("playingEntity/code/@code"))
    if again:
        translation.enter_all(role, State.IGNORED, "ccda.vehicle", "names the drug once more")
    return again


def _vehicle(role: Element, translation: Translation) -> dict[str, Any] | None:
    """What carries the drug; that it is a vehicle is a coarser concept of the same substance."""
    entity = role.first("playingEntity")
    concept = _concept(entity.first("code"), translation) if entity is not None else None
    name = entity.first("name") if entity is not None else None
    words = name.words() if name is not None else ""
    made = concept or ({"text": words} if words else None)
    if made and (kind := _concept(role.first("code"), translation)):
        made["coding"] = [*made.get("coding", []), *kind.get("coding", [])]
    return made


def _concept(node: Element | None, translation: Translation) -> dict[str, Any] | None:
    return codeable_concept(node, translation) if node is not None and node.valued else None


@step("negated_order", "ccda")
def negated_order(node: Element, translation: Translation, resource: Resource) -> None:
    """A negated medicine is one not to be given, or not taken: never an active drug."""
    if not node.denied:
        return
    node.read("negationInd")
    resource["doNotPerform"] = True
    said = "Not to be given" if node.look("moodCode") != "EVN" else "Not taken"
    resource.setdefault("note", []).append({"text": f"{said}: the source negates this statement."})


@step("supply_of", "ccda")
def supply_of(node: Element, translation: Translation, resource: Resource) -> None:
    """A supply order inside: what is to be dispensed; repeatNumber counts the first fill, R4 the refills."""
    for supply in node.at("entryRelationship/supply[template 4.17|2.16.840.1.113883.10.20.1.34]"):
        _state_of_supply(node, supply, translation, resource)
        request = resource.setdefault("dispenseRequest", {})
        amount = supply.first("quantity")
        if amount is not None and (found := quantity(amount, translation)) and "quantity" not in request:
            request["quantity"] = found
        number = supply.first("repeatNumber")
        if number is not None and (fills := refills(number, translation)) is not None:
            request.setdefault("numberOfRepeatsAllowed", fills)
        times = supply.first("effectiveTime")
        if times is not None and (found := period(times, translation)):
            request.setdefault("validityPeriod", found)
        if not request:
            del resource["dispenseRequest"]


def _state_of_supply(node: Element, supply: Element, translation: Translation, resource: Resource) -> None:
    """R4 has one status for a prescription and its supply: one that differs is a note."""
    mine, theirs = node.first("statusCode"), supply.first("statusCode")
    if theirs is None or not theirs.look("code"):
        return
    if mine is not None and mine.look("code") == theirs.look("code"):
        translation.enter_all(theirs, State.IGNORED, "ccda.supply.status", "the prescription has the same")
    else:
        resource.setdefault("note", []).append({"text": f"Status of the supply: {theirs.read('code')}"})


@converter("other_product", "ccda")
def other_product(node: Element, translation: Translation) -> dict[str, str] | None:
    """The product that is to be dispensed, where another one was prescribed."""
    prescribed = _names(next(iter(node.at(f"../../../../../{_MATERIAL}")), None), translation)
    dispensed = _names(node, translation)
    if dispensed <= prescribed:
        translation.enter_all(node, State.IGNORED, "ccda.supply.product", "names the prescribed product once more")
    if not dispensed or prescribed & dispensed:
        return None
    name, concept = node.first("name"), _concept(node.first("code"), translation)
    said = (name.words() if name is not None else "") or (first_display(concept) if concept else "")
    return {"text": f"Product to be dispensed: {said}"}


def _names(material: Element | None, translation: Translation) -> set[str]:
    """What a material is called: its codes, its words."""
    if material is None:
        return set()
    concept = _concept(material.first("code"), translation) or {}
    names = {words.lower() for one in material.children("name") if (words := one.words())}
    return names | {one["code"] for one in concept.get("coding", [])} | {concept.get("text", "").lower()} - {""}


@converter("refills", "ccda")
def refills(node: Element, translation: Translation) -> int | None:
    """How often a drug may be dispensed again; the source counts the first time too."""
    sent = node.look("value")
    if not (sent.isdigit() and len(sent) < 5):
        return None
    return max(int(node.read("value")) - 1, 0)


@step("course_over", "ccda")
def course_over(node: Element, translation: Translation, resource: Resource) -> None:
    """A drug said to be completed whose end is open or still to come: that is told, a policy says which stands."""
    bounds = resource.get("dosageInstruction", [{}])[0].get("timing", {}).get("repeat", {}).get("boundsPeriod")
    if resource.get("status") != "completed" or not bounds:
        return
    end, today = bounds.get("end", ""), document_day(translation)
    exact = min(len(end), len(today))
    if end[:exact] > today[:exact] or not ("end" in bounds or "_end" in bounds):
        translation.warn("status-contradicts-dates", severity=Severity.INFORMATION, node=node)
        resource["status"] = translation.policy("medication_completed_future")


@step("medication_intent", "ccda")
def medication_intent(node: Element, translation: Translation, resource: Resource) -> None:
    """A Medication Activity that is intended is an order, unless a policy says that it is a plan."""
    if node.look("moodCode") == "INT" and has_template(node, "4.16", "4.17"):
        resource["intent"] = translation.policy("medication_int")


@step("requester_or", "ccda")
def requester_or(node: Element, translation: Translation, resource: Resource, allow: str) -> None:
    """Who orders, where the order names nobody: not known, unless a policy lets the author around it stand."""
    if resource.get("intent") != "order" or "requester" in resource:
        return
    if translation.policy("requester") == "conducted-author":
        section = node.within("section")
        around = section.children("author") if section is not None else ()
        for author in around or translation.record.root.children("author"):  # type: ignore[attr-defined]
            if (who := participant(author, translation, allow)) is not None:
                resource["requester"] = who
                return
    resource["requester"] = absent()
    translation.warn("required-missing", severity=Severity.INFORMATION, node=node)


@converter("quantity_note", "ccda")
def quantity_note(node: Element, translation: Translation) -> dict[str, str] | None:
    """How many are asked for; R4 has no place for it on the request for a device."""
    found = quantity(node, translation)
    return {"text": f"Quantity: {found['value']} {found.get('unit', '')}".strip()} if found else None


@converter("value_words", "ccda")
def value_words(node: Element, translation: Translation) -> dict[str, Any] | None:
    """What a planned observation is to show, as an order's detail."""
    if node.look("code") or node.children("translation"):
        return codeable_concept(node, translation)
    if node.type == "BL":
        return {"text": node.read("value")} if node.look("value") else None
    if node.look("value"):
        found = quantity(node, translation)
        return {"text": f"{found['value']} {found.get('unit', '')}".strip()} if found else None
    words = referenced_words(node, translation)
    return {"text": words} if words else None


@step("drug_or", "ccda")
def drug_or(node: Element, translation: Translation, resource: Resource) -> None:
    """R4 asks for a drug; where none is named, that is said."""
    resource.setdefault("medicationCodeableConcept", {"text": "Not named in the source"})


@step("administered", "ccda")
def administered(node: Element, translation: Translation, resource: Resource) -> None:
    """A medicine in the section of those that were given is an administration too."""
    section = node.within("section")
    code = section.first("code") if section is not None else None
    if code is not None and code.look("code") == "29549-3" and node.look("moodCode") == "EVN":
        translation.make("ccda.MedicationActivity.MedicationAdministration", node)
