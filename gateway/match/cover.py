"""Whether two mentions in one submission are of one person; stricter than a link, since the sender can be asked."""

from typing import Any

from gateway.match import compare
from gateway.match.compare import Likeness
from gateway.match.person import person


def agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Nothing that both say of name and birth date differs, and something tells that they are one.

    A name that is merely alike does where they share a number.
    """
    mine, theirs = person(one), person(other)
    numbered = not _numbers(one).isdisjoint(_numbers(other))
    named, born = _both(mine.names, theirs.names), bool(one.get("birthDate") and other.get("birthDate"))
    if named and compare.names(mine, theirs) < (Likeness.NEAR if numbered else Likeness.EQUAL):
        return False
    if born and not _are_one_date(one["birthDate"], other["birthDate"]):
        return False
    return numbered or (named and born)


def _both(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    return any(name.given and name.family for name in mine) and any(name.given and name.family for name in theirs)


def _are_one_date(one: str, other: str) -> bool:
    """Equal as far as both are told."""
    return one.startswith(other) or other.startswith(one)


def _numbers(patient: dict[str, Any]) -> set[tuple[str, str]]:
    held = ((one.get("system"), one.get("value")) for one in patient.get("identifier", ()))
    return {(system, value) for system, value in held if system and value}
