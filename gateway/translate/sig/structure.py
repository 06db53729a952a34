"""The structure that directions give a MedicationRequest; what the source tells in fields of its own goes before it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from gateway.core.drug import CYCLE
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.converter import step
from gateway.translate.sig.grammar import parse
from gateway.translate.sig.meaning import Sig
from gateway.translate.sig.rendering import cycle_words, render
from gateway.translate.sig.words import words
from gateway.translate.translation import Translation

Element = dict[str, Any]
PERIOD: Final = f"{BASE}/StructureDefinition/so-source-period"
_TYPES: Final = {"cycleNumber": "valuePositiveInt", "cyclesPlanned": "valuePositiveInt",
                 "cycleLength": "valueDuration", "daysOfCycle": "valueString"}  # fmt: skip
# A dosage with any of these is told in fields of the source.
_TOLD: Final = frozenset({"doseAndRate", "asNeededBoolean", "asNeededCodeableConcept", "maxDosePerPeriod", "method"})


def read(text: str) -> Sig | None:
    """What directions say, or None where they stay text alone: the grammar must say the same of their rendering."""
    sig = parse(text)
    return sig if sig is not None and parse(render(sig)) == sig else None


@step("sig")
def sig(node: Node, translation: Translation, resource: Element) -> None:
    """The one dosage of a request gains the structure of its text; the cycle that it names becomes an extension."""
    dosages = resource.get("dosageInstruction", ())
    text = dosages[0].get("text", "") if len(dosages) == 1 else ""
    said = _within(told_cycle(resource), text) if text else None
    if said is None:
        return
    if _may_gain(dosages[0], said.dosage):
        _gain(dosages[0], deepcopy(said.dosage))
    add_cycle(resource, {name: {_TYPES[name]: value} for name, value in deepcopy(said.cycle).items()})


def told_cycle(resource: Element) -> Element:
    """The parts of the regimen's cycle that fields of the source told, by their names."""
    held: list[Element] = next((one["extension"] for one in resource.get("extension", ()) if one["url"] == CYCLE), [])
    return {one["url"]: one[_TYPES[one["url"]]] for one in held if one["url"] in _TYPES}


def _within(cycle: Element, text: str) -> Sig | None:
    """Directions inside a cycle that is told beside them; where they name it themselves, they must say the same."""
    if not {"daysOfCycle", "cycleLength"} <= cycle.keys():
        return read(text)
    said = read(" ".join((text, *cycle_words(cycle))))
    if said is None and (alone := read(text)) is not None and "daysOfCycle" in alone.cycle:
        said = alone if all(alone.cycle.get(name, value) == value for name, value in cycle.items()) else None
    return said


def add_cycle(resource: Element, parts: Element) -> None:
    """Parts of the regimen's cycle, each unless it is told already."""
    extensions = resource.setdefault("extension", []) if parts else []
    held = next((one for one in extensions if one["url"] == CYCLE), None)
    if parts and held is None:
        extensions.append(held := {"url": CYCLE, "extension": []})
    told = {one["url"] for one in held["extension"]} if held else set()
    for name, value in parts.items():
        if held is not None and name not in told:
            held["extension"].append({"url": name, **value})


def _may_gain(dosage: Element, said: Element) -> bool:
    """Whether the source tells nothing itself but words, a route that is the same, and between which days."""
    timing = dosage.get("timing", {})
    if dosage.keys() & _TOLD or timing.keys() - {"repeat"} or timing.get("repeat", {}).keys() - {"boundsPeriod"}:
        return False
    return "route" not in dosage or "route" not in said or said["route"] in _routes(dosage["route"])


def _gain(dosage: Element, said: Element) -> None:
    """Put the structure in. Bounds that the directions name stand, the days of the source beside them."""
    repeat = said.get("timing", {}).get("repeat", {})
    period = dosage.get("timing", {}).get("repeat", {}).get("boundsPeriod")
    if period and repeat.keys() & {"boundsDuration", "boundsRange"}:
        dosage.setdefault("extension", []).append({"url": PERIOD, "valuePeriod": period})
    elif period:
        repeat["boundsPeriod"] = period
        said["timing"] = {"repeat": repeat}
    if "route" in dosage:  # in the source's words and codes; ours where it has words alone
        said["route"] = {**said.get("route", {}), **dosage["route"]}
    if more := dosage.get("additionalInstruction"):
        said["additionalInstruction"] = [*more, *said.get("additionalInstruction", ())]
    dosage.update(said)


def _routes(route: Element) -> list[Mapping[str, Any]]:
    """The routes that a concept may mean by its words and codes."""
    codings = route.get("coding", ())
    names = [route.get("text", ""), *(one.get(name, "") for one in codings for name in ("display", "code"))]
    known = [words().routes.get(name.strip().lower()) for name in names]
    same = [one for one in words().routes.values() for own in one.get("coding", ()) if own in _bare(codings)]
    return [one for one in (*known, *same) if one is not None]


def _bare(codings: Any) -> list[Element]:
    return [{"system": one.get("system"), "code": one.get("code")} for one in codings]
