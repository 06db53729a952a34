"""Directions in the plainest words of the grammar, from what they were understood to say."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from gateway.translate.sig.meaning import Sig
from gateway.translate.sig.words import words

Element = dict[str, Any]
_PERIODS: Final = {"d": "day", "wk": "week", "mo": "month"}


def render(sig: Sig) -> str:
    """The directions anew; read again they must say the same."""
    return " ".join(_said(sig))


def _said(sig: Sig) -> Iterator[str]:
    dosage, repeat = sig.dosage, sig.dosage.get("timing", {}).get("repeat", {})
    if "method" in dosage:
        yield dosage["method"]["text"]
    yield from _amounts(dosage.get("doseAndRate", ()))
    if "duration" in repeat:
        yield f"over {repeat['duration']} {repeat['durationUnit']}"
    if "route" in dosage:
        yield _word_for("routes", str(dosage["route"]))
    yield from _times(repeat, sig.cycle)
    if dosage.get("asNeededBoolean"):
        yield "as needed"
    elif "asNeededCodeableConcept" in dosage:
        yield f"as needed for {dosage['asNeededCodeableConcept']['text']}"
    if "maxDosePerPeriod" in dosage:
        most, span = dosage["maxDosePerPeriod"]["numerator"], dosage["maxDosePerPeriod"]["denominator"]
        yield f"max {_quantity(most)} per {'day' if span['code'] == 'd' else '24 h'}"
    yield from (one["text"] for one in dosage.get("additionalInstruction", ()))
    yield from cycle_words(sig.cycle)


def _amounts(entries: Any) -> Iterator[str]:
    for n, entry in enumerate(entries):
        if "doseRange" in entry:
            low, high = entry["doseRange"]["low"], entry["doseRange"]["high"]
            yield f"{low['value']} to {_quantity(high)}"
        elif "doseQuantity" in entry:
            yield f"({_quantity(entry['doseQuantity'])})" if n else _quantity(entry["doseQuantity"])
    if entries and "rateQuantity" in entries[0]:
        yield f"at {_quantity(entries[0]['rateQuantity'])}"


def _times(repeat: Element, cycle: Element) -> Iterator[str]:
    by_cycle = bool(cycle.get("daysOfCycle"))  # then the cycle tells bounds and count, and when it is once in each
    once_in_each = by_cycle and "boundsDuration" not in repeat
    if "frequency" in repeat and not once_in_each:
        often = f"{repeat['frequency']}{_upper(repeat, 'frequencyMax')}"
        if repeat["period"] == 1 and repeat["periodUnit"] in _PERIODS and "periodMax" not in repeat:
            yield f"{often} times per {_PERIODS[repeat['periodUnit']]}"
        else:
            yield f"every {repeat['period']}{_upper(repeat, 'periodMax')} {repeat['periodUnit']}"
    if "when" in repeat:
        yield " and ".join(_word_for("events", one) for one in repeat["when"])
    if "dayOfWeek" in repeat:
        yield f"on {' and '.join(repeat['dayOfWeek'])}"
    if "boundsDuration" in repeat and not by_cycle:
        yield f"for {repeat['boundsDuration']['value']} {repeat['boundsDuration']['code']}"
    if "boundsRange" in repeat:
        low, high = repeat["boundsRange"]["low"], repeat["boundsRange"]["high"]
        yield f"for {low['value']} to {high['value']} {high['code']}"
    if "count" in repeat and not by_cycle:
        yield f"for {repeat['count']} doses"


def cycle_words(cycle: Element) -> Iterator[str]:
    """The days and the number of cycles."""
    if "daysOfCycle" in cycle:
        yield f"days {cycle['daysOfCycle']} every {cycle['cycleLength']['value']} {cycle['cycleLength']['code']}"
    planned = cycle.get("cyclesPlanned")
    if "cycleNumber" in cycle:
        yield f"cycle {cycle['cycleNumber']}" + (f" of {planned}" if planned else "")
    elif planned:
        yield f"for {planned} cycles"


def _upper(repeat: Element, name: str) -> str:
    return f" to {repeat[name]}" if name in repeat else ""


def _quantity(quantity: Element) -> str:
    return f"{quantity['value']} {_word_for('units', quantity['unit'])}"


@cache
def _words_for(kind: str) -> dict[str, str]:
    """The first word of each meaning."""
    first: dict[str, str] = {}
    for word, meaning in getattr(words(), kind).items():
        first.setdefault(meaning["unit"] if kind == "units" else str(meaning), word)
    return first


def _word_for(kind: str, meaning: str) -> str:
    return _words_for(kind)[meaning]
