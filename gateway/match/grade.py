"""How sure it is that two records are one person's: the first rule that holds, and what speaks against it."""

from dataclasses import dataclass
from typing import Final

from gateway.match.agreement import agreements
from gateway.match.person import Person
from gateway.match.rules import Grade, Rule, rules
from gateway.match.veto import vetoes

_ANOTHERS: Final = frozenset({"given-name", "birth-date"})


@dataclass(frozen=True, slots=True)
class Graded:
    """What was found of one candidate; `vetoes` are those that the rule does not answer."""

    grade: Grade
    rule: str
    score: str
    vetoes: tuple[str, ...] = ()
    agree: frozenset[str] = frozenset()


NO_RULE: Final = Graded(Grade.CERTAINLY_NOT, "none", "0")


def grade(one: Person, other: Person) -> Graded:
    """The first rule that holds makes the grade; a veto that it does not answer caps it at possible."""
    agree = agreements(one, other)
    rule = next((rule for rule in rules().rules if rule.agree <= agree), None)
    return NO_RULE if rule is None else _graded(rule, agree, vetoes(one, other))


def _graded(rule: Rule, agree: frozenset[str], speaking: tuple[str, ...]) -> Graded:
    against = tuple(name for name in speaking if name not in rule.despite)
    if against and rule.grade is not Grade.POSSIBLE:
        return Graded(Grade.POSSIBLE, _capped(rule, agree, against), "0.6", against, agree)
    return Graded(rule.grade, rule.name, rule.score, against, agree)


def _capped(rule: Rule, agree: frozenset[str], against: tuple[str, ...]) -> str:
    """An issued number that hits somebody else is a conflict, whatever rule it helped."""
    if "issued" in agree and not _ANOTHERS.isdisjoint(against):
        return "patient-conflict"
    return f"{rule.name}:{against[0]}"
