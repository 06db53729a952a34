"""Blocking keys: two records of one person share at least one, so only those that share one are compared.

A key is a digest: the index that holds them says nothing about anybody.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from gateway.match.normalise import sound
from gateway.match.person import Name, Person, person
from gateway.match.words import nicknames


def keys(patient: dict[str, Any]) -> list[str]:
    """The blocking keys of a Patient, sorted."""
    return sorted({_digest(*parts) for parts in _keys(person(patient))})


def _keys(who: Person) -> Iterator[tuple[str, ...]]:
    for number in (*who.numbers, *who.members):
        yield ("number", *number)
    for mrn in who.our_mrns:
        yield "our-mrn", mrn
    for ssn in who.ssns:
        yield "ssn", ssn
    for text in (*who.phones, *who.emails):
        yield "contact", text
    for line, postal in who.addresses:
        yield ("address", postal, *line)
    for name in who.names:
        yield from _of_name(name, who.birth_date)


def _of_name(name: Name, born: str) -> Iterator[tuple[str, ...]]:
    given = {sound(formal) for formal in (name.given, *nicknames().get(name.given, ())) if formal}
    family = {sound(word) for word in (*name.family, "".join(name.family)) if word}
    if born:
        year, day = born[:4], "".join(sorted((born[5:7], born[8:])))
        for heard in given | family:
            yield "born", year + day, heard
    for first in given:
        for last in family:
            yield ("name", *sorted((first, last)))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
