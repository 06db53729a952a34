"""A number that is known for one person, beside a name and a birth date that are another's."""

from typing import Final

from gateway.match import compare
from gateway.match.agreement import agreements
from gateway.match.compare import Likeness
from gateway.match.person import Described, Person, person
from gateway.match.veto import vetoes

_ANOTHERS: Final = frozenset({"given-name", "birth-date"})
_NUMBERS: Final = frozenset({"number", "ssn", "member-id"})
_LEAST_GIVEN: Final = 0.80


def strangers(patient: Described, known: Described) -> tuple[str, ...]:
    """What says that the number by which these meet is somebody else's: the vetoes of name and birth date."""
    return tuple(name for name in vetoes(person(patient), person(known)) if name in _ANOTHERS)


def is_named(patient: Described, known: Described) -> bool:
    """Whether name and birth date are those of somebody known, and nothing speaks against it but numbers."""
    one, other = person(patient), person(known)
    return agreements(one, other) >= {"name-near", "birth-date"} and _NUMBERS.issuperset(vetoes(one, other))


def contradicts(patient: Described, known: Described) -> bool:
    """Whether nothing of name and birth date agrees, though both tell both: no correction of one record does that."""
    one, other = person(patient), person(known)
    return _told(one) and _told(other) and not compare.are_names_turned(one, other) and _apart(one, other)


def differs(cover: Described, content: Described) -> bool:
    """Whether a document is of another than its cover says: by its name, or by any digit of its birth date."""
    one, other = person(cover), person(content)
    name = _named(one) and _named(other) and compare.names(one, other) is Likeness.APART
    return name or bool(one.birth_date and other.birth_date and one.birth_date != other.birth_date)


def _told(who: Person) -> bool:
    return bool(who.birth_date) and _named(who)


def _named(who: Person) -> bool:
    return any(name.given and name.family and not name.placeholder for name in who.names)


def _apart(one: Person, other: Person) -> bool:
    return (
        compare.birth_dates(one, other) is Likeness.APART
        and compare.names(one, other) is Likeness.APART
        and compare.family(one, other) is Likeness.APART
        and compare.given(one, other) < _LEAST_GIVEN
    )
