"""Payers: who pays, who is insured, what they agreed to."""

from typing import Any, Final

from gateway.translate.ccda.codes import referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.identifiers import identifier
from gateway.translate.ccda.kinds import FACT, short
from gateway.translate.ccda.participants import is_patient, organization, person_of, related_person, role_of
from gateway.translate.ccda.relations import add, tie
from gateway.translate.ccda.statements import inside, made, negated_wrapper
from gateway.translate.ccda.times import day_of
from gateway.translate.converter import converter, step
from gateway.translate.translation import Reference, Resource, Translation

_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"


@step("policy", "ccda")
def policy(node: Element, translation: Translation, resource: Resource) -> None:
    """A policy is a coverage, unless the source says that there is none, or none yet: R4 has no status for that."""
    if node.look("moodCode") not in FACT:
        translation.warn("mood-not-fact", node=node)
    elif not negated_wrapper(node, translation):
        translation.make("ccda.PolicyActivity.Coverage", node)
        for performer in node.at("performer[template 4.88]"):
            translation.make("ccda.guarantor.Account", performer)


@step("payors", "ccda")
def payors(node: Element, translation: Translation, resource: Resource) -> None:
    """Who pays: the performer that is a payer, never the guarantor."""
    for performer in node.children("performer"):
        if "4.88" in map(short, performer.templates()):
            continue
        found = payer(performer, translation)
        if found is not None and found not in resource.get("payor", []):
            resource.setdefault("payor", []).append(found)


@step("plans", "ccda")
def plans(node: Element, translation: Translation, resource: Resource) -> None:
    """The plan that a policy belongs to."""
    for act in node.at("entryRelationship/act[@moodCode=DEF]"):
        first, text = act.first("id"), act.first("text")
        found = identifier(first, translation) if first is not None else None
        name = referenced_words(text, translation) if text is not None else ""
        value = (found or {}).get("value") or name
        if value:
            made_of_it: dict[str, Any] = {"type": {"coding": [{"system": _CLASS, "code": "plan"}]}, "value": value}
            resource.setdefault("class", []).append({**made_of_it, **({"name": name} if name else {})})


@converter("subscriber", "ccda")
def subscriber(node: Element, translation: Translation) -> Reference | None:
    """Who holds the policy: the patient, where the source says so by an id or as `SELF`, or another person."""
    role = role_of(node)
    covered = node.at("../participant[@typeCode=COV]/participantRole/code/@code")
    if any(one.peek == "SELF" for one in covered) or (role is not None and is_patient(role, translation)):
        return translation.refer("Patient")
    return related_person(node, translation)


@step("authorization", "ccda")
def authorization(node: Element, translation: Translation, resource: Resource) -> None:
    """A payer's consent is no act on the patient: an answer to a claim, or its number alone, on what it allows."""
    if negated_wrapper(node, translation):
        return
    answer = translation.make("ccda.Authorization.ClaimResponse", node) if _is_answer(node) else None
    for inner in inside(node):
        for reference in made(inner, translation):
            allowed = translation.find(reference)
            if allowed is None or allowed["resourceType"] != "ServiceRequest":
                continue
            if answer is not None:
                tie(allowed, answer)
                continue
            ids = [found for one in node.children("id") if (found := identifier(one, translation))]
            for one in ids:
                add(allowed, "supportingInfo", {"type": "ClaimResponse", "identifier": one})


def _is_answer(node: Element) -> bool:
    """Whether all is told that R4 asks of an answer: its kind, its day, who gave it, that it is complete."""
    told = ("code/@code", "effectiveTime/@value", "../../performer[template 4.87]")
    return all(node.at(one) for one in told) and any(one.peek == "completed" for one in node.at("statusCode/@code"))


@step("insured", "ccda")
def insured(node: Element, translation: Translation, resource: Resource) -> None:
    """Whom a policy covers: born on another day than the patient, it is another person, and that is told."""
    born, mine = day_of(node.look("value")), (translation.patient or {}).get("birthDate", "")
    if born and mine and born[: len(mine)] != mine[: len(born)]:
        translation.warn("insured-differs", node=node)
    elif born and mine:
        node.read("value")


@converter("payer", "ccda")
def payer(node: Element, translation: Translation) -> Reference | None:
    """The organization behind a performer."""
    role = role_of(node)
    if role is None:
        return None
    stands = role.first("representedOrganization")
    return organization(stands if stands is not None and stands.valued else role, translation)


@converter("group", "ccda")
def group(node: Element, translation: Translation) -> dict[str, Any] | None:
    """The group that a policy belongs to, under its number."""
    if not node.look("extension"):
        return None
    return {"type": {"coding": [{"system": _CLASS, "code": "group"}]}, "value": node.read("extension")}


@converter("guarantor", "ccda")
def guarantor(node: Element, translation: Translation) -> Reference | None:
    """Who answers for the costs: the patient, another person, or an organization."""
    role = role_of(node)
    if role is None:
        return None
    if is_patient(role, translation):
        return translation.refer("Patient")
    return related_person(node, translation) if person_of(role) is not None else payer(node, translation)
