"""Two records that a number, or one submission, calls one person's, and that cannot be."""

from typing import Any, Final

from gateway.match import compare
from gateway.match.agreement import agreements
from gateway.match.compare import Likeness
from gateway.match.person import Person, person
from gateway.match.veto import vetoes

_ANOTHERS: Final = frozenset({"given-name", "birth-date"})
_LEAST_GIVEN: Final = 0.80


def is_numbered_as_another(patient: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether name or birth date say that the number of this patient is somebody else's."""
    return not _ANOTHERS.isdisjoint(vetoes(person(patient), person(known)))


def is_named(patient: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether name and birth date are those of somebody known, and nothing speaks against it but numbers."""
    one, other = person(patient), person(known)
    against = set(vetoes(one, other)) - {"number", "ssn", "member-id"}
    return agreements(one, other) >= {"name-near", "birth-date"} and not against


def contradicts(patient: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether nothing of name and birth date agrees, though both tell both: no correction of one record does that."""
    one, other = person(patient), person(known)
    return _told(one) and _told(other) and not compare.are_names_turned(one, other) and _apart(one, other)


def differs(patient: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether the name or the birth date of two who should be one differ by more than a slip or a short form."""
    one, other = person(patient), person(known)
    name = _named(one) and _named(other) and compare.names(one, other) is Likeness.APART
    return name or bool({"birth-date"} & set(vetoes(one, other)))


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
