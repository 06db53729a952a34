"""Plans: what is planned is never told as done."""

from collections import defaultdict
from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.outcome import BASE
from gateway.translate.ccda.codes import codeable_concept
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent, agreed_status
from gateway.translate.ccda.identifiers import identifier
from gateway.translate.ccda.kinds import has_template
from gateway.translate.ccda.narrative import XHTML, text_div
from gateway.translate.ccda.relations import RELATED, add, add_each
from gateway.translate.ccda.sections import Section, sections
from gateway.translate.ccda.statements import inside, made
from gateway.translate.ccda.times import period
from gateway.translate.converter import converter, step
from gateway.translate.translation import Reference, Resource, Translation

PLANS: Final = ("18776-5", "51847-2", "59772-4")
GOALS: Final = "61146-7"
CONCERNS: Final = "75310-3"
INTERVENTIONS: Final = "62387-6"
OUTCOMES: Final = "11383-7"
_CARE_PLAN: Final = "2.16.840.1.113883.10.20.22.1.15"
_ASSESS_PLAN: Final = {"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}
_ACTIVITY_TITLE: Final = "http://hl7.org/fhir/StructureDefinition/careplan-activity-title"
_PROFILE: Final = f"{BASE}/StructureDefinition/so-outside-careplan"
_TAG: Final = {"system": f"{BASE}/CodeSystem/so-tag", "code": "outside-reported"}
# What R4 lets a plan's activity point to.
_REQUESTS: Final = frozenset(
    {"Appointment", "CommunicationRequest", "DeviceRequest", "MedicationRequest", "NutritionOrder", "Task",
     "ServiceRequest", "VisionPrescription", "RequestGroup"}
)  # fmt: skip


# What is done, or found to have come of it.
_DONE: Final = frozenset(
    {"Procedure", "Observation", "Communication", "Encounter", "Immunization", "MedicationAdministration",
     "MedicationDispense", "DiagnosticReport", "DeviceUseStatement", "Condition"}
)  # fmt: skip


@step("after_sections", "ccda")
def after_sections(node: Element, translation: Translation, resource: Resource) -> None:
    """The care plans that a document as a whole is, or that its sections are."""
    composition = translation.latest("Composition") or {}
    _care_team(translation)
    if _CARE_PLAN in node.templates():
        _whole_plan(node, translation, composition)
    else:
        goals = sections(translation, GOALS)
        for section in sections(translation, *PLANS):
            _plan_of(section, goals, translation, composition)


def _whole_plan(node: Element, translation: Translation, composition: Resource) -> None:
    """A care plan document is one plan; its sections are its words, its goals, its concerns and what is done."""
    plan = _plan(translation, composition, identity=composition.get("identifier"))
    plan["title"] = composition.get("title", "Care plan")
    for event in node.at("documentationOf/serviceEvent"):
        times, status = event.first("effectiveTime"), event.first("sdtc:statusCode")
        if times is not None and "period" not in plan and (found := period(times, translation)):
            plan["period"] = found
        known = translation.concept_map("ccda-care-plan-status").translate(status.look("code")) if status else None
        if known is not None and status is not None:
            status.read("code")
            plan["status"] = known.code
    if "status" not in plan:
        plan["status"] = agreed_status("careplan_status", translation, node)
    for one in node.at("relatedDocument[@typeCode=RPLC]/parentDocument/id"):
        if found := identifier(one, translation):
            add(plan, "replaces", {"type": "CarePlan", "identifier": found})
    told = sections(translation, CONCERNS, GOALS, INTERVENTIONS, OUTCOMES, *PLANS)
    _words(plan, told)
    for section in told:
        _take(plan, section)
    _entitle(plan, translation)
    _keep(plan, translation, ("plan", "document"))


def _plan_of(section: Section, goals: list[Section], translation: Translation, composition: Resource) -> None:
    """A section of plans is a plan of its own."""
    first = section.node.first("id")
    found = identifier(first, translation) if first is not None else None
    plan = _plan(translation, composition, identity=found)
    title = section.node.first("title")
    plan["title"] = (title.words() if title is not None else "") or "Plan of treatment"
    _words(plan, [section])
    _take(plan, section)
    for other in goals:
        _take(plan, other, only=("Goal",))
    if not plan.get("activity") and not plan.get("goal"):
        translation.warn("plan-unstructured", severity=Severity.INFORMATION, node=section.node)
        if translation.policy("plan_narrative_only") == "composition-only":
            return
    plan["status"] = agreed_status("careplan_status", translation, section.node)
    _keep(plan, translation, ("plan", section.node.location))


def _plan(translation: Translation, composition: Resource, identity: Any) -> Resource:
    plan: Resource = {
        "resourceType": "CarePlan",
        "meta": {"profile": [_PROFILE], "tag": [_TAG]},
        "intent": "plan",
        "category": [{"coding": [_ASSESS_PLAN]}],
    }
    if identity:
        plan["identifier"] = [identity]
    if (patient := translation.refer("Patient")) is not None:
        plan["subject"] = patient
    for name in ("date", "_date"):
        if name in composition:
            plan["_created" if name[0] == "_" else "created"] = composition[name]
    allowed = ("Patient", "Practitioner", "PractitionerRole", "Device", "RelatedPerson", "Organization", "CareTeam")
    authors = [one for one in composition.get("author", []) if one.get("reference", "").partition("/")[0] in allowed]
    if authors:
        plan["contributor"] = authors
    if (team := translation.refer("CareTeam")) is not None:
        plan["careTeam"] = [team]
    return plan


def _words(plan: Resource, told: list[Section]) -> None:
    """The narrative: the words of the sections; many readers show nothing else."""
    start = f'<div xmlns="{XHTML}">'
    inside = "".join(one.div.removeprefix(start).removesuffix("</div>") for one in told if one.div)
    div = f"{start}{inside}</div>" if inside else text_div(plan.get("title", "Plan"))
    plan["text"] = {"status": "additional", "div": div}


def _take(plan: Resource, section: Section, only: tuple[str, ...] = ()) -> None:
    told: dict[str, list[Any]] = defaultdict(list)
    for reference in section.references:
        type = reference["reference"].partition("/")[0]
        if only and type not in only:
            continue
        if type == "Goal":
            told["goal"].append(reference)
        elif type == "Condition":
            told["addresses"].append(reference)
        elif type in _REQUESTS:
            told["activity"].append({"reference": reference})
        elif section.code in (INTERVENTIONS, OUTCOMES) and type in _DONE:
            told["activity"].append({"outcomeReference": [reference]})
        elif type == "CareTeam":
            told["careTeam"].append(reference)
        else:
            told["supportingInfo"].append(reference)
    for name, values in told.items():
        add_each(plan, name, values)


def _entitle(plan: Resource, translation: Translation) -> None:
    """The words of an intervention are the title of the activity that it became."""
    titles: dict[str, str] = translation.memory.get("titles", {})
    for activity in plan.get("activity", []):
        references = [activity.get("reference"), *activity.get("outcomeReference", [])]
        for words in {titles[one["reference"]]: 1 for one in references if one and one["reference"] in titles}:
            add(activity, "extension", {"url": _ACTIVITY_TITLE, "valueString": words})


def _keep(plan: Resource, translation: Translation, identity: tuple[str, ...]) -> None:
    if "subject" in plan:
        scope = plan.get("identifier", [{}])[0]
        translation.filled += 1
        translation.add(plan, identity=(*identity, scope.get("system", ""), scope.get("value", "")))


def _care_team(translation: Translation) -> None:
    """The performers of the header, where the document tells of no care team itself."""
    performers: list[tuple[Reference, Element]] = translation.memory.get("performers", [])
    if not performers or translation.refer("CareTeam") is not None:
        return
    members = []
    for who, node in performers:
        function = node.first("functionCode") or node.first("sdtc:functionCode")
        role = codeable_concept(function, translation) if function is not None else None
        times = node.first("time")
        when = period(times, translation) if times is not None else None
        members.append({"role": [role or absent()], "member": who, **({"period": when} if when else {})})
    team: Resource = {"resourceType": "CareTeam", "name": "Performers of the documented care"}
    if (patient := translation.refer("Patient")) is not None:
        team["subject"] = patient
    add_each(team, "participant", members)
    translation.add(team, identity=("performers",))


@step("priority_or", "ccda")
def priority_or(node: Element, translation: Translation, resource: Resource) -> None:
    """A priority that is none of R4's four stands beside, as it was sent."""
    if "priority" not in resource and (found := priority_extension(node, translation)):
        add(resource, "extension", found)


@converter("priority_extension", "ccda")
def priority_extension(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A priority where R4 has no element for one, or not for this one."""
    found = codeable_concept(node, translation)
    return {"url": f"{BASE}/StructureDefinition/so-priority", "valueCodeableConcept": found} if found else None


@step("preferences", "ccda")
def preferences(node: Element, translation: Translation, resource: Resource) -> None:
    """How much something matters, and to whom: who says so and when is an observation of its own."""
    told = node.children("value")[:1] if "priority" not in resource else []
    for child in (*told, *node.children("priorityCode")[:1]):
        if found := priority_extension(child, translation):
            add(resource, "extension", found)
    if node.children("author") or node.children("effectiveTime"):
        for reference in made(node, translation):
            add(resource, "extension", {"url": RELATED, "valueReference": reference})


@step("request_kind", "ccda")
def request_kind(node: Element, translation: Translation, resource: Resource) -> None:
    """An appointment that is asked for is told as such."""
    if node.look("moodCode") == "ARQ" and has_template(node, "4.40"):
        translation.warn("appointment-requested", severity=Severity.INFORMATION, node=node)


@step("plan_entries", "ccda")
def plan_entries(node: Element, translation: Translation, resource: Resource) -> None:
    """A plan that is told as an entry: its parts where a plan has a place for them, and its words."""
    section = Section(node, "", references=[one for inner in inside(node) for one in made(inner, translation)])
    _take(resource, section)
    resource.setdefault("meta", {}).setdefault("tag", [dict(_TAG)])
    resource.setdefault("text", {"status": "generated", "div": text_div(resource.get("title") or "Plan")})
