"""The medication of an order, its words, and what was ordered before it was encoded."""

from copy import deepcopy
from typing import Any, Final

from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.converter import converter, step
from gateway.translate.drug import with_codes
from gateway.translate.hl7v2.absent import UNKNOWN
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.dosage import strength
from gateway.translate.hl7v2.leaf import Part, named, peek, reword
from gateway.translate.hl7v2.notes import spoken
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.systems import local
from gateway.translate.translation import Translation

Element = dict[str, Any]
# RXO's fields and those of RXE that say the same of what was encoded; last, where RXO has the units of a number.
_PAIRS: Final = (
    (1, 2, "medication", 0), (2, 3, "dose", 4), (3, 4, "dose up to", 4), (4, 5, "dose units", 0), (5, 6, "form", 0),
    (6, 21, "to the pharmacy", 0), (7, 7, "instruction", 0), (8, 8, "deliver to", 0), (11, 10, "dispense amount", 12),
    (12, 11, "dispense units", 0), (13, 12, "refills", 0), (14, 13, "ordering provider", 0), (15, 14, "verified by", 0),
    (16, 20, "needs review", 0), (17, 22, "per", 0), (18, 25, "strength", 19), (19, 26, "strength units", 0),
    (20, 27, "reason", 0), (21, 23, "rate", 22), (22, 24, "rate units", 0), (23, 19, "daily dose", 0),
    (24, 31, "also coded", 0), (25, 33, "volume", 26), (26, 34, "volume units", 0), (27, 44, "type", 0),
    (32, 40, "pharmacy", 0), (33, 41, "pharmacy's address", 0), (34, 42, "deliver to", 0), (35, 43, "deliver to", 0),
    (36, 45, "pharmacy's telephone", 0),
)  # fmt: skip
_CODED: Final = frozenset({4, 5, 6, 7, 12, 19, 20, 22, 26})
_REFILL_STATUS: Final = f"{BASE}/StructureDefinition/so-refill-status"
# Codes that say whether there was a substitution; the others say what would have been allowed.
_WAS: Final = {"N": False, "G": True, "T": True, "1": False, "7": False}


@step("medication", "hl7v2")
def medication(group: Any, translation: Translation, element: Element) -> None:
    """What is ordered: as it was encoded, else as it was ordered."""
    details = next((part for name in ("ENCODED", "ORDERED") for part in group.parts if part.name == name), None)
    if details is not None:
        own_medication(details, translation, element, map=f"hl7v2.{details.name}.Medication")


@step("own_medication", "hl7v2")
def own_medication(group: Any, translation: Translation, element: Element, map: str = "") -> None:
    """A concept; a Medication of its own when form, strength or components are valued (policy V3)."""
    made: Element = {"resourceType": "Medication", "id": "medication"}
    translation.prefix = "contained[0]."
    translation.run(map, group, made)
    translation.prefix = ""
    _settle(made, element, translation)


@converter("dispense_number", "hl7v2")
def dispense_number(segment: Any, translation: Translation) -> Element | None:
    """RXD-7 and 1: the prescription's number and which dispense of it this is, which together name one dispense."""
    said = [part.text for number in (7, 1) for part in segment.field(number)[:1]]
    if not segment.field(7):
        return None
    return {"type": {"text": "dispense"}, "system": local(translation, "dispense"), "value": "-".join(said)}


@step("more_codes", "hl7v2")
def more_codes(part: Part, translation: Translation, element: Element) -> None:
    """Supplementary codes are further codings of the same drug."""
    _more(part, translation, element, "code")


@step("more_item_codes", "hl7v2")
def more_item_codes(part: Part, translation: Translation, element: Element) -> None:
    """Supplementary codes of a component."""
    _more(part, translation, element, "itemCodeableConcept")


@step("ingredient_of_itself", "hl7v2")
def ingredient_of_itself(segment: Any, translation: Translation, element: Element) -> None:
    """A strength is that of an ingredient; without components it is the drug itself."""
    found = strength(segment, translation)
    if found and "code" in element:
        item = {"itemCodeableConcept": dict(element["code"]), "strength": found}
        element.setdefault("ingredient", []).append(item)


@step("as_ordered", "hl7v2")
def as_ordered(group: Any, translation: Translation, element: Element) -> None:
    """RXO beside RXE: what is the same is said once, what differs in a note, or all of it in an order before (V2)."""
    if translation.policy("rxe_rxo_both") == "two-resources":
        element.setdefault("basedOn", []).append(_original_order(group, translation))
        return
    ordered = next((part for part in group.parts if part.name == "RXO"), None)
    encoded = next(iter(translation_segments(group, "RXE")), None)
    if ordered is None or encoded is None:
        return
    differing = _fields_differing(ordered, encoded, translation)
    for name in ("RXR", "RXC"):
        again = [part for part in translation_segments(group, name) if part.group is not group]
        for segment in (part for part in group.parts if part.name == name):
            differing += _words_differing(segment, again, translation)
    if differing:
        element.setdefault("note", []).append({"text": f"as ordered: {'; '.join(differing)}"})


def _fields_differing(ordered: Any, encoded: Any, translation: Translation) -> list[str]:
    """What RXO says otherwise than RXE, a number with its units."""
    lines, told = [], set()
    for before, after, label, units in _PAIRS:
        kept = {said for part in encoded.field(after) for said in (part.raw, part.peek) if said}
        for part in ordered.field(before):
            words = [label, spoken(part, translation) if before in _CODED else phrase(part)]
            if before in told or part.raw in kept or (part.peek and part.peek in kept):
                continue
            if units:
                told.add(units)
                words += [spoken(unit, translation) for unit in ordered.field(units)]
            lines.append(" ".join(words))
    return lines


def _words_differing(segment: Any, others: list[Any], translation: Translation) -> list[str]:
    """The words of a route or a component that none of those encoded says."""
    said = {number: part for number in range(1, 10) for part in segment.field(number)[:1]}
    words = {number: spoken(part, translation) for number, part in said.items()}
    first = min(said, default=0)
    for other in others:
        held = {number: part.peek for number in said for part in other.field(number)[:1]}
        if said and held.get(first) == said[first].peek:
            differing = [words[number] for number, part in said.items() if held.get(number) != part.peek]
            return [" ".join(differing)] if differing else []
    return [" ".join(words.values())] if words else []


def _original_order(ordered: Any, translation: Translation) -> Element | None:
    """The order without what was encoded of it, as a resource of its own."""
    order = ordered.parent
    alone = type(order)(order.record, order.name, order.parent)
    alone.parts = [part for part in order.parts if part.name != "ENCODED"]
    numbers = [part.raw for orc in order.parts if orc.name == "ORC" for n in (2, 3) for part in orc.field(n)]
    identity = ("original order", *numbers) if numbers else ()
    return translation.make("hl7v2.ORDER.MedicationRequest", alone, identity=identity)


@step("base_or_additive", "hl7v2")
def base_or_additive(part: Part, translation: Translation, element: Element) -> None:
    """RXC-1: an additive is an active part; a base is none, unless that is left open (policy V5)."""
    sent = reword(part, translation)
    if sent == "A":
        element["isActive"] = True
    elif sent == "B" and translation.policy("rxc_base") == "inactive":
        element["isActive"] = False


@step("reasons_diagnosed", "hl7v2")
def reasons_diagnosed(node: Any, translation: Translation, element: Element) -> None:
    """A reason with the code of a diagnosis in the message is that diagnosis."""
    named_so = [one for reason in element.get("reasonCode", ()) for one in reason.get("coding", ())]
    reasons = {(one.get("system"), one.get("code")) for one in named_so}
    for other in translation.resources if reasons else ():
        codings = other.get("code", {}).get("coding", ()) if other["resourceType"] == "Condition" else ()
        if any((one.get("system"), one.get("code")) in reasons for one in codings):
            element.setdefault("reasonReference", []).append({"reference": f"Condition/{other['id']}"})


@converter("refill_status", "hl7v2")
def refill_status(segment: Any, translation: Translation) -> Element | None:
    """RXE-16 to 18: what is left of a prescription, how often it was dispensed, and when last."""
    parts: list[Element] = []
    for number, url in ((16, "remaining"), (17, "dispensed")):
        parts += [
            {"url": url, "valueUnsignedInt": int(part.text)} for part in segment.field(number)[:1] if _is_count(part)
        ]
    for part in segment.field(18)[:1]:
        if (last := named("moment")(part, translation)) is not None:
            parts.append({"url": "last", "valueDateTime": last})
    return {"url": _REFILL_STATUS, "extension": parts} if parts else None


@step("review_needed", "hl7v2")
def review_needed(part: Part, translation: Translation, element: Element) -> None:
    """The pharmacist is to look at it: a tag, and an issue."""
    if part.peek != "Y":
        return
    part.text  # noqa: B018 (counted as read)
    tag = {"system": f"{BASE}/CodeSystem/so-tag", "code": "needs-review"}
    element.setdefault("meta", {}).setdefault("tag", []).append(tag)


@converter("sig", "hl7v2")
def sig(part: Part, translation: Translation) -> str | None:
    """The first instruction in words, verbatim; a coded one is an additional instruction."""
    return None if peek(part, 1) and peek(part, 2) else phrase(part) or None


@step("further_sig", "hl7v2")
def further_sig(part: Part, translation: Translation, element: Element) -> None:
    """Coded instructions, and words beyond the first."""
    if peek(part, 1) and peek(part, 2):
        if made := codeable_concept(part, translation):
            element.setdefault("additionalInstruction", []).append(made)
        return
    said = phrase(part)
    if said and said != element.get("text"):
        element["patientInstruction"] = "\n".join(filter(None, [element.get("patientInstruction", ""), said]))


@converter("new_record", "hl7v2")
def new_record(part: Part, translation: Translation) -> bool:
    """RXA-9 `00`: who sends it has given it."""
    for inner in part.parts():
        reword(inner, translation)
    return True


@step("was_substituted", "hl7v2")
def was_substituted(part: Part, translation: Translation, element: Element) -> None:
    """RXD-11 (table 0167): what was substituted, else why the product stands as it was ordered."""
    sent = part.peek
    said = codeable_concept(part, translation, table="0167")
    if said is None:
        return
    made: Element = {}
    if sent in _WAS:
        made["wasSubstituted"] = _WAS[sent]
    else:
        made["_wasSubstituted"] = deepcopy(UNKNOWN)
    found = translation.concept_map("v2-0167-substitution").translate(sent) if made.get("wasSubstituted") else None
    if found is not None:
        said["coding"].insert(0, {"system": found.system, "code": found.code})
    made |= {"type": said} if sent in ("N", "G", "T") else {"reason": [said]}
    element["substitution"] = made


def _is_count(part: Part) -> bool:
    return part.peek.isdecimal() and len(part.peek) < 10


def translation_segments(group: Any, name: str) -> list[Any]:
    """The segments of a name in the groups beside this one."""
    return [
        part for inner in group.parent.parts if hasattr(inner, "parts") for part in inner.parts if part.name == name
    ]


def _more(part: Part, translation: Translation, element: Element, name: str) -> None:
    held = element.setdefault(name, {})
    if held.get("text") and not any(peek(part, number) for number in (1, 4, 10)):
        return  # other words are no other code, and stay in a note
    made = codeable_concept(part, translation) or {}
    codings = [one for one in made.get("coding", []) if one not in held.get("coding", [])]
    if codings:
        held.setdefault("coding", []).extend(codings)
    if made.get("text"):
        held.setdefault("text", made["text"])


def _settle(made: Element, element: Element, translation: Translation) -> None:
    code = made.get("code")
    if code:
        code = made["code"] = with_codes(code, translation, state=State.MAPPED)
    if set(made) <= {"resourceType", "id", "code"} or translation.policy("medication_as") == "concept":
        if code:
            element["medicationCodeableConcept"] = code
    elif len(made) > 2:
        element["contained"] = [made]
        element["medicationReference"] = {
            "reference": "#medication",
            **({"display": code["text"]} if code and code.get("text") else {}),
        }
