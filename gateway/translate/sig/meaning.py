"""What each clause of directions adds to a Dosage, and to the cycle that it names."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from gateway.translate.sig.words import UCUM, Words, any_of, words

Element = dict[str, Any]
_RATE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/dose-rate-type"
_DAYS: Final = re.compile(r"(\d+)(?: ?(?:-|to|through) ?(\d+))?", re.ASCII)
_OFTEN: Final = frozenset({"frequency", "when", "dayOfWeek"})
_WEEK: Final = {"d": 1, "wk": 7}


class Sig(NamedTuple):
    """What directions say: a Dosage without its text, and the parts of a cycle by their names in so-regimen-cycle."""

    dosage: Element
    cycle: Element


Adds = Callable[[re.Match[str], Sig, Words], None]


class UnclearError(Exception):
    """Two clauses tell one thing, a range is the wrong way round, or what they tell together has no place."""


def verb(found: re.Match[str], sig: Sig, of: Words) -> None:
    """How it is done, where that is more than that it is done."""
    if method := of.verbs[found[0]]:
        sig.dosage["method"] = {"text": method}


def dose(found: re.Match[str], sig: Sig, of: Words) -> None:
    """An amount, or a range whose ends are both written."""
    _put(_amounts(sig), _dose(found, of))


def scaled(found: re.Match[str], sig: Sig, of: Words) -> None:
    """An amount by surface or weight is what was ordered; what was calculated stands beside it where told."""
    _put(_amounts(sig), {"type": _type("ordered"), **_dose(found, of)})
    if found.groupdict().get("made"):
        made = _quantity(found["made"], found["by"], of)
        sig.dosage["doseAndRate"].append({"type": _type("calculated"), "doseQuantity": made})


def rate(found: re.Match[str], sig: Sig, of: Words) -> None:
    """How fast."""
    _put(_amounts(sig), {"rateQuantity": _quantity(found["low"], found["unit"], of)})


def over(found: re.Match[str], sig: Sig, of: Words) -> None:
    """How long one takes."""
    _repeat(sig, duration=_whole(found["low"], of), durationUnit=of.times[found["unit"]])


def route(found: re.Match[str], sig: Sig, of: Words) -> None:
    """Which way."""
    sig.dosage["route"] = of.routes[found["route"]]


def often(found: re.Match[str], sig: Sig, of: Words) -> None:
    """How often, in a word."""
    _repeat(sig, **of.frequencies[found[0]])


def times(found: re.Match[str], sig: Sig, of: Words) -> None:
    """So many times a day, a week, a month."""
    unit = {"d": "d", "w": "wk", "m": "mo"}[found["unit"][0]]
    _repeat(sig, **_span(found, of, "frequency", "frequencyMax"), period=1, periodUnit=unit)


def every(found: re.Match[str], sig: Sig, of: Words) -> None:
    """Every so many hours, days, weeks."""
    _repeat(sig, frequency=1, **_span(found, of, "period", "periodMax"), periodUnit=of.times[found["unit"]])


def when(found: re.Match[str], sig: Sig, of: Words) -> None:
    """At which events of the day."""
    _repeat(sig, when=_each(found[0], "events", of))


def weekdays(found: re.Match[str], sig: Sig, of: Words) -> None:
    """On which days of the week."""
    _repeat(sig, dayOfWeek=_each(found[0], "weekdays", of))


def bounds(found: re.Match[str], sig: Sig, of: Words) -> None:
    """For how long."""
    unit = of.times[found["unit"]]
    ends = {end: duration(value, unit) for end, value in _span(found, of, "low", "high").items()}
    _repeat(sig, **({"boundsRange": ends} if "high" in ends else {"boundsDuration": ends["low"]}))


def count(found: re.Match[str], sig: Sig, of: Words) -> None:
    """How often in all."""
    _repeat(sig, count=_whole(found["low"], of))


def needed(found: re.Match[str], sig: Sig, of: Words) -> None:
    """Only when needed, and for what."""
    if found["reason"]:
        sig.dosage["asNeededCodeableConcept"] = {"text": found["reason"]}
    else:
        sig.dosage["asNeededBoolean"] = True


def most(found: re.Match[str], sig: Sig, of: Words) -> None:
    """At most so much in a day."""
    span = duration(1, "d") if found["span"] == "day" else duration(24, "h")
    numerator = _quantity(found["low"], found["unit"], of)
    sig.dosage["maxDosePerPeriod"] = {"numerator": numerator, "denominator": span}


def instruction(found: re.Match[str], sig: Sig, of: Words) -> None:
    """What else is to be done, in its words."""
    sig.dosage["additionalInstruction"] = [{"text": found[0]}]


def cycle(found: re.Match[str], sig: Sig, of: Words) -> None:
    """On which days of a cycle of which length."""
    ranges = [(int(one[1]), int(one[2] or one[1])) for one in _DAYS.finditer(found["days"])]
    unit, length = of.times[found["unit"]], int(found["length"])
    flat = [day for low, high in ranges for day in ((low, high) if high > low else (low,))]
    if any(low > high for low, high in ranges) or flat != sorted(set(flat)) or flat[-1] > length * _WEEK[unit]:
        raise UnclearError
    days = ", ".join(f"{low}-{high}" if high > low else str(low) for low, high in ranges)
    _put(sig.cycle, {"cycleLength": duration(length, unit), "daysOfCycle": days})


def turn(found: re.Match[str], sig: Sig, of: Words) -> None:
    """Which cycle it is, and how many are planned."""
    said = found.groupdict()
    parts = (("cycleNumber", said.get("number")), ("cyclesPlanned", said.get("planned")))
    _put(sig.cycle, {name: _whole(number, of) for name, number in parts if number})


def settle_cycle(sig: Sig) -> None:
    """The schedule within a cycle as Timing.repeat; what R4 cannot hold of it leaves the directions text.

    Days from the first on bound it. One day without a frequency is once in each cycle, as often as there are cycles.
    Other days are told by the cycle alone, so they may have no frequency, which would seem to hold on every day.
    """
    days, repeat = sig.cycle.get("daysOfCycle", ""), sig.dosage.get("timing", {}).get("repeat", {})
    if not days:
        if "cyclesPlanned" in sig.cycle and "frequency" in repeat and not _is_seldom(repeat):
            raise UnclearError
        return
    if repeat.keys() & {"count", "boundsDuration", "boundsRange"}:
        raise UnclearError
    first, _, last = days.partition("-")
    length = sig.cycle["cycleLength"]
    if days.isdecimal() and not _OFTEN & repeat.keys():
        planned = {"count": sig.cycle["cyclesPlanned"]} if "cyclesPlanned" in sig.cycle else {}
        _repeat(sig, frequency=1, period=length["value"], periodUnit=length["code"], **planned)
    elif first == "1" and (last or "1").isdecimal():
        _repeat(sig, boundsDuration=duration(int(last or 1), "d"))
    elif _OFTEN & repeat.keys():
        raise UnclearError


def _is_seldom(repeat: Element) -> bool:
    """Whether it is once a week or less, so that no day of a cycle has to be left out."""
    return repeat["periodUnit"] in ("wk", "mo") or (repeat["periodUnit"] == "d" and repeat["period"] >= 7)


def _amounts(sig: Sig) -> Element:
    entries: list[Element] = sig.dosage.setdefault("doseAndRate", [{}])
    return entries[0]


def _repeat(sig: Sig, **said: Any) -> None:
    _put(sig.dosage.setdefault("timing", {}).setdefault("repeat", {}), said)


def _put(element: Element, said: Element) -> None:
    if element.keys() & said.keys():
        raise UnclearError
    element.update(said)


def _dose(found: re.Match[str], of: Words) -> Element:
    high = found.groupdict().get("high")
    if not high:
        return {"doseQuantity": _quantity(found["low"], found["unit"], of)}
    low, upper = (_quantity(one, found["unit"], of) for one in (found["low"], high))
    if low["value"] >= upper["value"]:
        raise UnclearError
    return {"doseRange": {"low": low, "high": upper}}


def _quantity(number: str, unit: str, of: Words) -> Element:
    value = of.numbers.get(number)
    return {"value": Decimal(number) if value is None else Decimal(value), **of.units[unit]}


def _span(found: re.Match[str], of: Words, low: str, high: str) -> dict[str, int]:
    ends = [_whole(one, of) for one in (found["low"], found["high"]) if one]
    if ends != sorted(set(ends)):
        raise UnclearError
    return dict(zip((low, high), ends, strict=False))


def _whole(number: str, of: Words) -> int:
    return of.numbers.get(number) or int(number)


def duration(value: int, unit: str) -> Element:
    """So much of a unit of time, which UCUM has under its own code."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _each(said: str, kind: str, of: Words) -> list[str]:
    """What the parts of a list mean, each once."""
    meanings = getattr(of, kind)
    found = [meanings[word] for word in _any(kind).findall(said)]
    if len(set(found)) < len(found):
        raise UnclearError
    return found


@cache
def _any(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){any_of(getattr(words(), kind))}(?!\w)")


def _type(code: str) -> Element:
    return {"coding": [{"system": _RATE_TYPE, "code": code}]}
