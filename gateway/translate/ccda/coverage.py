"""Payers and care teams: who pays, who is insured, who cares."""

from typing import Any, Final

from gateway.translate.ccda.codes import display as display_of
from gateway.translate.ccda.codes import referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.identifiers import identifier
from gateway.translate.ccda.participants import is_patient, organization, related_person, role_of
from gateway.translate.ccda.statements import inside, made, negated_wrapper, short, statements
from gateway.translate.ccda.times import document_day
from gateway.translate.converter import converter, step
from gateway.translate.translation import Reference, Resource, Translation

_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
_ENDED: Final = frozenset({"completed", "aborted", "cancelled"})
_TEAM_PARTS: Final = frozenset({"4.500.1", "4.500.2"})


@step("policy", "ccda")
def policy(node: Element, translation: Translation, resource: Resource) -> None:
    """A policy is a coverage, unless the source says that there is none: R4 has no status for that."""
    if not negated_wrapper(node, translation):
        translation.make("ccda.PolicyActivity.Coverage", node)


@step("payors", "ccda")
def payors(node: Element, translation: Translation, resource: Resource) -> None:
    """Who pays: the performer that is a payer, never the guarantor."""
    for performer in node.children("performer"):
        if "4.88" in map(short, performer.templates()):
            continue
        role = role_of(performer)
        if role is None:
            continue
        stands = role.first("representedOrganization")
        found = organization(stands if stands is not None and stands.valued else role, translation)
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
    """A payer's consent to something is no act on the patient: its id stands on what it allows."""
    for inner in inside(node):
        for reference in made(inner, translation):
            allowed = translation.find(reference)
            if allowed is not None and allowed["resourceType"] == "ServiceRequest":
                ids = [found for one in node.children("id") if (found := identifier(one, translation))]
                held = allowed.setdefault("supportingInfo", [])
                held += [{"type": "ClaimResponse", "identifier": one} for one in ids]


@converter("team_name", "ccda")
def team_name(node: Element, translation: Translation) -> str | None:
    """What a team is called."""
    return display_of(node, translation) or None


@step("member_left", "ccda")
def member_left(node: Element, translation: Translation, element: dict[str, Any]) -> None:
    """A member of the past whose last day is not told: the document's day, where a policy says so."""
    status = next(iter(node.at("../statusCode")), None)
    if status is None or status.look("code") not in _ENDED or "end" in element.get("period", {}):
        return
    status.read("code")
    day = document_day(translation) if translation.policy("inactive_member_end") == "document-day" else ""
    if day:
        element.setdefault("period", {})["end"] = day
    else:
        element.setdefault("period", {})["_end"] = absent()


@step("team_rest", "ccda")
def team_rest(node: Element, translation: Translation, resource: Resource) -> None:
    """Each member has a role, if only one that is not known; what else a team's entry holds is made too."""
    for one in resource.get("participant", []):
        one.setdefault("role", [absent()])
    for child in node.children("component"):
        for inner in statements(child):
            if not _TEAM_PARTS & set(map(short, inner.templates())):
                made(inner, translation)
