"""Events of identity: which patients a message speaks of, and what becomes of two records that are one person's."""

from typing import Any, Final

from gateway.core.errors import MultiPatientError
from gateway.translate.converter import step
from gateway.translate.hl7v2.leaf import peek
from gateway.translate.translation import Translation

Element = dict[str, Any]
# Events by what MRG says: one person's records become one; an account; a visit; something moves between two persons'
# records, which both stay; a number changes.
_PATIENTS: Final = frozenset({"A18", "A30", "A34", "A36", "A39", "A40"})
_ACCOUNTS: Final = frozenset({"A35", "A41"})
_VISITS: Final = frozenset({"A42"})
_MOVES: Final = frozenset({"A43", "A44", "A45"})
_CHANGES: Final = frozenset({"A46", "A47", "A48", "A49", "A50", "A51"})
# Events about two persons by their purpose: beds swapped, records linked and unlinked.
_PAIRS: Final = frozenset({"A17", "A24", "A37"})


@step("one_patient", "hl7v2")
def one_patient(group: Any, translation: Translation, element: Element) -> None:
    """A message speaks of one patient, unless it is about two by its purpose."""
    patients = [part for part in group.parts if part.name == "PATIENT"]
    numbers = {frozenset(_numbers(one, "PID", 3)) for one in patients}
    kind = _event(translation)
    if len(numbers) < 2:
        return
    if kind in _PATIENTS | _ACCOUNTS | _VISITS | _MOVES | _CHANGES | _PAIRS:
        translation.memory["several patients"] = True
    elif not frozenset.intersection(*numbers):
        raise MultiPatientError(patients[1].location)


@step("patients_and_visits", "hl7v2")
def patients_and_visits(group: Any, translation: Translation, element: Element) -> None:
    """Each visit belongs to the patient it follows; with one patient, whatever the order."""
    patients = [part for part in group.parts if part.name == "PATIENT"]
    visits = [part for part in group.parts if part.name == "VISIT"]
    kind, made = _event(translation), []
    for part in [*patients, *visits] if len(patients) < 2 else [one for one in group.parts if one in patients + visits]:
        if part.name == "VISIT":
            translation.make("hl7v2.VISIT.Bundle", part)
            _after_visit(part, translation, kind)
        elif reference := _patient(part, translation, kind):
            made.append(reference)
    if kind == "A24" and len(made) == 2 and made[0] != made[1]:
        _link(translation, made[0], made[1], "seealso", "seealso")


def _patient(group: Any, translation: Translation, kind: str) -> Element | None:
    """PID with MRG (policy V13): the prior patient stays known, and is linked with the one that survives."""
    merged = next((part for part in group.parts if part.name == "MRG"), None)
    doubted = merged is not None and kind in _PATIENTS | _MOVES and _ambiguous(group)
    prior = None
    if merged is not None and not doubted and kind in _PATIENTS | _MOVES:
        prior = translation.make("hl7v2.MRG.Patient", merged)
        translation.make("hl7v2.MRG.Bundle", merged)
    survivor = translation.make("hl7v2.PATIENT.Patient", group)
    translation.make("hl7v2.PATIENT.Bundle", group)
    if merged is None or survivor is None:
        return survivor
    if doubted or (kind in _PATIENTS | _MOVES and prior in (None, survivor)):
        translation.warn("merge-ambiguous", node=merged)
    elif prior is not None:
        _settle(translation, prior, survivor, kind)
    elif kind in _CHANGES:
        _old_numbers(merged, translation, "hl7v2.MRG.Patient", translation.patient)
    elif kind in _ACCOUNTS:
        _within(translation, "Account", translation.make("hl7v2.MRG.Account", merged), group)
    else:
        translation.make("hl7v2.MRG.Account", merged)  # A06, A07: the account of before stays known
    return survivor


def _after_visit(group: Any, translation: Translation, kind: str) -> None:
    """MRG-5 and 6 speak of the visit that stands beside them: merged into it, or its number of before."""
    merged = next((one for one in group.record.by_name.get("MRG", ()) if one.index < group.parts[0].index), None)
    visit = translation.latest("Encounter")
    if merged is None or visit is None:
        return
    if kind in ("A50", "A51"):
        _old_numbers(merged, translation, "hl7v2.MRG.Encounter", visit)
    elif kind in _VISITS:
        survivor = translation.refer("Encounter")
        prior = translation.find(translation.make("hl7v2.MRG.Encounter", merged) or {"reference": "/"})
        if prior is not None and prior is not visit and survivor is not None:
            prior["partOf"] = survivor


def _settle(translation: Translation, prior: Element, survivor: Element, kind: str) -> None:
    stub, resource = translation.find(prior), translation.find(survivor)
    if stub is None or resource is None:
        return
    if kind in _PATIENTS:
        stub["active"] = False
        _link(translation, prior, survivor, "replaced-by", "replaces")
        return
    if kind == "A43":  # the number moves: it is the other record's now, and an old one here
        resource.setdefault("identifier", []).extend(stub.get("identifier", []))
        stub["identifier"] = [{**one, "use": "old"} for one in stub.get("identifier", [])]
    _link(translation, prior, survivor, "seealso", "seealso")


def _link(translation: Translation, one: Element, other: Element, of_one: str, of_other: str) -> None:
    for here, there, type in ((one, other, of_one), (other, one, of_other)):
        if (resource := translation.find(here)) is not None:
            resource.setdefault("link", []).append({"other": there, "type": type})


def _old_numbers(merged: Any, translation: Translation, name: str, resource: Element | None) -> None:
    """The same thing under another number: the old one stays, marked as old, and so does a name of before."""
    old: Element = {}
    translation.run(name, merged, old)
    for name in ("identifier", "name"):
        if resource is not None and name in old:
            resource.setdefault(name, []).extend({**one, "use": "old"} for one in old[name])


def _within(translation: Translation, type: str, prior: Element | None, group: Any) -> None:
    """An account merged into another is no longer used, and a part of it."""
    numbers = [part for one in group.parts if one.name == "PID" for part in one.field(18)]
    survivor = translation.make("hl7v2.PID.Account", numbers[0]) if numbers else None
    stub = translation.find(prior) if prior else None
    if stub is not None:
        stub["status"] = "inactive"
        if survivor is not None and survivor != prior:
            stub["partOf"] = survivor


def _ambiguous(group: Any) -> bool:
    """The prior number is the surviving one, or none of the prior numbers says whose it is."""
    prior, current = _numbers(group, "MRG", 1), _numbers(group, "PID", 3)
    return not any(authority for _, authority, _ in prior) or not set(prior).isdisjoint(current)


def _numbers(group: Any, name: str, field: int) -> list[tuple[str, str, str]]:
    return [
        (peek(part, 1), peek(part, 4) or peek(part, 4, 2), peek(part, 5))
        for segment in group.parts
        if segment.name == name
        for part in segment.field(field)
    ]


def _event(translation: Translation) -> str:
    return translation.record.kind.rpartition("^")[2]
