"""The dosages of an order: one for each pattern of each TQ1 (or TQ), and what the order says of when they begin."""

from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.core.ledger import State
from gateway.translate.converter import step
from gateway.translate.hl7v2.leaf import Part, reword, text
from gateway.translate.hl7v2.notes import amount, day
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.quantity import measured, plain_number
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]


@step("dosage_timing", "hl7v2")
def dosage_timing(node: Any, translation: Translation, element: Element, map: str = "", **of: str) -> None:
    """One dosage for each pattern of each TQ1 (or TQ), each with the dose, route and words of the order."""
    if of and node.group.name == of["except"]:
        return
    dosages = element.setdefault("dosageInstruction", [])
    held = translation.memory.get("dosages")
    if held is None or held.element is not element:  # the first timing: what stands there now is what all share
        held = translation.memory["dosages"] = _Dosages(element, dosages.pop() if dosages else {})
    patterns = len(node.field(3)) if hasattr(node, "field") else 0
    conjunction = _conjunction(node, translation)
    for turn in range(max(patterns, 1)):
        dosage = deepcopy(held.shared)
        translation.memory["pattern"] = turn
        outer, translation.prefix = translation.prefix, f"{translation.prefix}dosageInstruction[{len(dosages)}]."
        translation.run(map, node, dosage)
        translation.prefix = outer
        if held.beside and "sequence" in dosage:
            dosage["sequence"] = held.sequence
        if dosage:
            dosages.append(dosage)
    del translation.memory["pattern"]
    held.sequence = dosages[-1].get("sequence", 0) if dosages else 0
    held.beside = conjunction == "A" and held.sequence > 0
    if not dosages:
        del element["dosageInstruction"]


@step("timing_as_ordered", "hl7v2")
def timing_as_ordered(part: Any, translation: Translation, element: Element) -> None:
    """ORC-7 beside RXE-1: it fills what the encoded timing leaves open; what it says otherwise stays in a note."""
    dosages = element.setdefault("dosageInstruction", [])
    number = part.record.repetition_of(part) - 1
    ordered: Element = {}
    translation.run("hl7v2.TQ.Dosage", part, ordered)
    if number >= len(dosages):
        held = translation.memory.get("dosages")
        dosages.append({**deepcopy(held.shared if held and held.element is element else {}), **ordered})
    elif not _fill(dosages[number], ordered):
        element.setdefault("note", []).append({"text": f"timing as ordered: {phrase(part)}"})


@step("effective_from", "hl7v2")
def effective_from(part: Part, translation: Translation, element: Element) -> None:
    """ORC-15 of a new order: its dosages begin then, unless they say when."""
    bounded = [held for one in element.get("dosageInstruction", ()) if (held := _bounds(one.get("timing", {})))]
    period = between(part, None, translation)
    if bounded:
        start = (period or {}).get("start")
        if start is None or all(one.get("boundsPeriod", {}).get("start") != start for one in bounded):
            element.setdefault("note", []).append({"text": f"effective: {day(part, translation)}"})
    elif period:
        for one in element.setdefault("dosageInstruction", [{}]):
            one.setdefault("timing", {}).setdefault("repeat", {})["boundsPeriod"] = dict(period)


@step("duration_in_words", "hl7v2")
def duration_in_words(part: Part, translation: Translation, element: Element) -> None:
    """A duration that is no bound, because both days are known or it cannot be reckoned with, stays readable."""
    if translation.ledger.state(part.key) is not State.MAPPED:
        made = {"text": f"duration: {amount(part, translation)}"}
        element.setdefault("additionalInstruction", []).append(made)


@step("condition_text", "hl7v2")
def condition_text(part: Part, translation: Translation, element: Element) -> None:
    """TQ1-10: what a dose as needed is needed for, else an additional instruction."""
    said = phrase(part)
    if element.pop("asNeededBoolean", False):
        element["asNeededCodeableConcept"] = {"text": said}
    elif said:
        element.setdefault("additionalInstruction", []).append({"text": said})


@step("sig_of_timing", "hl7v2")
def sig_of_timing(part: Part, translation: Translation, element: Element) -> None:
    """TQ1-11: the words of the dosage, when the order has none."""
    said = phrase(part)
    name = "patientInstruction" if element.get("text") else "text"
    if said and said != element.get("text"):
        element[name] = "\n".join(filter(None, [element.get(name, ""), said]))


@step("dose_of_timing", "hl7v2")
def dose_of_timing(part: Part, translation: Translation, element: Element) -> None:
    """TQ1-2: the dose, when the order has none and this one has a unit (without one it counts doses); else words."""
    found, units, rates = plain_number(part.peek), part.part(2), element.get("doseAndRate", [])
    if found and units is not None:
        if not any("doseQuantity" in one or "doseRange" in one for one in rates):
            text(part, 1)
            dose: Element = {"value": found}
            measured(dose, units, translation)
            element.setdefault("doseAndRate", []).append({"doseQuantity": dose})
            return
        if not any(_of_amount(one, found) for one in rates):
            translation.warn("second-value")
    element.setdefault("additionalInstruction", []).append({"text": f"quantity: {amount(part, translation)}"})


@dataclass(slots=True)
class _Dosages:
    """The dosages of one order: what they share, and how the last one goes on to the next (TQ1-12, TQ.9)."""

    element: Element
    shared: Element
    sequence: int = 0
    beside: bool = False


def _conjunction(node: Any, translation: Translation) -> str:
    """S: the next one follows; A: it runs beside this one; both are told by the sequence."""
    said = next(iter(node.field(12)), None) if hasattr(node, "field") else node.part(9)
    return reword(said, translation) if said is not None and said.peek in ("S", "A") else ""


def _fill(dosage: Element, ordered: Element) -> bool:
    """Let what was ordered fill what is open, pattern and bounds each as a whole; whether nothing contradicts."""
    held, said = dosage.pop("timing", {}), ordered.pop("timing", {})
    bounds, pattern = _bounds(held) or _bounds(said), _pattern(held) or _pattern(said)
    agreed = all(not of(said) or of(said) == chosen for of, chosen in ((_bounds, bounds), (_pattern, pattern)))
    repeat = {**pattern.get("repeat", {}), **bounds}
    if timing := {**pattern, **({"repeat": repeat} if repeat else {})}:
        dosage["timing"] = timing
    agreed &= all(dosage.setdefault(name, value) == value for name, value in ordered.items())
    return agreed


def _of_amount(rate: Element, amount: Decimal) -> bool:
    value: Decimal | None = rate.get("doseQuantity", {}).get("value")
    return value == amount


def _bounds(timing: Element) -> Element:
    return {name: said for name, said in timing.get("repeat", {}).items() if name.startswith("bounds")}


def _pattern(timing: Element) -> Element:
    repeat = {name: said for name, said in timing.get("repeat", {}).items() if not name.startswith("bounds")}
    return {
        **({"repeat": repeat} if repeat else {}),
        **{name: said for name, said in timing.items() if name != "repeat"},
    }
