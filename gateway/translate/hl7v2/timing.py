"""TQ1 and the older TQ to Timing (HL7 v2, sections 4.5.4 and 4.3); the words of a timing always stay with it."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from gateway.translate.converter import converter
from gateway.translate.hl7v2 import repeat_pattern
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.quantity import plain_number
from gateway.translate.hl7v2.systems import V2, in_table, ucum
from gateway.translate.hl7v2.timing_bounds import bounds, count_duration, duration_of_code, duration_of_quantity
from gateway.translate.translation import Translation

Element = dict[str, Any]
_ABBREVIATION: Final = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
_TIME: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d)?(?:\.\d+)?", re.ASCII)
_TIMES: Final = re.compile(r"X(\d{1,4})", re.ASCII)
_PERIODS: Final = ("s", "min", "h", "d", "wk", "mo", "a")
_MINUTES: Final = {"s": Decimal(1) / 60, "min": Decimal(1), "h": Decimal(60), "d": Decimal(1440)}


class Segment(Protocol):
    """A segment as the parser gives it."""

    @property
    def name(self) -> str:
        """Its three letters."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@converter("timing", "hl7v2")
def timing(segment: Segment, translation: Translation) -> Element | None:
    """TQ1: pattern, explicit times, offset, bounds, duration of one occurrence and their number."""
    made: Element = {}
    repeat: Element = {}
    patterns = patterns_of(segment, translation)
    if len(patterns) > 1:
        made["code"] = _several(patterns, translation)
    elif patterns:
        _repeat_pattern(made, repeat, patterns[0], translation)
    _times(repeat, segment.field(4))
    duration = _first(segment, 6)
    bounded, used = bounds(_first(segment, 7), _first(segment, 8), duration_of_quantity(duration), translation)
    repeat |= bounded
    if duration is not None and used:
        count_duration(duration, translation, shown="boundsDuration" in bounded)
    _occurrence(repeat, _first(segment, 13), translation)
    _count(repeat, _first(segment, 14))
    for part in segment.field(5)[:1]:
        _offset(repeat, part, part.part(2), translation)
    return _whole(made, repeat)


@converter("older_timing", "hl7v2")
def older_timing(part: Part, translation: Translation) -> Element | None:
    """TQ (ORC-7, RXE-1, OBR-27): interval, duration, start and end in the components of one field."""
    made: Element = {}
    repeat: Element = {}
    interval, duration = part.part(2), part.part(3)
    if interval is not None:
        _pattern(made, repeat, interval.part(1), translation)
        _times(repeat, [one] if (one := interval.part(2)) is not None else [])
    bounded, used = bounds(part.part(4), part.part(5), duration_of_code(duration), translation)
    repeat |= bounded
    if duration is not None and used:
        reword(duration.part(1), translation)
    elif duration is not None and "count" not in repeat:
        _so_many_times(repeat, duration)
    _occurrence(repeat, part.part(11), translation)
    _count(repeat, part.part(12))
    return _whole(made, repeat)


@converter("as_needed", "hl7v2")
def as_needed(node: Any, translation: Translation) -> bool | None:
    """True when a pattern or a priority says PRN."""
    if hasattr(node, "field"):
        said = [*(one.part(1) for one in patterns_of(node, translation)), _first(node, 9)]
    else:
        interval = node.part(2)
        said = [interval.part(1) if interval is not None else None, node.part(6)]
    asked = [one for one in said if one is not None and repeat_pattern.read(peek(one, 1)).as_needed]
    for one in asked:
        for number in (1, 2, 3):
            reword(one.part(number), translation)
    return True if asked else None


def patterns_of(segment: Segment, translation: Translation) -> Sequence[Part]:
    """The patterns of a TQ1; where each is a dosage of its own (`dosage_timing`), the one whose turn it is."""
    turn = translation.memory.get("pattern")
    return segment.field(3) if turn is None else segment.field(3)[turn : turn + 1]


def _several(patterns: Sequence[Part], translation: Translation) -> Element:
    """Several patterns where one timing stands: the words and codes of all, the frequency of none."""
    codings: list[Element] = []
    words = []
    for one in patterns:
        other: Element = {}
        _repeat_pattern(other, {}, one, translation)
        codings += [c for c in other.get("code", {}).get("coding", []) if c["system"] != _ABBREVIATION]
        words.append(other.get("code", {}).get("text", ""))
    translation.warn("timing-composite")
    made = {"coding": codings, "text": ", ".join(filter(None, words))}
    return {name: said for name, said in made.items() if said}


def _repeat_pattern(made: Element, repeat: Element, rpt: Part, translation: Translation) -> None:
    """RPT: pattern, days, period and event; when one of them is not understood, all of them are words alone."""
    code = peek(rpt.part(1), 1) if rpt.part(1) is not None else ""  # type: ignore[arg-type]
    found = repeat_pattern.read_all({number: peek(rpt, number) for number in range(2, 12)} | {1: code})
    if found is None:
        _pattern(made, {}, rpt.part(1), translation, understood=False)
        further = rpt.parts()[1:] if rpt.part(1) is not None else rpt.parts()
        words = [*filter(None, [made.get("code", {}).get("text", "")]), *map(phrase, further)]
        made.setdefault("code", {})["text"] = " ".join(words)
        return
    _pattern(made, repeat, rpt.part(1), translation)
    repeat |= found
    if times := text(rpt, 7):  # whether the institution's times hold
        code = made.setdefault("code", {})
        code["text"] = " ".join(filter(None, (code.get("text", ""), times)))
    for number in (2, 3, 4, 5, 6, 8, 9, 10):
        reword(rpt.part(number), translation)


def _pattern(
    made: Element, repeat: Element, part: Part | None, translation: Translation, *, understood: bool = True
) -> None:
    if part is None:
        return
    sent = peek(part, 1)
    found = repeat_pattern.read(sent) if understood else repeat_pattern.Pattern()
    repeat |= found.repeat
    code: Element = {"coding": [], "text": sent}
    if found.abbreviation:
        code["coding"].append({"system": _ABBREVIATION, "code": found.abbreviation})
    if part.part(2) is not None or part.part(3) is not None:
        said = codeable_concept(part, translation) or {}
        code["coding"] += said.get("coding", [])
        code["text"] = said.get("text") or code["text"]
    elif text(part, 1) and in_table("0335", sent):
        code["coding"].append({"system": f"{V2}0335", "code": sent})
    made["code"] = {name: said for name, said in code.items() if said}


def _times(repeat: Element, parts: Sequence[Part]) -> None:
    """Explicit times of day, all or none of them; they exclude an event (tim-10)."""
    read = [_TIME.fullmatch(sent.strip()) for part in parts for sent in part.peek.split(",")]
    if not read or not all(read) or "when" in repeat:
        return
    for part in parts:
        part.text  # noqa: B018 (counted as read)
    repeat["timeOfDay"] = [f"{time[1]}:{time[2]}:{time[3] or '00'}" for time in read if time]


def _occurrence(repeat: Element, part: Part | None, translation: Translation) -> None:
    """How long one occurrence takes."""
    units = part.part(2) if part is not None else None
    found = plain_number(peek(part, 1)) if part is not None else None
    unit = (ucum(peek(units, 1)) or ucum(peek(units, 2))) if units is not None else ""
    if found is not None and part is not None and unit in _PERIODS:
        count_duration(part, translation)
        repeat["duration"], repeat["durationUnit"] = found, unit


def _count(repeat: Element, part: Part | None) -> None:
    if part is not None and re.fullmatch(r"0*[1-9]\d{0,8}", part.peek, re.ASCII) and "count" not in repeat:
        repeat["count"] = int(part.text)


def _so_many_times(repeat: Element, part: Part) -> None:
    """TQ.3 of the form X5."""
    found = _TIMES.fullmatch(part.peek)
    if found is not None and int(found[1]):
        repeat["count"] = int(text(part, 1)[1:])


def _offset(repeat: Element, amount: Part, unit: Part | None, translation: Translation) -> None:
    """Minutes before or after an event (tim-9 wants the event)."""
    found, factor = plain_number(peek(amount, 1)), _MINUTES.get(ucum(peek(unit, 1)) if unit is not None else "")
    events = repeat.get("when", ())
    if (
        found is None
        or factor is None
        or not events
        or "offset" in repeat
        or not repeat_pattern.AT_MEALS.isdisjoint(events)
    ):
        return
    minutes = found * factor
    if minutes == int(minutes) and minutes >= 0:
        repeat["offset"] = int(minutes)
        count_duration(amount, translation)


def _whole(made: Element, repeat: Element) -> Element | None:
    return ({"repeat": repeat, **made} if repeat else made) or None


def _first(segment: Segment, number: int) -> Part | None:
    return next(iter(segment.field(number)), None)
