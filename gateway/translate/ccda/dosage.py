"""How a medicine is taken: directions word for word, a dose and a timing only where the source has them."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda.codes import codeable_concept, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.quantities import compared_quantity, decimal, quantity, range_, ratio
from gateway.translate.ccda.times import moment, period, put
from gateway.translate.converter import NotConvertedError, step
from gateway.translate.translation import Resource, Translation

# R4's event-timing codes that stand for a meal itself take no offset (tim-9).
_WHEN: Final = frozenset({"AC", "ACD", "ACM", "ACV", "C", "CD", "CM", "CV", "HS", "PC", "PCD", "PCM", "PCV", "WAKE"})
_MEALS: Final = frozenset({"C", "CD", "CM", "CV"})
_UNITS: Final = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})
_DAY: Final = {"h": Decimal(24), "min": Decimal(1440), "d": Decimal(1)}


@step("directions", "ccda")
def directions(node: Element, translation: Translation, resource: Resource) -> None:
    """Everything a Medication Activity says of how a drug is taken."""
    dosage: dict[str, Any] = {}
    texts = _texts(node, translation)
    if texts:
        dosage["text"] = texts[0]
    notes = texts[1:]
    _timing(node, translation, dosage, notes)
    resource.setdefault("note", []).extend({"text": one} for one in notes)
    _needed(node, translation, dosage)
    for name, element in (("routeCode", "route"), ("approachSiteCode", "site")):
        child = node.first(name)
        if child is not None and (found := codeable_concept(child, translation)):
            dosage[element] = found
    _dose(node, translation, dosage)
    maximum = node.first("maxDoseQuantity")
    if maximum is not None and (found := ratio(maximum, translation)):
        dosage["maxDosePerPeriod"] = found
    _instructions(node, translation, dosage)
    if not resource.get("note"):
        resource.pop("note", None)
    if dosage:
        resource["dosageInstruction" if resource["resourceType"] != "MedicationAdministration" else "dosage"] = [dosage]


def _texts(node: Element, translation: Translation) -> list[str]:
    """Directions in words: those of the activity and of a free-text sig inside it."""
    found: list[str] = []
    inner = [
        *node.at("entryRelationship/substanceAdministration[template 4.147]/text"),
        *node.at("entryRelationship/*[code/@code=76662-6]/text"),
    ]
    for one in [*inner, *node.children("text")]:
        words = referenced_words(one, translation)
        if words and words not in found:
            found.append(words)
    for one in node.at("entryRelationship/*[code/@code=76662-6]"):
        translation.enter_all(one, State.IGNORED, "ccda.sig", "says that it is the directions")
    return found


def _needed(node: Element, translation: Translation, dosage: dict[str, Any]) -> None:
    for one in node.at("precondition/criterion"):
        value = one.first("value") or one.first("code")
        concept = codeable_concept(value, translation) if value is not None and value.type in ("CD", "CE", "") else None
        text = one.first("text")
        words = referenced_words(text, translation) if text is not None else ""
        if concept:
            dosage["asNeededCodeableConcept"] = {
                **concept,
                **({"text": words} if words and "text" not in concept else {}),
            }
        elif words:
            dosage["asNeededCodeableConcept"] = {"text": words}
        else:
            dosage["asNeededBoolean"] = True
        return
    if node.children("precondition"):
        dosage["asNeededBoolean"] = True


def _dose(node: Element, translation: Translation, dosage: dict[str, Any]) -> None:
    made: dict[str, Any] = {}
    dose = node.first("doseQuantity")
    if dose is not None:
        _amount(dose, translation, made, "dose")
        unit = node.first("administrationUnitCode")
        held = made.get("doseQuantity")
        if held and "unit" not in held and unit is not None and (concept := codeable_concept(unit, translation)):
            held["unit"] = first_display(concept)
            coded = next((one for one in concept.get("coding", []) if one.get("system")), None)
            if coded:
                held.update(system=coded["system"], code=coded["code"])
        if held and "unit" not in held:
            translation.warn("unit-missing", severity=Severity.INFORMATION, node=dose)
    rate = node.first("rateQuantity")
    if rate is not None:
        _amount(rate, translation, made, "rate")
    if made:
        dosage["doseAndRate"] = [made]


def _amount(node: Element, translation: Translation, made: dict[str, Any], name: str) -> None:
    """A quantity, or a range; a range whose ends are equal is a quantity."""
    try:
        if node.look("value"):
            found = quantity(node, translation)
        else:
            span = range_(node, translation)
            if span and len(span) == 2 and span["low"] != span["high"]:
                made[f"{name}Range"] = span
                return
            found = (
                span.get("low") or span.get("high") if span and len(span) == 2 else compared_quantity(node, translation)
            )
    except NotConvertedError as trouble:
        translation.warn(trouble.code, node=node)
        return
    if found and "comparator" in found:  # a SimpleQuantity has none
        bound = {k: v for k, v in found.items() if k != "comparator"}
        made[f"{name}Range"] = {"low" if found["comparator"].startswith(">") else "high": bound}
    elif found:
        made[f"{name}Quantity"] = found


def _timing(node: Element, translation: Translation, dosage: dict[str, Any], notes: list[str]) -> None:
    """By the type of each time, never by its place; a second pattern is text, not a merged guess."""
    repeat: dict[str, Any] = {}
    timing: dict[str, Any] = {}
    patterns = 0
    for one in _times(node):
        kind = one.type
        if kind in ("PIVL_TS", "EIVL_TS"):
            patterns += 1
            if patterns > 1:
                translation.warn("timing-composite", node=one)
                continue
            (_periodic if kind == "PIVL_TS" else _event)(one, translation, repeat)
        else:
            _bounds(one, translation, repeat, timing, notes)
    count = node.first("repeatNumber")
    sent = count.look("value") if count is not None and node.look("moodCode") != "EVN" else ""
    if count is not None and sent.isdigit() and 0 < int(sent) < 1000:
        count.read("value")
        repeat["count"] = int(sent)
    if repeat:
        timing["repeat"] = repeat
    if timing:
        dosage["timing"] = timing


def _times(node: Element) -> list[Element]:
    """The times of an activity, those inside a set of times too."""
    found: list[Element] = []
    for one in node.children("effectiveTime"):
        found += one.children("comp") if one.type == "SXPR_TS" else [one]
    return found


def _bounds(
    node: Element, translation: Translation, repeat: dict[str, Any], timing: dict[str, Any], notes: list[str]
) -> None:
    """How long; R4 holds a span or a duration, so a duration beside a span is a note."""
    if sent := node.look("value"):
        node.read("value")
        put_event(timing, moment(sent, translation))
        return
    width = node.first("width")
    lasts = quantity(width, translation) if width is not None else None
    if found_period := period(node, translation):
        repeat.setdefault("boundsPeriod", found_period)
        if lasts:
            notes.append(f"Duration: {lasts['value']} {lasts.get('unit', '')}".strip())
    elif lasts and lasts.get("code") in _UNITS:
        repeat["boundsDuration"] = lasts


def put_event(timing: dict[str, Any], value: Any) -> None:
    """A single moment at which a drug is given."""
    held: dict[str, Any] = {}
    put(held, "event", value)
    if "event" in held:
        timing["event"] = [held["event"]]
    if "_event" in held:
        timing["_event"] = [held["_event"]]


def _periodic(node: Element, translation: Translation, repeat: dict[str, Any]) -> None:
    every = node.first("period")
    if every is None:
        return
    if every.look("value"):
        _every(node, every, repeat)
        return
    low, high = every.first("low"), every.first("high")
    if low is None or high is None or not (low.look("value") and high.look("value")):
        return
    unit = low.read("unit")
    high.read("unit")
    if unit not in _UNITS:
        return
    small, large = decimal(low.read("value")), decimal(high.read("value"))
    if node.look("institutionSpecified") == "true" and (most := _a_day(small, unit)) and (least := _a_day(large, unit)):
        node.read("institutionSpecified")
        repeat.update(frequency=least, frequencyMax=most, period=1, periodUnit="d")
    else:
        repeat.update(frequency=1, period=_plain(small), periodMax=_plain(large), periodUnit=unit)


def _every(node: Element, every: Element, repeat: dict[str, Any]) -> None:
    value, unit = decimal(every.read("value")), every.read("unit")
    node.read("institutionSpecified")
    if unit not in _UNITS or value <= 0:
        return
    if node.look("institutionSpecified") == "true" and (times := _a_day(value, unit)):
        repeat.update(frequency=times, period=1, periodUnit="d")
        return
    if unit == "d" and value < 1 and abs(1 / value - round(1 / value)) < Decimal("0.02"):
        repeat.update(frequency=round(1 / value), period=1, periodUnit="d")
        return
    repeat.update(frequency=1, period=_plain(value), periodUnit=unit)


def _a_day(period: Decimal, unit: str) -> int:
    """How many times a day that is, where it is a whole number within two in a hundred; else 0."""
    if unit not in _DAY or period <= 0:
        return 0
    times = _DAY[unit] / period
    whole = times.quantize(Decimal(1), ROUND_HALF_EVEN)
    return int(whole) if whole >= 1 and abs(times - whole) <= whole * Decimal("0.02") else 0


def _plain(value: Decimal) -> Decimal | int:
    """A period as a person would write it: 24.0 h is 24 h."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def _event(node: Element, translation: Translation, repeat: dict[str, Any]) -> None:
    event = node.first("event")
    code = event.look("code") if event is not None else ""
    if event is None or code not in _WHEN:
        return
    event.read("code")
    repeat["when"] = [code]
    offset = node.first("offset")
    if offset is not None and offset.look("unit") == "min" and offset.look("value").isdigit() and code not in _MEALS:
        offset.read("value")
        offset.read("unit")
        repeat["offset"] = int(offset.look("value"))


def _instructions(node: Element, translation: Translation, dosage: dict[str, Any]) -> None:
    for act in [
        *node.at("entryRelationship/act[template 4.20|4.515]"),
        *node.at("entryRelationship/supply[template 4.17]/entryRelationship/act[template 4.20|4.515]"),
    ]:
        text, code = act.first("text"), act.first("code")
        words = referenced_words(text, translation) if text is not None else ""
        if words:
            held = dosage.get("patientInstruction")
            dosage["patientInstruction"] = f"{held}\n{words}" if held else words
        if code is not None and (concept := codeable_concept(code, translation)):
            dosage.setdefault("additionalInstruction", []).append(concept)


@step("given_dose", "ccda")
def given_dose(node: Element, translation: Translation, resource: Resource) -> None:
    """What was given and how; R4 takes a dosage only with a dose (mad-1)."""
    made: dict[str, Any] = {}
    dose, route, site = node.first("doseQuantity"), node.first("routeCode"), node.first("approachSiteCode")
    if dose is not None and dose.look("value") and (found := quantity(dose, translation)):
        made["dose"] = found
    if route is not None and (concept := codeable_concept(route, translation)):
        made["route"] = concept
    if site is not None and (concept := codeable_concept(site, translation)):
        made["site"] = concept
    texts = _texts(node, translation)
    if texts:
        made["text"] = texts[0]
    if "dose" in made:
        resource["dosage"] = made
    else:
        said = [made["text"]] if "text" in made else []
        said += [f"{name.capitalize()}: {first_display(made[name])}" for name in ("route", "site") if name in made]
        resource.setdefault("note", []).extend({"text": one} for one in said)
        if not resource["note"]:
            del resource["note"]
