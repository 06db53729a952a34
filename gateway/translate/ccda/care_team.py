"""Care teams: who cares, who leads, since when and until when."""

from typing import Any, Final

from gateway.translate.ccda import identifiers
from gateway.translate.ccda.codes import display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.kinds import short
from gateway.translate.ccda.participants import participant, role_of
from gateway.translate.ccda.relations import tie
from gateway.translate.ccda.statements import inside, made
from gateway.translate.ccda.times import document_day
from gateway.translate.converter import converter, step
from gateway.translate.translation import Resource, Translation

_ENDED: Final = frozenset({"completed", "aborted", "cancelled"})
_TEAM_PARTS: Final = frozenset({"4.500.1", "4.500.2"})
_MEMBERS: Final = "component/act[template 4.500.1]/performer"
_ALLOWED: Final = "Practitioner PractitionerRole RelatedPerson Patient Organization"


@step("team_lead", "ccda")
def team_lead(node: Element, translation: Translation, resource: Resource) -> None:
    """Who leads stands first; R4 has no place for the fact, so a note tells it."""
    leads = {key for one in node.at("participant[@typeCode=PPRF]/participantRole") for key in identifiers.keys(one)}
    members = [one for one in node.at(_MEMBERS) if (role := role_of(one)) and leads & set(identifiers.keys(role))]
    for member in members:
        who = participant(member, translation, _ALLOWED)
        listed = resource.get("participant", [])
        at = next((n for n, one in enumerate(listed) if one.get("member") == who), None)
        if who is None or at is None:
            continue
        listed.insert(0, listed.pop(at))
        for one in node.at("participant[@typeCode=PPRF]"):
            participant(one, translation, _ALLOWED)
        name = next((one.words() for one in member.at("assignedEntity/assignedPerson/name")), "")
        resource.setdefault("note", []).append({"text": f"Lead: {name}" if name else "The first participant leads."})


@converter("schedule", "ccda")
def schedule(node: Element, translation: Translation) -> dict[str, str] | None:
    """When a member is there, in words."""
    text = node.first("text")
    words = referenced_words(text, translation) if text is not None else ""
    return {"text": f"Schedule: {words}"} if words else None


@converter("team_name", "ccda")
def team_name(node: Element, translation: Translation) -> str | None:
    """What a team is called."""
    return display(node, translation)


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
    for inner in inside(node):
        if not _TEAM_PARTS & set(map(short, inner.templates())):
            for reference in made(inner, translation):
                if reference["reference"].startswith("Encounter/"):
                    resource.setdefault("encounter", reference)
                else:
                    tie(resource, reference)
