"""Who said what and when: one Provenance for the document, one for all that somebody wrote at one time."""

from typing import Any, Final

from gateway.translate.ccda.codes import codeable_concept
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.participants import participant
from gateway.translate.ccda.times import day_of, document_day, moment, put
from gateway.translate.converter import step
from gateway.translate.translation import Reference, Resource, Translation

_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_REVIEWS: Final = "participant[functionCode/@code=425268008]"
_ROLES: Final = {
    "author": (_AGENT, "author"),
    "performer": (_AGENT, "performer"),
    "enterer": (_AGENT, "enterer"),
    "informant": (_AGENT, "informant"),
    "recipient": (_PARTICIPATION, "IRCP"),
    "participant": (_PARTICIPATION, "PART"),
    "verifier": (_AGENT, "verifier"),
    "custodian": (_AGENT, "custodian"),
}


@step("provenance_of_document", "ccda")
def provenance_of_document(node: Element, translation: Translation, resource: Resource) -> None:
    """Everybody whom the header names, on the Composition."""
    document = translation.refer("Composition")
    agents = [_agent(role, who) for role, who in translation.memory.get("agents", [])]
    if keeper := translation.memory.get("custodian"):
        agents.append(_agent("custodian", keeper))
    if document is None or not agents:
        return
    made = {"resourceType": "Provenance", "target": [document], "agent": agents}
    _recorded(made, _written(node), node, translation)
    translation.add(made, identity=("document", document["reference"]))


@step("plan_reviews", "ccda")
def plan_reviews(node: Element, translation: Translation, resource: Resource) -> None:
    """Who reviewed the plan and when; a review that is still to come is a remark on the plan."""
    plan = translation.latest("CarePlan")
    for one in node.at(_REVIEWS) if plan is not None else ():
        who, time, code = participant(one, translation), one.first("time"), one.first("functionCode")
        when = time.look("value") if time is not None else ""
        if plan is None or who is None or time is None or not when:
            continue
        with translation.row("ccda.plan-review", "", one):
            if day_of(when) > document_day(translation):
                plan.setdefault("note", []).append({"text": f"Review of the plan: {day_of(time.read('value'))}"})
                continue
            made = {
                "resourceType": "Provenance",
                "target": [{"reference": f"CarePlan/{plan['id']}"}],
                "activity": codeable_concept(code, translation) if code is not None else None,
                "agent": [_agent("verifier", who)],
            }
            _recorded(made, time.read("value"), node, translation)
            translation.add(made, identity=("review", who["reference"], when))


@step("provenance_of_entries", "ccda")
def provenance_of_entries(node: Element, translation: Translation, resource: Resource) -> None:
    """One for each person, role and time, over all that was said then."""
    said: dict[tuple[str, str, str], list[Reference]] = translation.memory.get("authors", {})
    for (role, who, when), targets in said.items():
        distinct = list({one["reference"]: one for one in targets}.values())
        made: dict[str, Any] = {
            "resourceType": "Provenance",
            "target": distinct,
            "agent": [_agent(role, {"reference": who} if who else absent())],
        }
        _recorded(made, when, node, translation)
        translation.add(made, identity=("entries", role, who, when))


def _agent(role: str, who: Reference) -> dict[str, Any]:
    system, code = _ROLES[role]
    return {"type": {"coding": [{"system": system, "code": code}]}, "who": dict(who)}


def _written(node: Element) -> str:
    """When the document was written: the first author's time."""
    times = [one.read("value") for one in node.at("author/time")]
    return next((sent for sent in times if sent), "")


def _recorded(made: dict[str, Any], when: str, node: Element, translation: Translation) -> None:
    """`recorded` is an instant: the author's time where it is one, else the document's, else not known."""
    if when:
        put(made, "occurredDateTime", moment(when, translation))
    stands = made.get("occurredDateTime", "")
    if len(stands) <= 10:
        times = node.first("effectiveTime")
        document: dict[str, Any] = {}
        if times is not None and times.look("value"):
            put(document, "at", moment(times.look("value"), translation))
        stands = document.get("at", "")
    if len(stands) > 10:
        made["recorded"] = stands
    else:
        made["_recorded"] = absent()
