"""The rules of matching: which agreements together make which grade.

A grade is made by a tuple of agreements, never by a sum of points: points let many weak agreements of a twin
or a namesake outweigh the one thing that tells them apart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.match import compare
from gateway.match.compare import Likeness
from gateway.match.person import Person
from gateway.match.veto import vetoes

ALIKE: Final = 0.88


class Grade(StrEnum):
    """FHIR match-grade."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    CERTAINLY_NOT = "certainly-not"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two persons agree in."""

    name: Likeness
    given: bool
    family: Likeness
    part: bool
    birth: Likeness
    birth_known: bool
    our_mrn: bool
    number: bool
    member: bool
    ssn: bool
    address: bool
    postal: bool
    phone: bool
    email: bool
    sex: bool

    @property
    def named(self) -> bool:
        """Whether the names are equal."""
        return self.name is Likeness.EQUAL

    @property
    def alike(self) -> bool:
        """Whether the names are equal or nearly so."""
        return self.name is not Likeness.APART

    @property
    def kin(self) -> bool:
        """Whether the family names are equal or nearly so."""
        return self.family is not Likeness.APART

    @property
    def born(self) -> bool:
        """Whether the birth dates are equal."""
        return self.birth is Likeness.EQUAL

    @property
    def born_near(self) -> bool:
        """Whether the birth dates are equal or a slip of the pen apart."""
        return self.birth is not Likeness.APART

    @property
    def born_unless(self) -> bool:
        """Whether the birth dates are near each other, unless one of them is not known."""
        return self.born_near or not self.birth_known

    @property
    def contact(self) -> bool:
        """Whether anything agrees that few persons share."""
        return any((self.our_mrn, self.number, self.member, self.ssn, self.address, self.phone, self.email))

    @property
    def issued(self) -> bool:
        """Whether a number agrees that is issued to one person only."""
        return self.our_mrn or self.number or self.ssn


@dataclass(frozen=True, slots=True)
class Rule:
    """One tuple: its name, the grade and score that it makes, and what must agree."""

    name: str
    grade: Grade
    score: str
    holds: Callable[[Agreement], bool]


@dataclass(frozen=True, slots=True)
class Graded:
    """What was found of one candidate."""

    grade: Grade
    rule: str
    score: str
    vetoes: tuple[str, ...] = ()


RULES: Final = (
    Rule("our-mrn+name", Grade.CERTAIN, "0.99", lambda a: a.our_mrn and a.named),
    Rule("our-mrn+birth-date", Grade.CERTAIN, "0.99", lambda a: a.our_mrn and a.born),
    Rule("mrn+given+birth-date", Grade.CERTAIN, "0.99", lambda a: a.number and a.given and a.born),
    Rule("mrn+name", Grade.CERTAIN, "0.99", lambda a: a.number and a.named and not a.birth_known),
    Rule("ssn+given+birth-date", Grade.CERTAIN, "0.99", lambda a: a.ssn and a.given and a.born),
    Rule("ssn+name", Grade.CERTAIN, "0.99", lambda a: a.ssn and a.given and a.kin and a.born_unless),
    Rule("member+name+birth-date", Grade.CERTAIN, "0.99", lambda a: a.member and a.named and a.born),
    Rule("address+name+birth-date", Grade.CERTAIN, "0.8", lambda a: a.address and a.given and a.kin and a.born),
    Rule("name+birth-date+contact", Grade.PROBABLE, "0.8", lambda a: a.alike and a.born_near and a.contact),
    Rule("name+issued", Grade.PROBABLE, "0.8", lambda a: a.alike and a.issued and not a.birth_known),
    Rule("part-of-name+birth-date+issued", Grade.PROBABLE, "0.8", lambda a: a.part and a.born_near and a.issued),
    Rule("given+birth-date+contact", Grade.POSSIBLE, "0.7", lambda a: a.given and a.born and a.contact),
    Rule("name+birth-date+postal", Grade.POSSIBLE, "0.7", lambda a: a.alike and a.born and a.postal),
    Rule("name+birth-date+sex", Grade.POSSIBLE, "0.7", lambda a: a.alike and a.born and a.sex),
    Rule("name+birth-date", Grade.POSSIBLE, "0.6", lambda a: a.alike and a.born_near),
    Rule("name+address", Grade.POSSIBLE, "0.6", lambda a: a.named and a.address and not a.birth_known),
    Rule("part-of-identity+issued", Grade.POSSIBLE, "0.6", lambda a: a.issued and (a.alike or a.born)),
    Rule("patient-conflict", Grade.POSSIBLE, "0.6", lambda a: a.issued),
)
NO_RULE: Final = Graded(Grade.CERTAINLY_NOT, "none", "0")


def grade(one: Person, other: Person) -> Graded:
    """The first rule that holds makes the grade; a veto caps it at possible."""
    agreement = _agreement(one, other)
    for rule in RULES:
        if rule.holds(agreement):
            against = vetoes(one, other)
            if against and rule.grade is not Grade.POSSIBLE:
                return Graded(Grade.POSSIBLE, _capped(rule, agreement, against), "0.6", against)
            return Graded(rule.grade, rule.name, rule.score, against)
    return NO_RULE


def _capped(rule: Rule, agreement: Agreement, against: tuple[str, ...]) -> str:
    """An issued number that hits somebody else is a conflict, whatever rule it helped."""
    if agreement.issued and {"given-name", "birth-date"} & set(against):
        return "patient-conflict"
    return f"{rule.name}:{against[0]}"


def _agreement(one: Person, other: Person) -> Agreement:
    return Agreement(
        name=compare.names(one, other),
        given=compare.given(one, other) == 1.0 and not _unnamed(one, other),
        family=compare.family(one, other),
        part=_shares_part(one, other),
        birth=compare.birth_dates(one, other),
        birth_known=bool(one.birth_date and other.birth_date),
        our_mrn=not one.our_mrns.isdisjoint(other.our_mrns),
        number=not one.numbers.isdisjoint(other.numbers),
        member=not one.members.isdisjoint(other.members),
        ssn=any(len(ssn) == 9 for ssn in one.ssns & other.ssns),
        address=compare.addresses(one, other),
        postal=not {postal for _, postal in one.addresses}.isdisjoint(postal for _, postal in other.addresses),
        phone=not one.phones.isdisjoint(other.phones),
        email=not one.emails.isdisjoint(other.emails),
        sex=bool(one.sexes & other.sexes),
    )


def _shares_part(one: Person, other: Person) -> bool:
    """Whether the given or the family name agrees, nearly at least."""
    return compare.given(one, other) >= ALIKE or compare.family(one, other) is not Likeness.APART


def _unnamed(one: Person, other: Person) -> bool:
    return any(name.placeholder for name in (*one.names, *other.names))
