"""The five delimiters that MSH-1 and MSH-2 declare (HL7 v2, section 2.5.4)."""

from dataclasses import dataclass
from typing import Final

_USUAL: Final = "^~\\&"


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What separates fields, components, repetitions and subcomponents, and what starts an escape sequence."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def all(self) -> str:
        """Every delimiter and the blank: what is made of these alone holds no value."""
        return self.component + self.repetition + self.subcomponent + " \t\r\n"


def declared(header: str) -> Delimiters:
    """Read them from the first bytes of a header segment; a short MSH-2 is filled with the usual ones."""
    field = header[3:4] or "|"
    encoding = header[4:].split(field, 1)[0][:4]
    if len(set(encoding + field)) <= len(encoding) or any(sign.isalnum() for sign in encoding):
        return Delimiters(field)
    return Delimiters(field, *(encoding + _USUAL[len(encoding) :]))
