"""Directions as a sequence of clauses, each at most once; whatever is no clause leaves the whole of it text."""

import re
from functools import cache
from typing import Final

from gateway.translate.sig import meaning
from gateway.translate.sig.meaning import Adds, Sig, UnclearError
from gateway.translate.sig.words import any_of, words

_LONGEST: Final = 300
_BETWEEN: Final = re.compile(r"[ ,;]*(?:\.(?= |\Z))?[ ,;]*")
_SPOKEN: Final = str.maketrans({"–": "-", "—": "-", "µ": "u", "μ": "u", "×": "x"})
# Numbers that can be read in one way: no comma, no nought that could be lost or a fraction's end.
_NUMBER: Final = r"(?<![\d.,/])(?:[1-9]\d{0,6}(?:\.\d{0,4}[1-9])?|0\.\d{0,4}[1-9])(?![\d/]|[.,]\d)"
_WHOLE: Final = r"(?<![\d.,/])[1-9]\d{0,3}(?![\d/]|[.,]\d)"
_DAY: Final = r"(?<![\d.])[1-9]\d{0,2}(?!\d|\.\d)"
_END: Final = r"(?![\w/%²^(])"  # a word that goes on is another word


def parse(text: str) -> Sig | None:
    """What directions say when clauses are all that they hold; None when anything else stands between them."""
    said = " ".join(text.translate(_SPOKEN).lower().split())
    if not said or len(said) > _LONGEST:
        return None
    sig, told, at = Sig({}, {}), set[str](), _past(said, 0)
    try:
        while at < len(said):
            name, found, add = _longest(said, at)
            if found is None or name in told or (name == "verb" and told):
                return None
            told.add(name)
            add(found, sig, words())
            at = _past(said, found.end())
        meaning.settle_cycle(sig)
    except UnclearError:
        return None
    return sig if sig.dosage or sig.cycle else None


def _past(said: str, at: int) -> int:
    found = _BETWEEN.match(said, at)
    return found.end() if found else at


def _longest(said: str, at: int) -> tuple[str, re.Match[str] | None, Adds]:
    """The clause that takes the most of what comes."""
    matches = ((name, pattern.match(said, at), add) for name, pattern, add in _clauses())
    return max(matches, key=lambda one: one[1].end() if one[1] else -1)


@cache
def _clauses() -> tuple[tuple[str, re.Pattern[str], Adds], ...]:
    """The kinds of clauses, compiled from the words: name, pattern, what it adds."""
    of = words()
    n, i = f"(?:{_NUMBER}|{any_of(of.numbers)})", f"(?:{_WHOLE}|{any_of(of.numbers)})"
    amount, times = (rf"(?P<low>{one})(?: ?(?:-|to) ?(?P<high>{one}))?" for one in (n, i))
    plain, scaled, unit = any_of(of.plain), any_of(of.scaled), any_of(of.times)
    also = r"(?: ?, ?(?:and )?| ?& ?| and )"
    event, weekday, reason = any_of(of.events), any_of(of.weekdays), any_of(of.reasons)
    reasons = rf"(?P<reason>{reason}(?:(?:{also}| or |/){reason})*)"
    day = rf"{_DAY}(?: ?(?:-|to|through) ?{_DAY})?"
    days = rf"{day}(?:{also}(?:d(?:ays?)? ?)?{day})*"
    span = r"(?P<span>24 ?h(?:ours|rs)?|day)"
    cycle = rf"(?:every |q ?|of (?:a |an |each |every |the )?)(?P<length>{_WHOLE})[ -]?(?P<unit>d|days?|w|wks?|weeks?)"
    kinds = (
        ("verb", any_of(of.verbs), meaning.verb),
        ("dose", rf"{amount} ?(?P<unit>{plain})", meaning.dose),
        ("dose", rf"{amount} ?(?P<unit>{scaled})", meaning.scaled),
        ("dose", rf"(?P<low>{n}) ?(?P<unit>{scaled}) ?\( ?=? ?(?P<made>{n}) ?(?P<by>{plain}) ?\)", meaning.scaled),
        ("dose", rf"(?P<low>{n}) ?(?P<unit>{scaled}) ?= ?(?P<made>{n}) ?(?P<by>{plain})", meaning.scaled),
        ("dose", rf"(?P<made>{n}) ?(?P<by>{plain}) ?\( ?(?P<low>{n}) ?(?P<unit>{scaled}) ?\)", meaning.scaled),
        ("rate", rf"(?:at )?(?P<low>{n}) ?(?P<unit>{any_of(of.rates)})", meaning.rate),
        ("over", rf"over (?P<low>{i}) ?(?P<unit>min|mins|minutes?|h|hrs?|hours?)", meaning.over),
        ("route", rf"(?:via |per )?(?P<route>{any_of(of.routes)})(?: route)?", meaning.route),
        ("often", any_of(of.frequencies), meaning.often),
        ("often", rf"{times} ?(?:x|times?) ?(?:/|a |per |each |every )?(?P<unit>day|daily|week|weekly|month|monthly)",
         meaning.times),
        ("often", rf"(?:every |each |q ?){times} ?(?P<unit>{unit})", meaning.every),
        ("when", rf"{event}(?:{also}{event})*", meaning.when),
        ("weekdays", rf"(?:on |every )?{weekday}(?:{also}{weekday})*", meaning.weekdays),
        ("bounds", rf"(?:for |x ?){times} ?(?P<unit>{unit})", meaning.bounds),
        ("count", rf"(?:for |x ?)(?P<low>{i}) doses?", meaning.count),
        ("needed", rf"{any_of(of.needed)}(?:(?: for)? {reasons})?", meaning.needed),
        ("most", rf"{any_of(of.most)} (?P<low>{n}) ?(?P<unit>{plain}) ?(?:/|per |a |in |every ){span}", meaning.most),
        ("instruction", any_of(of.instructions), meaning.instruction),
        ("cycle", rf"(?:on )?d(?:ays?)? ?(?P<days>{days}),? ?{cycle}(?:[ -]cycles?(?! \d))?", meaning.cycle),
        ("cycles", rf"(?:for |x ?)(?P<planned>{i}) cycles?", meaning.turn),
        ("turn", rf"cycle (?P<number>{_WHOLE})(?: of (?P<planned>{_WHOLE}))?", meaning.turn),
    )  # fmt: skip
    return tuple((name, re.compile(f"(?:{pattern}){_END}", re.ASCII), add) for name, pattern, add in kinds)
