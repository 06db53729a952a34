"""Procedures, encounters, devices and specimens: what was done, to whom, with what."""

from typing import Any, Final

from gateway.translate.ccda import identifiers
from gateway.translate.ccda.codes import codeable_concept, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.kinds import FACT, PLANNED, has_template
from gateway.translate.ccda.participants import organization
from gateway.translate.ccda.quantities import quantity
from gateway.translate.ccda.relations import add
from gateway.translate.ccda.results import effective
from gateway.translate.ccda.statements import inside, made, negated_wrapper, parts
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Reference, Resource, Translation

_AGE: Final = "4.31"
_UDI: Final = "2.16.840.1.113883.3.3719"
_NOT_DONE: Final = {"Procedure": "not-done", "Immunization": "not-done", "Encounter": "cancelled"}
_DEVICE_USE: Final = {
    "active": "active", "completed": "completed", "aborted": "stopped", "suspended": "on-hold", "held": "on-hold",
    "nullified": "entered-in-error", "new": "intended",
}  # fmt: skip


@step("negation_read", "ccda")
def negation_read(node: Element, translation: Translation, resource: Resource) -> None:
    """A negated act did not take place."""
    if node.denied:
        node.read("negationInd")
        resource["status"] = _NOT_DONE[resource["resourceType"]]


@step("time_of_organizer", "ccda")
def time_of_organizer(node: Element, translation: Translation, resource: Resource) -> None:
    """An observation without a time of its own has that of the organizer it stands in."""
    if any(name.startswith(("effective", "_effective")) for name in resource):
        return
    around = node.parent.parent if node.parent is not None else None
    if around is not None and around.name == "organizer":
        effective(around, translation, resource)


@step("udi", "ccda")
def udi(node: Element, translation: Translation, resource: Resource) -> None:
    """The carrier of a unique device identifier, as a person reads it."""
    for child in node.children("id"):
        if child.look("root") == _UDI and (sent := child.read("extension")):
            resource.setdefault("udiCarrier", []).append({"carrierHRF": sent})


@converter("device", "ccda")
def device(node: Element, translation: Translation) -> Reference | None:
    """A device that takes part; senders give several kinds of device one id, so its kind tells them apart too."""
    role = node.first("participantRole")
    if role is None:
        return None
    ids = [part for key in identifiers.keys(role) for part in key]
    kinds = [one.peek for one in role.at("playingDevice/code/@code")]
    return translation.make("ccda.participantRole.Device", role, identity=(*ids, *kinds) if ids else ())


@converter("product_device", "ccda")
def product_device(node: Element, translation: Translation) -> Reference | None:
    """A product that is a device."""
    return translation.make("ccda.manufacturedProduct.Device", node)


@converter("device_use_status", "ccda")
def device_use_status(node: Any, translation: Translation) -> str:
    """The state of a device's use."""
    found = _DEVICE_USE.get(node.text)
    if found is None:
        raise NotConvertedError("code-unknown")
    return found


@converter("quantity_parameter", "ccda")
def quantity_parameter(node: Element, translation: Translation) -> dict[str, Any] | None:
    """How many of a device are asked for."""
    found = quantity(node, translation)
    return {"code": {"text": "quantity"}, "valueQuantity": found} if found else None


@converter("specimen", "ccda")
def specimen(node: Element, translation: Translation) -> Reference | None:
    """What was taken from the patient."""
    return translation.make("ccda.specimenRole.Specimen", node)


@step("diagnoses", "ccda")
def diagnoses(node: Element, translation: Translation, resource: Resource) -> None:
    """The diagnoses of an encounter that stand in one wrapper."""
    if negated_wrapper(node, translation):
        return
    for inner in parts(node, translation):
        if has_template(inner, _AGE):
            continue
        for reference in made(inner, translation):
            if reference["reference"].startswith(("Condition/", "Procedure/")):
                add(resource, "diagnosis", {"condition": reference})


@converter("codings", "ccda")
def codings(node: Element, translation: Translation) -> list[dict[str, Any]]:
    """All codings of a code."""
    found: list[dict[str, Any]] = (codeable_concept(node, translation) or {}).get("coding", [])
    return found


@step("indication", "ccda")
def indication(node: Element, translation: Translation, resource: Resource) -> None:
    """Why something was done: a finding, an act, or an act named by its id alone, which is no act of its own."""
    if node.look("moodCode") in PLANNED:
        translation.make("ccda.PlannedAct.ServiceRequest", node)
        return
    if node.name == "observation":
        translation.make("ccda.observation.Observation", node)
        return
    code, text = node.first("code"), node.first("text")
    named = code is not None and (code.look("code") or code.words() or code.children("translation"))
    if named or (text is not None and text.valued) or any(True for _ in inside(node)):
        translation.make("ccda.procedure.Procedure", node)
    else:
        translation.memory.setdefault("entry references", {})[node.same()] = node


@step("on_behalf_of", "ccda")
def on_behalf_of(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """For whom a person acted; an organization that acted itself did so for nobody else."""
    found = organization(node, translation)
    if found is not None and found != element.get("actor"):
        element["onBehalfOf"] = found


@step("directive", "ccda")
def directive(node: Element, translation: Translation, resource: Resource) -> None:
    """What the patient wants; where nothing is answered but yes or no, it was asked, and nothing is consented to."""
    if node.look("moodCode") not in FACT:
        translation.warn("mood-not-fact", node=node)
    elif not negated_wrapper(node, translation):
        value = node.first("value")
        documents = (one for around in node.at("reference/externalDocument") for one in around.whole())
        named = value is None or (value.type != "BL" and (value.valued or value.children()))
        wanted = named or any(one.look("extension") or one.look("value") or one.peek for one in documents)
        translation.make("ccda.AdvanceDirective.Consent" if wanted else "ccda.observation.Observation", node)


@converter("value_note", "ccda")
def value_note(node: Element, translation: Translation) -> dict[str, str] | None:
    """What a procedure found."""
    if node.look("value"):
        found = quantity(node, translation)
        return {"text": f"{found['value']} {found.get('unit', '')}".strip()} if found else None
    concept = codeable_concept(node, translation) if node.look("code") else None
    words = first_display(concept) if concept else referenced_words(node, translation)
    return {"text": words} if words else None


@converter("true_only", "ccda")
def true_only(node: Any, translation: Translation) -> bool | None:
    """True where it is said; false says nothing that R4 needs."""
    return True if node.text == "true" else None


@converter("is_so", "ccda")
def is_so(node: Element, translation: Translation) -> bool:
    """That a statement stands there is all that is asked."""
    for child in (node, *node.below("code", "value")):
        child.read("code")
    return True


@converter("reaction", "ccda")
def reaction(node: Element, translation: Translation) -> dict[str, Any] | None:
    """What a vaccine did to the patient, as an observation."""
    found = [one for one in made(node, translation) if one["reference"].startswith("Observation/")]
    return {"detail": found[0]} if found else None


@step("occurrence_or", "ccda")
def occurrence_or(node: Element, translation: Translation, resource: Resource) -> None:
    """When a vaccine was given, where no day can be read: as it was written, or that it is not told."""
    if "occurrenceDateTime" in resource:
        return
    kept = resource.pop("_occurrenceDateTime", {}).get("extension", [{}])[0]
    resource["occurrenceString"] = kept.get("valueString") or "Not told in the source"


@step("effective_or", "ccda")
def effective_or(node: Element, translation: Translation, resource: Resource) -> None:
    """When a medicine was given, where no day can be read: a period that says so."""
    if "effectiveDateTime" in resource or "effectivePeriod" in resource:
        return
    kept = resource.pop("_effectiveDateTime", None)
    resource["effectivePeriod"] = kept or absent()
