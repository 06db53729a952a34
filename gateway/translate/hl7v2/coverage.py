"""Insurance: who is insured, classes of the plan, and what an authorization says."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.translate.converter import converter, step
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.quantity import exact, money
from gateway.translate.mentions import within
from gateway.translate.resources import Here
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
_SELF: Final = frozenset({"SEL", "SELF", "01", "1"})


@converter("coverage_class", "hl7v2")
def coverage_class(part: Part, translation: Translation, type: str = "") -> list[Element]:
    """A class of the coverage: its value, and its name when the code has words; one for each code that it has."""
    found: list[Element] = []
    for code, said, system in ((1, 2, 3), (4, 5, 6), (10, 11, 12)):
        value, words = text(part, code), text(part, said)
        if not value and not words:
            continue
        reword(part.part(system), translation)
        made: Element = {"type": {"coding": [{"system": _CLASS, "code": type}]}, "value": value or words}
        if words and value:
            made["name"] = words
        found.append(made)
    return found


@converter("cost_to_beneficiary", "hl7v2")
def cost_to_beneficiary(part: Part, translation: Translation) -> Element | None:
    """CP: what the patient pays by this policy; without a price there is none."""
    price = part.part(1)
    if price is None or exact(peek(price, 1)) is None:
        return None
    kind = part.part(2)
    return {
        **({"type": concept} if kind is not None and (concept := codeable_concept(kind, translation)) else {}),
        "valueMoney": money(price, translation),
    }


@step("class_name", "hl7v2")
def class_name(part: Part, translation: Translation, element: Element, type: str = "") -> None:
    """The name of a class that was given by its number, or a class of that name."""
    name = text(part, 1)
    for one in element.get("class", []):
        if name and one["type"]["coding"][0]["code"] == type:
            one["name"] = ", ".join(dict.fromkeys([*filter(None, [one.get("name")]), name]))
            return
    if value := name or text(part, 10) or text(part, 3):
        made = {"type": {"coding": [{"system": _CLASS, "code": type}]}, "value": value}
        element.setdefault("class", []).append(made)


@step("subscriber", "hl7v2")
def subscriber(group: Any, translation: Translation, element: Element) -> None:
    """The insured: the patient when the relationship says self, else a RelatedPerson."""
    segment = next((part for part in group.parts if part.name == "IN1"), None)
    related = next(iter(segment.field(17)), None) if segment is not None else None
    if related is not None and related.peek.upper() in _SELF:
        patient = translation.refer("Patient")
        if patient:
            element["subscriber"] = patient
            _insured_patient(group, translation)
        return
    reference = translation.make("hl7v2.INSURANCE.RelatedPerson", group)
    if reference:
        element["subscriber"] = reference


def _insured_patient(group: Any, translation: Translation) -> None:
    """The insured is the patient: what is said of the insured stands with the patient, or has not landed."""
    patient, said = translation.patient or {}, dict[str, Any]()
    outer, here = translation.here, Here("Patient")
    here.name, translation.here = f"Patient/{patient.get('id')}", here
    translation.run("hl7v2.INSURANCE.RelatedPerson", group, said)
    translation.here = outer
    other = {name for name, value in said.items() if name != "relationship" and not within(value, patient.get(name))}
    for landing, keys in here.landed:
        if landing.element in other:
            translation.ledger.lose(keys, landing)
    here.landed.clear()  # as `make` does


@step("process_note", "hl7v2")
def process_note(part: Part, translation: Translation, element: Element, label: str = "") -> None:
    """A term of the authorization that ClaimResponse has no element for."""
    if said := phrase(part):
        notes = element.setdefault("processNote", [])
        notes.append({"number": len(notes) + 1, "text": f"{label}: {said}"})


@step("payer_second_opinion", "hl7v2")
def payer_second_opinion(segment: Any, translation: Translation, element: Element) -> None:
    """IN3-22 to 25: a second opinion that the payer had or wants is told beside the request, since it is not ours."""
    said = [(label, phrase(part)) for number, label in _PAYERS_OPINION for part in segment.field(number)]
    words = "; ".join(f"{label}: {one}" for label, one in said if one)
    if not words:
        return
    translation.warn("payer-second-opinion", severity=Severity.INFORMATION, node=segment)
    request = translation.latest("ServiceRequest")
    if request is not None:
        request.setdefault("note", []).append({"text": f"second opinion of the payer: {words}"})


_PAYERS_OPINION: Final = ((22, "on"), (23, "status"), (24, "documents"), (25, "by"))


@step("created_by_message", "hl7v2")
def created_by_message(node: Any, translation: Translation, element: Element) -> None:
    """Without a date of its own an authorization was made when the message was, on that day."""
    if "created" in element or "_created" in element:
        return
    sent = next(iter(node.record.by_name["MSH"][0].field(7)), None)
    day = sent.peek[:8] if sent is not None else ""
    if len(day) == 8 and day.isdigit():
        element["created"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    else:
        element["_created"] = {
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
        }
