"""TQ1 and the older TQ to Timing (HL7 v2, sections 4.5.4 and 4.3); the words of a timing always stay with it."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from gateway.translate.converter import converter
from gateway.translate.hl7v2 import repeat_pattern
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, peek, text
from gateway.translate.hl7v2.quantity import exact
from gateway.translate.hl7v2.systems import V2, ucum
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_ABBREVIATION: Final = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
_TIME: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)?(?:\.\d+)?", re.ASCII)
_DURATION: Final = re.compile(r"([SMHDWLX])(\d{1,4})", re.ASCII)
_UNITS: Final = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo"}
_MINUTES: Final = {"s": Decimal(1) / 60, "min": Decimal(1), "h": Decimal(60), "d": Decimal(1440)}
_UCUM: Final = "http://unitsofmeasure.org"
# Event codes of RPT.8 (table 0528) that FHIR's event timing has under the same code.
_EVENTS: Final = frozenset({"AC", "ACD", "ACM", "ACV", "C", "CD", "CM", "CV", "HS", "PC", "PCD", "PCM", "PCV", "WAKE"})


class Segment(Protocol):
    """A segment as the parser gives it."""

    @property
    def name(self) -> str:
        """Its three letters."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@converter("timing", "hl7v2")
def timing(segment: Segment, translation: Translation) -> Element | None:
    """TQ1: patterns, explicit times, offsets, bounds, duration of one occurrence and their number."""
    made: Element = {}
    repeat: Element = {}
    _patterns(made, repeat, segment.field(3), translation)
    _times(repeat, segment.field(4), translation)
    _bounds(repeat, segment, translation)
    _occurrence(repeat, segment)
    _offset_of_field(repeat, segment.field(5))
    if repeat:
        made = {"repeat": repeat, **made}
    return made or None


@converter("older_timing", "hl7v2")
def older_timing(part: Part, translation: Translation) -> Element | None:
    """TQ (ORC-7, RXE-1, OBR-27): interval, duration, start and end in the components of one field."""
    made: Element = {}
    repeat: Element = {}
    interval = part.part(2)
    if interval is not None:
        _pattern(made, repeat, interval.part(1), translation)
        _times(repeat, [one] if (one := interval.part(2)) is not None else [], translation)
    _older_duration(made, repeat, part.part(3))
    period = between(part.part(4), part.part(5), translation)
    if period and "boundsDuration" not in repeat:
        repeat["boundsPeriod"] = period
    if (total := peek(part, 12)).isdigit() and "count" not in repeat and int(total):
        repeat["count"] = int(text(part, 12))
    if repeat:
        made = {"repeat": repeat, **made}
    return made or None


@converter("as_needed", "hl7v2")
def as_needed(part: Part, translation: Translation) -> bool | None:
    """True when a pattern or a priority says PRN."""
    sent = peek(part, 1) or part.peek
    return True if repeat_pattern.read(sent).as_needed and part.text else None


def _patterns(made: Element, repeat: Element, patterns: Sequence[Part], translation: Translation) -> None:
    if len(patterns) == 1:
        _repeat_pattern(made, repeat, patterns[0], translation)
        return
    for one in patterns:  # two patterns in one timing: the words and codes of all, the frequency of none
        other: Element = {}
        _repeat_pattern(other, {}, one, translation)
        code = made.setdefault("code", {"coding": [], "text": ""})
        code["coding"] += [c for c in other.get("code", {}).get("coding", []) if c["system"] != _ABBREVIATION]
        code["text"] = ", ".join(filter(None, [code["text"], other.get("code", {}).get("text", "")]))


def _repeat_pattern(made: Element, repeat: Element, rpt: Part, translation: Translation) -> None:
    """RPT: the pattern, its days, its period, its event."""
    _pattern(made, repeat, rpt.part(1), translation)
    period, unit = exact(peek(rpt, 5)) if peek(rpt, 5) else None, ucum(peek(rpt, 6))
    if period is not None and unit in ("s", "min", "h", "d", "wk", "mo", "a") and "period" not in repeat:
        repeat["period"], repeat["periodUnit"] = exact(text(rpt, 5))[0], unit  # type: ignore[index]
        text(rpt, 6)
    event = peek(rpt, 8)
    if event in _EVENTS and "when" not in repeat and "timeOfDay" not in repeat:
        repeat["when"] = [text(rpt, 8)]
        if _offset(repeat, peek(rpt, 9), peek(rpt, 10)):
            text(rpt, 9)
            text(rpt, 10)
    words = [said for number in (7, 11) if (said := text(rpt, number))]
    if event and "when" not in repeat:
        words += [said for number in (8, 9, 10) if (said := text(rpt, number))]
    if words:
        code = made.setdefault("code", {})
        code["text"] = " ".join(filter(None, [code.get("text", ""), *words]))


def _pattern(made: Element, repeat: Element, part: Part | None, translation: Translation) -> None:
    if part is None:
        return
    understood = repeat_pattern.read(part.peek)
    repeat.update(understood.repeat)
    code: Element = {"coding": [], "text": part.peek}
    if understood.abbreviation:
        code["coding"].append({"system": _ABBREVIATION, "code": understood.abbreviation})
    if part.part(2) is not None or part.part(3) is not None:
        sent = codeable_concept(part, translation) or {}
        code["coding"] += sent.get("coding", [])
        code["text"] = sent.get("text") or code["text"]
    elif text(part, 1) and (understood.repeat or understood.as_needed):
        code["coding"].append({"system": f"{V2}0335", "code": part.peek})
    if not code["coding"]:
        del code["coding"]
    made["code"] = code


def _times(repeat: Element, parts: Sequence[Part], translation: Translation) -> None:
    """Explicit times of day; they exclude an event (tim-10)."""
    found = []
    for part in parts:
        read = (_TIME.fullmatch(sent.strip()) for sent in part.peek.split(","))
        found += [f"{time[1]}:{time[2]}:{time[3] or '00'}" for time in read if time]
    if found and "when" not in repeat:
        for part in parts:
            part.text  # noqa: B018 (counted as read)
        repeat["timeOfDay"] = found


def _bounds(repeat: Element, segment: Segment, translation: Translation) -> None:
    start, end = (next(iter(segment.field(number)), None) for number in (7, 8))
    period = between(start, end, translation)
    duration = next(iter(segment.field(6)), None)
    if period:
        repeat["boundsPeriod"] = period
    elif duration is not None and (made := _duration(duration)):
        repeat["boundsDuration"] = made


def _duration(part: Part) -> Element | None:
    found = exact(peek(part, 1))
    units = part.part(2)
    if found is None:
        return None
    made: Element = {"value": found[0]}
    text(part, 1)
    if units is not None:
        sent, words = peek(units, 1), peek(units, 2)
        made["unit"] = text(units, 2) or text(units, 1)
        text(units, 1)
        text(units, 3)
        if code := ucum(sent) or ucum(words):
            made["system"], made["code"] = _UCUM, code
    return made if made.get("code") else None


def _occurrence(repeat: Element, segment: Segment) -> None:
    for part in segment.field(13)[:1]:
        found, units = exact(peek(part, 1)), part.part(2)
        unit = (ucum(peek(units, 1)) or ucum(peek(units, 2))) if units is not None else ""
        if found is not None and unit in _UNITS.values():
            text(part, 1)
            text(units, 1)  # type: ignore[arg-type]
            text(units, 2)  # type: ignore[arg-type]
            repeat["duration"], repeat["durationUnit"] = found[0], unit
    for part in segment.field(14)[:1]:
        if part.peek.isdigit() and int(part.peek):
            repeat["count"] = int(part.text)


def _offset_of_field(repeat: Element, parts: Sequence[Part]) -> None:
    for part in parts[:1]:
        units = part.part(2)
        if units is not None and "when" in repeat and _offset(repeat, peek(part, 1), peek(units, 1)):
            text(part, 1)
            text(units, 1)


def _offset(repeat: Element, amount: str, unit: str) -> bool:
    """Minutes before or after an event (tim-9 wants the event)."""
    found, factor = exact(amount) if amount else None, _MINUTES.get(ucum(unit))
    if found is None or factor is None or "offset" in repeat:
        return False
    minutes = found[0] * factor
    if minutes != int(minutes) or minutes < 0:
        return False
    repeat["offset"] = int(minutes)
    return True


def _older_duration(made: Element, repeat: Element, part: Part | None) -> None:
    if part is None:
        return
    found = _DURATION.fullmatch(part.peek)
    if found is None or not int(found[2]):
        code = made.setdefault("code", {})
        code["text"] = " ".join(filter(None, [code.get("text", ""), part.text]))
        return
    part.text  # noqa: B018 (counted as read)
    if found[1] == "X":
        repeat["count"] = int(found[2])
    else:
        unit = _UNITS[found[1]]
        repeat["boundsDuration"] = {"value": int(found[2]), "unit": unit, "system": _UCUM, "code": unit}
