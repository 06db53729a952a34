"""Clinical statements: each visited once, the same act in two places made once."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda import identifiers
from gateway.translate.ccda.blanks import is_blank
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.kinds import (
    DEFINITIONS,
    ENTRY_REFERENCE,
    FACT,
    REFERRAL,
    has_template,
    is_turned,
    map_of,
    short,
    template_map,
)  # fmt: skip
from gateway.translate.ccda.narrative import in_words
from gateway.translate.ccda.participants import participant
from gateway.translate.ccda.relations import add, tie, tie_each
from gateway.translate.converter import step
from gateway.translate.mentions import DIRECTORY
from gateway.translate.translation import Reference, Resource, Translation

CLASSES: Final = (
    "observation", "act", "procedure", "substanceAdministration", "supply", "encounter", "organizer",
)  # fmt: skip
# What R4 has no way of saying "not" of: a negated one stays in the narrative's words.
_CANNOT_BE_NEGATED: Final = frozenset(
    {
        "Appointment", "CarePlan", "Communication", "CommunicationRequest", "Consent", "Coverage", "DeviceRequest",
        "DeviceUseStatement", "DocumentReference", "Goal", "MedicationDispense", "NutritionOrder",
    }
)  # fmt: skip
_SLOTS: Final = ("code", "statusCode", "value", "text", "consumable", "product")  # what a blank statement leaves open
_INDICATION: Final = "4.19"  # what rows read of it is that it is a reason
RELATIONS: Final = ("entryRelationship", "component")
DENIED: Final = "the source negates it; its words stay in the narrative"
# What R4 names no performer of: whoever found it out stands on the Provenance.
_NO_PERFORMER: Final = frozenset({"Condition", "AllergyIntolerance"})
# Made beside the statements and reached through them.
_ASIDE: Final = DIRECTORY | {"Specimen", "Medication", "Provenance"}


def statements(node: Element) -> Iterator[Element]:
    """The clinical statements directly in an entry, an entry relationship or a component."""
    for child in node.children():
        if child.name in CLASSES:
            yield child


def made(node: Element, translation: Translation) -> list[Reference]:
    """What a statement becomes: made now, or when it was met before."""
    known = _memory(translation, "made")
    if node.same() in known:
        found: list[Reference] = known[node.same()]
        return found
    if ENTRY_REFERENCE in map(short, node.templates()):
        _memory(translation, "entry references")[node.same()] = node
        return []
    known[node.same()] = []
    references = _same_act(node, translation) or _make(node, translation)
    known[node.same()] = references
    _remember(node, references, translation)
    return references


def made_of(node: Element, translation: Translation) -> list[Reference]:
    """What a statement became."""
    found: list[Reference] = _memory(translation, "made").get(node.same(), [])
    return found


def stand_for(node: Element, reference: Reference, translation: Translation) -> None:
    """A wrapper is what stands elsewhere already."""
    _memory(translation, "stands for").setdefault(node.same(), []).append(reference)


def clinical(resources: list[Resource]) -> list[Reference]:
    """References to those resources that stand for statements."""
    return [{"reference": f"{r['resourceType']}/{r['id']}"} for r in resources if r["resourceType"] not in _ASIDE]


@step("nested", "ccda")
def nested(node: Element, translation: Translation, resource: Resource, but: str = "") -> None:
    """Make what is nested in a statement and no other row holds; of one that is negated only why it was not so."""
    held = but.split()
    references: list[Reference] = []
    for inner in inside(node):
        turned = is_turned(inner)
        if _is_held(inner, held) and not inner.denied and not (turned and _is_held(inner, [_INDICATION])):
            continue
        if node.denied and (inner.parent is None or inner.parent.look("typeCode") != "RSON" or turned):
            translation.enter_all(inner, State.TEXT, "ccda.negated", DENIED)
        elif turned:
            made(inner, translation)
            _memory(translation, "turned")[inner.same()] = inner
        else:
            references += made(inner, translation)
    tie_each(resource, references)
    documents_named(node, translation, resource)


def documents_named(node: Element, translation: Translation, resource: Resource) -> None:
    """The documents outside that a statement names."""
    for one in node.at("reference/externalDocument") if resource["resourceType"] != "Consent" else ():
        reference = translation.make("ccda.externalDocument.DocumentReference", one)
        if reference is not None:
            tie(resource, reference)


@step("only_nested", "ccda")
def only_nested(node: Element, translation: Translation, resource: Resource) -> None:
    """Make what stands in a wrapper that is nothing by itself."""
    if negated_wrapper(node, translation):
        return
    for inner in parts(node, translation):
        made(inner, translation)


def negated_wrapper(node: Element, translation: Translation) -> bool:
    """Whether a wrapper is negated: then nothing in it is so, and it stays words."""
    if node.denied:
        translation.enter_all(node, State.TEXT, "ccda.negated", DENIED)
    return node.denied


def inside(node: Element) -> Iterator[Element]:
    """The statements nested directly in a statement, but for those whose relation to it is denied."""
    for child in node.children():
        if child.name in RELATIONS and not child.denied:
            yield from statements(child)


def parts(node: Element, translation: Translation) -> Iterator[Element]:
    """The statements in a wrapper; of one that only may or shall be, none that says what is."""
    for inner in inside(node):
        if node.look("moodCode") not in FACT and inner.look("moodCode") in FACT:
            translation.warn("mood-not-fact", node=inner)
        else:
            yield inner


def named(node: Element, translation: Translation) -> Element | None:
    """The statement that an entry reference names, wherever in the document it is told."""
    told = translation.memory.get("told")
    if told is None:
        told = translation.memory["told"] = {}
        for one in translation.record.root.below(*CLASSES):  # type: ignore[attr-defined]
            if not has_template(one, ENTRY_REFERENCE):
                for key in identifiers.keys(one):
                    told.setdefault(key, one)
    return next((told[key] for key in identifiers.keys(node) if key in told), None)


def remember_id(key: tuple[str, str], node: Element, reference: Reference, translation: Translation) -> None:
    """Let entry references and copies of an act find what it became."""
    _memory(translation, "acts").setdefault(key, []).append((node, reference))


def by_id(key: tuple[str, str], translation: Translation) -> Reference | None:
    """What the first act of an id became."""
    found = _memory(translation, "acts").get(key)
    return dict(found[0][1]) if found else None


def _memory(translation: Translation, name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = translation.memory.setdefault(name, {})
    return found


def _is_held(node: Element, held: list[str]) -> bool:
    """Whether other rows of the map read this statement: named by template or by code."""
    if not held:
        return False
    if any(short(root) in held for root in node.templates()):
        return True
    code = node.first("code")
    return code is not None and code.look("code") in held


def _make(node: Element, translation: Translation) -> list[Reference]:
    name = map_of(node, translation)
    if not name:
        mood = node.look("moodCode")
        if mood in DEFINITIONS:
            translation.enter_all(
                node, State.IGNORED, "ccda.definition", "a definition, not a statement of the patient"
            )
        elif mood not in FACT:
            translation.warn("mood-not-fact", node=node)
        return []
    stays = name == REFERRAL or node.name == "organizer" or name.split(".")[2] in _CANNOT_BE_NEGATED
    if stays and negated_wrapper(node, translation):
        return []
    if not name.endswith(".Bundle") and is_blank(node, translation):
        translation.warn("statement-blank", severity=Severity.INFORMATION, node=node)
        for slot in node.below(*_SLOTS):
            translation.enter_all(slot, State.IGNORED, "ccda.blank", "the entry is left blank")
        return []
    if translation.policy("unknown_template") == "narrative-only" and not template_map(node, translation):
        translation.enter_all(node, State.TEXT, "ccda.unknown-template", "no template that we know; its words stay")
        return []
    before = len(translation.resources)
    reference = translation.make(name, node)
    if reference is None:
        held = _memory(translation, "stands for").get(node.same(), [])
        stands = {one["reference"] for one in held}
        others = [*held, *(o for o in clinical(translation.resources[before:]) if o["reference"] not in stands)]
        for one in others:
            authored(node, one, translation)
        return others
    others = [one for one in clinical(translation.resources[before:]) if one != reference]
    in_words(node, translation.find(reference), translation)
    _prescribed(node, reference, others, translation)
    authored(node, reference, translation)
    return [reference, *others]


def _prescribed(node: Element, reference: Reference, others: list[Reference], translation: Translation) -> None:
    """What was dispensed on a prescription names it; who ordered the supply wrote a part of it."""
    if not reference["reference"].startswith("MedicationRequest/"):
        return
    for supply in node.at("entryRelationship/supply[template 4.17|2.16.840.1.113883.10.20.1.34]"):
        authored(supply, reference, translation)
    for one in others:
        dispensed = translation.find(one)
        if dispensed is not None and dispensed["resourceType"] == "MedicationDispense":
            add(dispensed, "authorizingPrescription", reference)


def _same_act(node: Element, translation: Translation) -> list[Reference]:
    """The references of an act that was told before, word for word, under the same id."""
    acts = _memory(translation, "acts")
    for key in identifiers.keys(node):
        for other, reference in acts.get(key, ()):
            if other.name == node.name and other.fingerprint() == node.fingerprint():
                translation.enter_all(node, State.IGNORED, "ccda.repeated", "said before, word for word")
                _again(node, reference, translation)
                return [reference]
    return []


def _again(node: Element, reference: Reference, translation: Translation) -> None:
    """A condition told again is also what its section and the wrapper around it say."""
    resource = translation.find(reference)
    if resource is not None and resource["resourceType"] == "Condition":
        more: Resource = {}
        translation.run("ccda.ProblemAgain.Condition", node, more)
        for name, values in more.items():
            for one in values:
                add(resource, name, one)


def _remember(node: Element, references: list[Reference], translation: Translation) -> None:
    if not references:
        return
    for key in identifiers.keys(node):
        remember_id(key, node, references[0], translation)


def authored(node: Element, reference: Reference, translation: Translation) -> None:
    """Keep who wrote a statement, or found it out, and when, for the Provenance of all that they said then."""
    found_out = reference["reference"].partition("/")[0] in _NO_PERFORMER
    for role in ("author", "performer", "informant") if found_out else ("author", "informant"):
        for one in node.children(role):
            with translation.row(f"ccda.{role}.Provenance", "agent", one):
                who = participant(one, translation)
                stands = one.first("time")
                when = stands.read("value") if stands is not None else ""
            if who is not None or when:
                key = (role, who["reference"] if who is not None else "", when)
                _memory(translation, "authors").setdefault(key, []).append(dict(reference))
