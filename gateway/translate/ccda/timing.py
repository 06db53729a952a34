"""When a medicine is taken: CDA's sets of times to Timing, each by its type."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from gateway.translate.ccda.codes import passed_over
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.quantities import decimal, quantity
from gateway.translate.ccda.times import moment, period, put
from gateway.translate.translation import Translation

_PATTERNS: Final = ("PIVL_TS", "EIVL_TS")
# R4's event-timing codes that stand for a meal itself take no offset (tim-9).
_WHEN: Final = frozenset({"AC", "ACD", "ACM", "ACV", "C", "CD", "CM", "CV", "HS", "PC", "PCD", "PCM", "PCV", "WAKE"})
_MEALS: Final = frozenset({"C", "CD", "CM", "CV"})
_UNITS: Final = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})
_DAY: Final = {"h": Decimal(24), "min": Decimal(1440), "d": Decimal(1)}


def timing(node: Element, translation: Translation, dosage: dict[str, Any], notes: list[str]) -> None:
    """By the type of each time, never by its place; several patterns are words: none tells the whole."""
    repeat: dict[str, Any] = {}
    made: dict[str, Any] = {}
    times = _times(node)
    patterns = [one for one in times if one.type in _PATTERNS]
    for one in times:
        if one.type not in _PATTERNS:
            _bounds(one, translation, repeat, made, notes)
        elif len(patterns) == 1:
            (_periodic if one.type == "PIVL_TS" else _event)(one, translation, repeat)
    untold = not repeat.keys() & {"period", "when"}
    if untold and (said := [words for one in patterns if (words := _in_words(one))]):
        made["code"] = {"text": ", ".join(said)}
        if len(patterns) > 1:
            translation.warn("timing-composite", node=patterns[1])
    count = node.first("repeatNumber")
    sent = count.look("value") if count is not None and node.look("moodCode") != "EVN" else ""
    if count is not None and sent.isdigit() and 0 < int(sent) < 1000:
        count.read("value")
        repeat["count"] = int(sent)
    if repeat:
        made["repeat"] = repeat
    if made:
        dosage["timing"] = made


def _in_words(node: Element) -> str:
    """A pattern as the source tells it, where R4's repeat cannot."""
    ends = (("period[@value]", ""), ("period/low", "from "), ("period/high", "to "))
    said = [f"{word}{one.read('value')} {one.read('unit')}" for path, word in ends for one in node.at(path)]
    every = " ".join(said).strip()
    events = [code for child in node.children("event") if (code := child.read("code"))]
    return f"every {every}" if every else " ".join(events)


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
    if every is None or not every.valued:
        passed_over(node, translation, "says how to read a period that is not told", "institutionSpecified")
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
