"""Blocking keys: two records of one person share at least one, so only those that share one are compared.

A key is a digest: the index that holds them says nothing about anybody.
"""

import hashlib
from collections.abc import Iterator

from gateway.match.normalise import sound
from gateway.match.person import Described, Name, Person, is_issued, person
from gateway.match.words import nicknames


def keys(patient: Described) -> list[str]:
    """The blocking keys under which a Patient is found, sorted."""
    who = person(patient)
    return sorted({_digest(*parts) for parts in (*_keys(who), *_found_by_name(who))})


def sought(patient: Described) -> list[str]:
    """The keys under which those are that could be this Patient, sorted.

    The name alone finds all its bearers, more with every patient that we know: it is asked only where one of the two
    has no birth date.
    """
    who = person(patient)
    return sorted({_digest(*parts) for parts in (*_keys(who), *_sought_by_name(who))})


def issued(patient: Described) -> list[str]:
    """The keys of the numbers that are issued to one person only, sorted."""
    return sorted({_digest(*parts) for parts in _issued(person(patient))})


def _issued(who: Person) -> Iterator[tuple[str, ...]]:
    for number in who.numbers:
        yield ("number", *number)
    for mrn in who.our_mrns:
        yield "our-mrn", mrn
    for ssn in filter(is_issued, who.ssns):
        yield "ssn", ssn


def _keys(who: Person) -> Iterator[tuple[str, ...]]:
    yield from _issued(who)
    for number in who.members:
        yield ("number", *number)
    for text in (*who.phones, *who.emails):
        yield "contact", text
    for line, postal in who.addresses:
        yield ("address", postal, *line)
    if who.birth_date:
        yield from _of_birth(who)


def _of_birth(who: Person) -> Iterator[tuple[str, ...]]:
    """A slip in the birth date leaves the year or the day as it is, whichever way round day and month stand."""
    year, day = who.birth_date[:4], "".join(sorted((who.birth_date[5:7], who.birth_date[8:])))
    for name in who.names:
        given, family = _heard(name)
        for one in given | family:
            yield "born", year + day, one
        for pair in _pairs(given, family):
            yield ("year", year, *pair)
            yield ("day", day, *pair)


def _found_by_name(who: Person) -> Iterator[tuple[str, ...]]:
    for name in who.names:
        for pair in _pairs(*_heard(name)):
            yield ("name", *pair)
            if not who.birth_date:
                yield ("no-birth-date", *pair)


def _sought_by_name(who: Person) -> Iterator[tuple[str, ...]]:
    for name in who.names:
        for pair in _pairs(*_heard(name)):
            yield ("no-birth-date" if who.birth_date else "name", *pair)


def _heard(name: Name) -> tuple[set[str], set[str]]:
    given = {sound(formal) for formal in (name.given, *nicknames().get(name.given, ())) if formal}
    return given, {sound(word) for word in (*name.family, "".join(name.family)) if word}


def _pairs(given: set[str], family: set[str]) -> Iterator[tuple[str, ...]]:
    for first in given:
        for last in family:
            yield tuple(sorted((first, last)))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
