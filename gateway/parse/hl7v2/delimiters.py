"""The delimiters that MSH-1 and MSH-2 declare (HL7 v2, section 2.5.4)."""

import dataclasses
from functools import lru_cache
from typing import Final

_USUAL: Final = "^~\\&"


@dataclasses.dataclass(frozen=True, slots=True)
class Delimiters:
    """What separates fields, components, repetitions, subcomponents; what starts an escape, what ends a cut text."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = "#"
    blank: str = dataclasses.field(init=False)  # what is made of these alone holds no value

    def __post_init__(self) -> None:
        object.__setattr__(self, "blank", self.component + self.repetition + self.subcomponent + " \t\r\n")


@lru_cache(maxsize=256)
def declared(header: str) -> Delimiters:
    """Read them from the first nine letters of a header segment; a short MSH-2 is filled with the usual ones."""
    field = header[3:4] or "|"
    encoding = header[4:9].split(field, 1)[0]
    signs = encoding[:4] + _USUAL[len(encoding) : 4]
    if len({*encoding[:4], field}) <= len(encoding[:4]) or any(sign.isalnum() for sign in encoding[:4]):
        return Delimiters(field)
    fifth = encoding[4:]
    truncation = fifth if fifth and not fifth.isalnum() and fifth not in field + signs else "#"
    return Delimiters(field, *[*signs, truncation])
