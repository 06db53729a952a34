"""RF1 and the providers around it: what is asked, by whom, of whom."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.outcome import BASE
from gateway.translate.converter import step
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, convert, reword
from gateway.translate.hl7v2.notes import spoken
from gateway.translate.hl7v2.systems import standard
from gateway.translate.translation import Translation

Element = dict[str, Any]
_DISPOSITION: Final = "http://terminology.hl7.org/CodeSystem/v2-0282"
_REFERRAL_NOTE: Final[Element] = {"coding": [{"system": "http://loinc.org", "code": "57133-1"}]}
_COMPLETE: Final = ("y", "yes", "complete", "completed")
_SECOND_OPINION: Final = ("second opinion", "2nd opinion")


@step("second_opinion", "hl7v2")
def second_opinion(part: Part, translation: Translation, element: Element) -> None:
    """RF1-4: `SO` is what is asked for; other dispositions are details of the order."""
    made = codeable_concept(part, translation, table="0282")
    if made is None:
        return
    if standard("0282", part.peek, translation) == "SO":
        for one in made["coding"]:
            if one["code"] == "SO":
                one["system"] = _DISPOSITION
        element["code"] = made
    else:
        element.setdefault("orderDetail", []).append(made)


@step("referral_code", "hl7v2")
def referral_code(segment: Any, translation: Translation, element: Element) -> None:
    """Without a disposition the code is that of what is ordered, else a referral note's; words alone add none."""
    if "code" not in element and translation.policy("empty_rf1_4") == "second-opinion" and not segment.field(4):
        element["code"] = {"coding": [{"system": _DISPOSITION, "code": "SO"}]}
    said = " ".join(phrase_of(part) for number in (10, 14, 24) for part in segment.field(number)).lower()
    asked = element.get("code", {}).get("coding", [{}])
    if any(words in said for words in _SECOND_OPINION) and asked[0].get("code") != "SO":
        translation.warn("second-opinion-suspected", severity=Severity.INFORMATION, node=segment)
    if "code" not in element:
        element["code"] = _ordered(segment.group, translation) or {"coding": [dict(_REFERRAL_NOTE["coding"][0])]}


def _ordered(message: Any, translation: Translation) -> Element | None:
    """OBR-4 of what has no result yet, else PR1-3 of a procedure without a day: the others say what has been done."""
    for group in message.parts:
        done = group.name == "ORDER" and any(part.name == "OBSERVATION" for part in group.parts)
        for one in getattr(group, "parts", ()) if not done else ():
            field, day = {"OBR": (4, 25), "PR1": (3, 5)}.get(one.name, (0, 0))
            if field and not one.field(day):
                for part in one.field(field)[:1]:
                    return codeable_concept(part, translation)
    return None


@step("authored_by_message", "hl7v2")
def authored_by_message(part: Part, translation: Translation, element: Element) -> None:
    """Without a date of its own the referral was written when the message was."""
    if "authoredOn" not in element and "_authoredOn" not in element:
        translation.warn("date-of-message", severity=Severity.INFORMATION)
        convert(element, "authoredOn", part, translation, "date_time")


@step("requester", "hl7v2")
def requester(group: Any, translation: Translation, element: Element) -> None:
    """PRD by its role: RP refers, RT is referred to, PP is the primary care provider, all are of the care team."""
    reference = translation.make("hl7v2.PROVIDER.PractitionerRole", group)
    provider = next((part for part in group.parts if part.name == "PRD"), None)
    if reference is None or provider is None:
        return
    roles = {part.peek for part in provider.field(1)}
    if "RP" in roles and "requester" not in element:
        element["requester"] = reference
    elif "RP" in roles:
        translation.warn("second-value", node=provider)
    if "RT" in roles:
        element.setdefault("performer", []).append(reference)
    patient = translation.patient
    if "PP" in roles and patient is not None:
        patient.setdefault("generalPractitioner", []).append(reference)
    others = translation.memory.setdefault("care team", [])
    if roles & {"PP", "CP"} or not roles & {"RP", "RT"} or ("RP" in roles and element.get("requester") != reference):
        others.append(
            (
                reference,
                [made for part in provider.field(1) if (made := codeable_concept(part, translation, table="0286"))],
            )
        )


@step("records_complete", "hl7v2")
def records_complete(part: Part, translation: Translation, element: Element) -> None:
    """The sender's word on whether its records are complete: a tag for the checklist if they are, else a note."""
    said = spoken(part, translation)
    if said.lower() in _COMPLETE:
        tag = {"system": f"{BASE}/CodeSystem/so-tag", "code": "records-complete", "display": said}
        element.setdefault("meta", {}).setdefault("tag", []).append(tag)
    elif said:
        element.setdefault("note", []).append({"text": f"records of the referral: {said}"})


@step("gathered", "hl7v2")
def gathered(group: Any, translation: Translation, element: Element) -> None:
    """Diagnoses, insurance and results of the same message belong to the referral."""
    for type, name in (
        ("Condition", "reasonReference"),
        ("Coverage", "insurance"),
        ("ClaimResponse", "insurance"),
        ("DiagnosticReport", "supportingInfo"),
        ("Observation", "supportingInfo"),
        ("DocumentReference", "supportingInfo"),
        ("AllergyIntolerance", "supportingInfo"),
        ("Procedure", "supportingInfo"),
    ):
        found = [{"reference": f"{type}/{one['id']}"} for one in translation.resources if one["resourceType"] == type]
        if found:
            element.setdefault(name, []).extend(found)


@step("contact", "hl7v2")
def contact(segment: Any, translation: Translation, element: Element) -> None:
    """CTD: whom to ask about the referral; who prepared it is an agent of its Provenance."""
    reference = translation.make("hl7v2.CTD.PractitionerRole", segment)
    if reference is not None and not _prepares(segment):
        element.setdefault("supportingInfo", []).append(reference)


@step("preparers", "hl7v2")
def preparers(segment: Any, translation: Translation, element: Element) -> None:
    """CTD of the role PR: who prepared the referral."""
    if _prepares(segment):
        agent: Element = {}
        translation.run("hl7v2.CTD.Provenance.agent", segment, agent)
        element.setdefault("agent", []).append(agent)


def _prepares(segment: Any) -> bool:
    return any(part.peek == "PR" for part in segment.field(1))


@step("preferred_contact", "hl7v2")
def preferred_contact(part: Part, translation: Translation, element: Element) -> None:
    """The preferred method of contact ranks the numbers of that kind first."""
    said = phrase_of(part).lower()
    wanted = next((kind for kind in ("phone", "fax", "email", "pager") if kind in said or said[:2] == kind[:2]), "")
    for one in element.get("telecom", []):
        if wanted and one.get("system") == wanted:
            for inner in part.parts():
                reword(inner, translation)
            one["rank"] = 1
            return


@step("team", "hl7v2")
def team(group: Any, translation: Translation, element: Element) -> None:
    """The providers that neither refer nor are referred to make the care team."""
    members = translation.memory.get("care team", [])
    patient = translation.refer("Patient")
    if not members or patient is None:
        return
    participants = [{**({"role": role} if role else {}), "member": reference} for reference, role in members]
    translation.add({"resourceType": "CareTeam", "subject": patient, "participant": participants})


def phrase_of(part: Part) -> str:
    """The words of a part, not counted as read."""
    return " ".join(filter(None, (part.peek, *(one.peek for one in part.parts()))))
