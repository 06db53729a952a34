"""What matching knows of words: nicknames, address words, suffixes, placeholders, how names are spelled. It is data."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from gateway.core.table import texts

FOLDER: Final = Path(__file__).resolve().parents[2] / "mappings" / "match"


@cache
def nicknames() -> dict[str, frozenset[str]]:
    """For each short form, the formal names that it may stand for."""
    formal: dict[str, set[str]] = {}
    for name, shorts in _load("nicknames").items():
        for short in shorts:
            formal.setdefault(short, set()).add(name)
    return {short: frozenset(names) for short, names in formal.items()}


@cache
def address_words() -> dict[str, str]:
    """For each form of an address word, the one that is compared."""
    return _flat("address")


@cache
def suffixes() -> dict[str, str]:
    """For each form of a name's suffix, the one that is compared."""
    return _flat("suffix")


@cache
def placeholders() -> frozenset[str]:
    """Given names that are no names."""
    return frozenset(_load("words")["placeholder"])


@cache
def placeholder_dates() -> frozenset[str]:
    """Birth dates that stand for none."""
    return frozenset(_load("words")["placeholder-date"])


@cache
def placeholder_numbers() -> frozenset[str]:
    """Social security numbers that stand for none."""
    return frozenset(_load("words")["placeholder-ssn"])


@cache
def spelling() -> dict[str, str]:
    """The letters that follow each two in given names; `_` stands for the beginning and the end."""
    return _load("spelling")


def _flat(table: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for kept, met in _load("words")[table].items():
        found[kept] = kept
        found.update(dict.fromkeys(met, kept))
    return found


@cache
def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = texts(FOLDER / f"{name}.yaml")
    return loaded
