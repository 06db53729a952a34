"""Dose, rate and strength of an order, and its routes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part
from gateway.translate.hl7v2.notes import amount, spoken
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.quantity import measured, plain_number
from gateway.translate.hl7v2.systems import ucum
from gateway.translate.translation import Translation

Element = dict[str, Any]
_RATE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/dose-rate-type"
_UCUM: Final = "http://unitsofmeasure.org"
_INGREDIENT_AMOUNT: Final = f"{BASE}/StructureDefinition/so-ingredient-amount"


class Segment(Protocol):
    """A segment as the parser gives it."""

    @property
    def name(self) -> str:
        """Its three letters."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


class _Give(NamedTuple):
    """Where a segment keeps the amounts to give."""

    low: int
    high: int
    units: int
    per: int
    rate: int
    rate_units: int


_GIVE: Final = {
    "RXE": _Give(3, 4, 5, 22, 23, 24),
    "RXO": _Give(2, 3, 4, 17, 21, 22),
    "RXG": _Give(5, 6, 7, 14, 15, 16),
}


class _Strength(NamedTuple):
    """Where a segment keeps strength and volume."""

    amount: int
    units: int
    volume: int
    volume_units: int


_STRENGTH: Final = {
    "RXE": _Strength(25, 26, 33, 34),
    "RXO": _Strength(18, 19, 25, 26),
    "RXD": _Strength(16, 17, 28, 29),
    "RXC": _Strength(5, 6, 8, 9),
    "RXG": _Strength(17, 18, 23, 24),
    "RXA": _Strength(13, 14, 23, 24),
}


@converter("dose_and_rate", "hl7v2")
def dose_and_rate(segment: Segment, translation: Translation) -> Element | None:
    """The dose as ordered, a range when both ends are given and differ, the rate; nothing for an empty or 0 dose."""
    at = _GIVE[segment.name]
    made: Element = {}
    ends = [plain_number(part.peek) for number in (at.low, at.high) for part in segment.field(number)[:1]]
    if len(ends) == 2 and None not in ends and ends[0] > ends[1]:  # type: ignore[operator]
        raise NotConvertedError("value-unreadable")
    none = ends == [0] and not segment.field(at.high)  # which stays in a note
    low, high = (None if none else _measure(segment, number, at.units, translation) for number in (at.low, at.high))
    if high and (low is None or low["value"] != high["value"]):
        made["doseRange"] = {**({"low": low} if low else {}), "high": high}
    elif low:
        made["doseQuantity"] = low
    if made and "unit" not in (low or high or {}):
        translation.warn("unit-missing")
    _rate(made, segment, at, low, translation)
    if not made:
        return None
    return {"type": {"coding": [{"system": _RATE_TYPE, "code": "ordered"}]}, **made}


@converter("strength", "hl7v2")
def strength(segment: Segment, translation: Translation) -> Element | None:
    """Strength over its volume; without a volume over 1, since a Ratio wants both ends."""
    at = _STRENGTH[segment.name]
    numerator = _measure(segment, at.amount, at.units, translation)
    if numerator is None:
        return None
    return {
        "numerator": numerator,
        "denominator": _measure(segment, at.volume, at.volume_units, translation) or {"value": 1},
    }


@converter("component_amount", "hl7v2")
def component_amount(segment: Segment, translation: Translation) -> Element | None:
    """RXC-3 with RXC-4 over 1, for a component without a strength."""
    numerator = _measure(segment, 3, 4, translation)
    return {"numerator": numerator, "denominator": {"value": 1}} if numerator else None


@converter("amount_beside_strength", "hl7v2")
def amount_beside_strength(segment: Segment, translation: Translation) -> Element | None:
    """RXC-3 with RXC-4, for a component whose strength is another thing."""
    made = _measure(segment, 3, 4, translation)
    return {"url": _INGREDIENT_AMOUNT, "valueQuantity": made} if made else None


@converter("measure", "hl7v2")
def measure(segment: Segment, translation: Translation, amount: str = "", units: str = "") -> Element | None:
    """The number of one field with the unit of another."""
    return _measure(segment, int(amount), int(units), translation)


@step("total_daily_dose", "hl7v2")
def total_daily_dose(part: Part, translation: Translation, element: Element) -> None:
    """RXE-19 over one day (policy V4): HL7's maps make it the maximum, although it says what is given."""
    if translation.policy("total_daily_dose") == "text-only":
        element.setdefault("additionalInstruction", []).append(
            {"text": f"total daily dose: {amount(part, translation)}"}
        )
    else:
        element["maxDosePerPeriod"] = _per_day(part, translation)


def _per_day(part: Part, translation: Translation) -> Element:
    found = plain_number(part.text)
    if found is None:
        raise NotConvertedError("number-unreadable")
    numerator: Element = {"value": found}
    if (units := part.part(2)) is not None:
        measured(numerator, units, translation)
    return {"numerator": numerator, "denominator": {"value": 1, "unit": "d", "system": _UCUM, "code": "d"}}


@converter("days", "hl7v2")
def days(part: Part, translation: Translation) -> Element:
    """A number of days as a duration."""
    found = plain_number(part.text)
    if found is None:
        raise NotConvertedError("number-unreadable")
    return {"value": found, "unit": "d", "system": _UCUM, "code": "d"}


@step("dosage_given", "hl7v2")
def dosage_given(group: Any, translation: Translation, element: Element) -> None:
    """What was given where; without an amount (mad-1) the rest of it is words."""
    made: Element = {}
    outer, translation.prefix = translation.prefix, f"{translation.prefix}dosage."
    translation.run("hl7v2.ADMINISTRATION.MedicationAdministration.dosage", group, made)
    translation.prefix = outer
    if "dose" in made:
        element["dosage"] = made
    elif made:
        said = (_named(made[name]) for name in ("route", "site", "method") if name in made)
        element.setdefault("note", []).append({"text": f"given: {', '.join(said)}"})


def _named(concept: Element) -> str:
    text: str = concept.get("text") or concept["coding"][-1]["code"]
    return text


@step("site_modifier", "hl7v2")
def site_modifier(part: Part, translation: Translation, element: Element) -> None:
    """RXR-6 says more of the site, in its words."""
    site = element.setdefault("site", {})
    named = site.get("text") or next((one["display"] for one in site.get("coding", ()) if "display" in one), "")
    site["text"] = ", ".join(filter(None, (named, phrase(part))))


@converter("device", "hl7v2")
def device(part: Part, translation: Translation, table: str = "") -> Element | None:
    """RXR-3: the device to give it with, as an instruction."""
    made: Element | None = codeable_concept(part, translation, table)
    if made:
        made["text"] = f"device: {made.get('text') or made['coding'][0]['code']}"
    return made


@step("route_alternatives", "hl7v2")
def route_alternatives(group: Any, translation: Translation, element: Element) -> None:
    """Several RXR are alternatives: the first is the route, the others stay words with a remark."""
    detail = next((part for name in ("ENCODED", "ORDERED") for part in group.parts if part.name == name), None)
    routes = [part for part in detail.parts if part.name == "RXR"] if detail is not None else []
    for other in routes[1:]:
        words = ", ".join(spoken(part, translation) for number in range(1, 7) for part in other.field(number))
        for dosage in element.get("dosageInstruction", []):
            dosage.setdefault("additionalInstruction", []).append({"text": f"alternative route: {words}"})
        translation.warn("route-alternatives", state=State.TEXT, node=other)


def _rate(made: Element, segment: Segment, at: _Give, low: Element | None, translation: Translation) -> None:
    rate = _measure(segment, at.rate, at.rate_units, translation)
    if rate:
        made["rateQuantity"] = rate
        return
    per = next(iter(segment.field(at.per)), None)
    unit = _time_unit(per.peek) if per is not None else None
    if per is not None and unit and low:
        per.text  # noqa: B018 (counted as read)
        made["rateRatio"] = {"numerator": dict(low), "denominator": unit}


def _time_unit(sent: str) -> Element | None:
    """A time unit such as H4 or D: one unit, or so many of them."""
    letter, digits = sent[:1].upper(), sent[1:]
    code = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo"}.get(letter)
    if code is None or (digits and not digits.isdigit()):
        code, digits = ucum(sent), ""
    if code not in ("s", "min", "h", "d", "wk", "mo", "a"):
        return None
    return {"value": Decimal(digits or "1"), "unit": code, "system": _UCUM, "code": code}


def _measure(segment: Segment, amount: int, units: int, translation: Translation) -> Element | None:
    part = next(iter(segment.field(amount)), None)
    if part is None:
        return None
    found = plain_number(part.peek)
    if found is None:
        translation.warn("number-unreadable", node=part)  # type: ignore[arg-type]
        return None
    part.text  # noqa: B018 (counted as read)
    made: Element = {"value": found}
    held = next(iter(segment.field(units)), None)
    if held is not None:
        measured(made, held, translation)
    return made
