"""What two persons agree in, each agreement by the name that the rules call it."""

from collections.abc import Callable
from typing import Final

from gateway.match import compare
from gateway.match.compare import Likeness
from gateway.match.person import Person

_ISSUED: Final = frozenset({"our-mrn", "mrn", "ssn"})
_CONTACT: Final = frozenset({"issued", "member", "address", "phone", "email"})
_ALIKE: Final = 0.88


def agreements(one: Person, other: Person) -> frozenset[str]:
    """The names of all that these two agree in."""
    found = {name for name, holds in _SIMPLE.items() if holds(one, other)}
    found.update(_levels(compare.names(one, other), "name", "name-near"))
    found.update(_levels(compare.family(one, other), "family", "family-near"))
    found.update(_levels(compare.birth_dates(one, other), "birth-date", "birth-date-near"))
    found.update(_of_given(one, other))
    if "family-near" in found or compare.given(one, other) >= _ALIKE:
        found.add("part-of-name")
    if not _ISSUED.isdisjoint(found):
        found.add("issued")
    if not _CONTACT.isdisjoint(found):
        found.add("contact")
    return frozenset(found)


def _levels(likeness: Likeness, equal: str, near: str) -> tuple[str, ...]:
    return () if likeness is Likeness.APART else (near,) if likeness is Likeness.NEAR else (equal, near)


def _of_given(one: Person, other: Person) -> tuple[str, ...]:
    if any(name.placeholder for name in (*one.names, *other.names)):
        return ()
    if not (any(name.given for name in one.names) and any(name.given for name in other.names)):
        return ("given-unknown",)
    return ("given",) if compare.given(one, other) == 1.0 else ()


def _is_postal(one: Person, other: Person) -> bool:
    return not {postal for _, postal in one.addresses}.isdisjoint(postal for _, postal in other.addresses)


_SIMPLE: Final[dict[str, Callable[[Person, Person], bool]]] = {
    "our-mrn": lambda one, other: not one.our_mrns.isdisjoint(other.our_mrns),
    "mrn": lambda one, other: not one.numbers.isdisjoint(other.numbers),
    "member": lambda one, other: not one.members.isdisjoint(other.members),
    "ssn": compare.is_one_ssn,
    "ssn-near": compare.is_ssn_slip,
    "name-turned": compare.are_names_turned,
    "given-slip": compare.is_given_slip,
    "birth-date-unknown": lambda one, other: not (one.birth_date and other.birth_date),
    "birth-year": lambda one, other: bool(one.birth_date) and one.birth_date[:4] == other.birth_date[:4],
    "address": compare.addresses,
    "postal": _is_postal,
    "phone": lambda one, other: not one.phones.isdisjoint(other.phones),
    "email": lambda one, other: not one.emails.isdisjoint(other.emails),
    "sex": lambda one, other: bool(one.sexes & other.sexes),
}
KNOWN: Final = frozenset(
    {*_SIMPLE, "issued", "contact", "name", "name-near", "family", "family-near", "birth-date", "birth-date-near",
     "given", "given-unknown", "part-of-name"}
)  # fmt: skip
