"""Names of the XML vocabularies that a C-CDA document mixes, and how locators write them."""

from functools import cache, lru_cache
from typing import Final

V3: Final = "urn:hl7-org:v3"
SDTC: Final = "urn:hl7-org:sdtc"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XSI_TYPE: Final = f"{{{XSI}}}type"
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
        f"{{{XSI}}}schemaLocation",
        f"{{{XSI}}}nil",
        f"{{{XML}}}lang",
        f"{{{XML}}}space",
    }
)


@lru_cache(maxsize=4096)
def written(qualified: str) -> str:
    """A qualified name as locators write it: no prefix in the HL7 namespace, else a known prefix or none."""
    uri, separator, local = qualified[1:].partition("}") if qualified.startswith("{") else ("", "", qualified)
    prefix = _PREFIX_OF.get(uri, "") if separator else ""
    return f"{prefix}:{local}" if prefix else local


@cache
def element_name(name: str) -> str:
    """The qualified name of an element as a locator writes it."""
    prefix, separator, local = name.rpartition(":")
    return f"{{{_uri(prefix) if separator else V3}}}{local}"


@cache
def attribute_name(name: str) -> str:
    """The qualified name of an attribute as a locator writes it."""
    prefix, separator, local = name.rpartition(":")
    return f"{{{_uri(prefix)}}}{local}" if separator else local


def _uri(prefix: str) -> str:
    if prefix not in PREFIXES:
        raise ValueError(prefix)
    return PREFIXES[prefix]
