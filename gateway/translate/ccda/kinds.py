"""Of what kind a statement is: the map that takes it, by its template, else by what it shows itself to be."""

from typing import Final

from gateway.translate.ccda.element import Element
from gateway.translate.ccda.problems import GENERIC
from gateway.translate.ccda.times import is_instant
from gateway.translate.translation import Translation

_TEMPLATES: Final = "2.16.840.1.113883.10.20.22."
PLANNED: Final = frozenset({"INT", "RQO", "PRP", "PRMS", "ARQ", "APT"})
# Of what kind something is, or what a rule asks for: nothing that was, is or is to be done.
FACT: Final = frozenset({"", "EVN"})
DEFINITIONS: Final = frozenset({"DEF", "EVN.CRT"})
MOODS: Final = PLANNED | DEFINITIONS | FACT | {"GOL"}
ENTRY_REFERENCE: Final = "4.122"
# What a statement says happened; a planned act may never become one of these.
_EVENTS: Final = frozenset(
    {
        "Observation", "Procedure", "Encounter", "Immunization", "DiagnosticReport", "Condition", "AllergyIntolerance",
        "MedicationAdministration", "MedicationDispense", "FamilyMemberHistory", "Communication", "CareTeam",
        "DeviceUseStatement",
    }
)  # fmt: skip
_HAPPENED: Final = {
    "observation": "ccda.observation.Observation",
    "act": "ccda.procedure.Procedure",
    "procedure": "ccda.procedure.Procedure",
    "substanceAdministration": "ccda.MedicationActivity.MedicationRequest",
    "supply": "ccda.supply.DeviceRequest",
    "encounter": "ccda.encounter.Encounter",
    "organizer": "ccda.organizer.Observation",
}
_PLANNED: Final = {
    "observation": "ccda.PlannedAct.ServiceRequest",
    "act": "ccda.PlannedAct.ServiceRequest",
    "procedure": "ccda.PlannedAct.ServiceRequest",
    "encounter": "ccda.PlannedAct.ServiceRequest",
    "organizer": "ccda.PlannedAct.ServiceRequest",
    "substanceAdministration": "ccda.MedicationActivity.MedicationRequest",
    "supply": "ccda.supply.DeviceRequest",
}
# What is no order where it is not so yet: that something may come, and what the patient wants.
_FACTS: Final = frozenset({"RiskAssessment", "Consent"})
# The relations that say another thing when they are turned round: the whole is then the part, the reason what followed.
_DIRECTED: Final = frozenset({"RSON", "CAUS", "COMP"})
_BY_CODE: Final = ("CONC", "DOCCLIN")  # classes of acts, told as their code
_PROBLEM: Final = "ccda.ProblemObservation.Condition"
_RELATIVE: Final = "subject/relatedSubject"
_GOAL: Final = "ccda.GoalObservation.Goal"
_APPOINTMENT: Final = "ccda.PlannedEncounter.Appointment"
_SUPPLY: Final = "ccda.PlannedSupply.MedicationRequest"
_DISPENSE: Final = "ccda.MedicationDispense.MedicationDispense"
_DEVICE: Final = "participant/participantRole/playingDevice"
_MEDICINE: Final = "product/manufacturedProduct[template 4.23|4.54]"
_HANDOFF: Final = "4.141"  # written in intent mood, and tells of what was handed over
REFERRAL: Final = "ccda.ReferralAct.ServiceRequest"


def short(root: str) -> str:
    """A template root without what all C-CDA templates share."""
    return root.removeprefix(_TEMPLATES)


def has_template(node: Element, *roots: str) -> bool:
    """Whether a statement claims one of the templates, named in the short form."""
    return any(short(root) in roots for root in node.templates())


def map_of(node: Element, translation: Translation) -> str:
    """The map that takes a statement: by template, else by class and mood; planned acts never one of events."""
    mood, named = node.look("moodCode"), template_map(node, translation)
    if not named or (named == _PROBLEM and node.at(_RELATIVE)):
        named = translation.map_of(_shape(node))
    target = named.split(".", 2)[2].split(".")[0] if named else ""
    if mood in DEFINITIONS or mood not in MOODS or (not named and node.at(_RELATIVE)):
        return ""
    if target in _FACTS and mood not in FACT:
        return ""
    if mood == "GOL" and target != "Bundle":
        return _GOAL
    if mood == "APT" and node.name == "encounter" and _is_booked(node):
        return _APPOINTMENT
    if node.name == "supply" and mood in PLANNED and (named == _DISPENSE or node.at(_MEDICINE)):
        return _SUPPLY
    planned = mood in PLANNED and not has_template(node, _HANDOFF)
    if planned and (not named or target in _EVENTS):
        return _PLANNED[node.name]
    if named and (planned or target not in ("ServiceRequest", "Goal", "NutritionOrder") or not mood):
        return named
    if named and mood == "EVN":
        return _HAPPENED[node.name]
    return named or _HAPPENED[node.name]


def is_turned(node: Element) -> bool:
    """Whether a statement stands in a relation that leads from it to what is around it."""
    relation = node.parent
    return relation is not None and relation.look("inversionInd") == "true" and relation.look("typeCode") in _DIRECTED


def template_map(node: Element, translation: Translation) -> str:
    """The map of the first template that one knows, or the empty string."""
    found = (translation.map_of(f"template {short(root)}") for root in node.templates())
    return next((name for name in found if name), "")


def _is_booked(node: Element) -> bool:
    """Whether both ends of an appointment are instants (app-2, app-3)."""
    ends = [one.peek for one in (*node.at("effectiveTime/low/@value"), *node.at("effectiveTime/high/@value"))]
    return len(ends) == 2 and all(is_instant(one) for one in ends)


def _shape(node: Element) -> str:
    """What a statement without a template that we know shows itself to be."""
    if node.at(_RELATIVE):
        return f"{node.name} of a relative"
    code = node.first("code")
    said = code.look("code") if code is not None else ""
    if said in _BY_CODE:
        return f"{node.name} {said}"
    if node.name == "supply" and node.at(_DEVICE):
        return "supply of a device"
    section = node.within("section")
    around = section.first("code") if section is not None else None
    kind = node.name
    if kind == "observation" and node.first("value") is not None:
        kind = "allergy" if node.at("participant[@typeCode=CSM]") else "problem" if said in GENERIC else kind
    return f"{kind} in {around.look('code')}" if around is not None else ""
