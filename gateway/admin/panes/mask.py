"""What may be seen without a reason: codes, numbers, years and initials; everything else shows its length only."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gateway.core import r4

_TYPES: Final = {
    "HumanName": "name",
    "Identifier": "identifier",
    "Address": "text",
    "ContactPoint": "text",
    **dict.fromkeys(("date", "dateTime", "instant", "time", "Period"), "date"),
    **dict.fromkeys(("code", "Coding", "CodeableConcept", "Quantity", "uri", "canonical", "url"), "coded"),
    **dict.fromkeys(("Timing", "Dosage", "Range", "Ratio", "Meta", "oid", "uuid"), "coded"),
    **dict.fromkeys(("boolean", "decimal", "integer", "positiveInt", "unsignedInt", "id"), "plain"),
}  # fmt: skip
# Short words of the standards: no person is found by them.
_PLAIN_NAMES: Final = frozenset({"reference", "unit", "version", "resourceType"})
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+^#-]{0,31}", re.ASCII)
_ADDRESS_OF_A_PAGE: Final = re.compile(r"(?:https?://|urn:)\S+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d", re.ASCII)
_INDEX: Final = re.compile(r"\[\d+\]")
_RESOURCE: Final = re.compile(r"^([A-Z][A-Za-z]+)/[^.]+")
_EXTENSION: Final = re.compile(r"extension\([^)]*\)")


class Kind(StrEnum):
    """What a value is, as far as masking asks."""

    PLAIN = "plain"
    CODED = "coded"
    DATE = "date"
    NAME = "name"
    IDENTIFIER = "identifier"
    TEXT = "text"


@lru_cache(maxsize=8192)
def kind(path: str) -> Kind:
    """The kind of what stands at a FHIR path; what is not known is text, and text is masked."""
    steps = _EXTENSION.sub("extension", _INDEX.sub("", _RESOURCE.sub(r"\1", path))).split(".")
    if steps[-1] in _PLAIN_NAMES:
        return Kind.PLAIN
    for end in range(len(steps), 1, -1):
        found = r4.element(".".join(steps[:end]))
        if found is not None:
            return _kind(found.type, steps[end - 1], ".".join(steps[: end - 1]))
    return Kind.TEXT


def mask(value: str, kind: Kind) -> str:
    """The value as it may be seen: whole, in part, or as its length."""
    if kind is Kind.PLAIN or not any(letter.isalnum() for letter in value):
        return value
    if kind is Kind.CODED and (_CODE.fullmatch(value) or _ADDRESS_OF_A_PAGE.fullmatch(value)):
        return value
    hidden = f"‹{len(value)}›"
    if kind is Kind.DATE and (year := _YEAR.match(value)):
        return year.group() + hidden
    if kind is Kind.NAME and value[0].isalpha():
        return value[0] + hidden
    if kind is Kind.IDENTIFIER and len(value) > 4:
        return hidden + value[-2:]
    return hidden


def _kind(type: str, name: str, parent: str) -> Kind:
    if type == "string":
        return _kind_of_string(name, parent)
    return Kind(_TYPES.get(type, "text"))


def _kind_of_string(name: str, parent: str) -> Kind:
    """A string says what it is by what it belongs to: a name's part, an identifier's value, a code's display."""
    holder = r4.element(parent)
    type = holder.type if holder else ""
    if type == "HumanName":
        return Kind.NAME
    if type == "Identifier":
        return Kind.IDENTIFIER
    if type == "Coding" and name == "display":
        return Kind.PLAIN
    if type == "Address" and name in ("city", "country"):
        return Kind.PLAIN
    return Kind.TEXT
