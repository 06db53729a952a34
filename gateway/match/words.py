"""The words that matching knows: nicknames, address words, suffixes, nursery names. They are data."""

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
