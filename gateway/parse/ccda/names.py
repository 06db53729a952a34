"""Names of the XML vocabularies that a C-CDA document mixes, and how locators write them."""

from functools import cache
from sys import intern
from typing import Final

V3: Final = "urn:hl7-org:v3"
SDTC: Final = "urn:hl7-org:sdtc"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XSI_TYPE: Final = "xsi:type"
XML: Final = "http://www.w3.org/XML/1998/namespace"

PREFIXES: Final = {"sdtc": SDTC, "xsi": XSI, "xml": XML}
_PREFIX_OF: Final = {uri: prefix for prefix, uri in PREFIXES.items()}

# Attributes that say how a document is built and not what it says. `negationInd` and `value` are never among them.
STRUCTURE: Final = frozenset(
    {
        "classCode",
        "moodCode",
        "typeCode",
        "determinerCode",
        "contextControlCode",
        "contextConductionInd",
        "inversionInd",
        "independentInd",
        "nullFlavor",
        "operator",
        "ID",
        XSI_TYPE,
        "xsi:schemaLocation",
        "xsi:nil",
        "xml:lang",
        "xml:space",
    }
)


class Names(dict[str, str]):
    """Names that documents use, each looked at once: qualified names to those that locators write.

    No prefix stands before HL7's own elements and before attributes without a namespace, a known one before others
    that we know. What no locator can write stays qualified.
    """

    def __init__(self, own: str) -> None:
        self._own = own

    def __missing__(self, qualified: str) -> str:
        uri, _, local = qualified.rpartition("}")
        if uri[1:] == self._own:
            found = local
        else:
            prefix = _PREFIX_OF.get(uri[1:], "")
            found = f"{prefix}:{local}" if prefix else f"{uri or '{'}}}{local}"
        self[qualified] = found = intern(found)
        return found


def spoken(name: str) -> str:
    """A name as it is written in a place: without the namespace where no locator can write it."""
    return name.rpartition("}")[2]


@cache
def known(name: str) -> str:
    """A name of an element or attribute that a locator asks for; ValueError when its prefix is not known."""
    prefix, separator, _ = name.rpartition(":")
    if separator and prefix not in PREFIXES:
        raise ValueError(name)
    return intern(name)
