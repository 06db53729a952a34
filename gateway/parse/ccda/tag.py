"""What the start tags of a document share that have the same names in them."""

from functools import lru_cache
from typing import Final

from gateway.parse.ccda.names import STRUCTURE

_INDICATORS: Final = ("negationInd", "inversionInd")
_IDENTITY: Final = frozenset({"templateId", "typeId", "realmCode"})


class Tag:
    """An element's name and those of its valued attributes: where their leaves are, and what they are there for."""

    __slots__ = ("attributes", "bears_id", "by_value", "count", "indicators", "meant", "negates", "structure", "valued")

    def __init__(self, element: str, *attributes: str) -> None:
        self.attributes = {name: at for at, name in enumerate(attributes)}  # their places among the element's leaves
        self.count = len(attributes)
        self.meant = tuple([at for name, at in self.attributes.items() if name not in STRUCTURE])
        self.valued = bool(self.meant)
        self.bears_id = "ID" in attributes
        self.indicators = tuple([name for name in _INDICATORS if name in attributes])
        self.negates = "negationInd" in attributes
        self.structure = tuple(
            [(because, at) for name, at in self.attributes.items() if (because := _because(element, name))]
        )
        self.by_value = element not in _IDENTITY and (
            self.negates or "representation" in attributes or (element == "reference" and "value" in attributes)
        )


@lru_cache(maxsize=1024)  # senders write the same tags in every document
def tag_of(element: str, *attributes: str) -> Tag:
    """The tag of a name and those of the attributes."""
    return Tag(element, *attributes)


def _because(element: str, attribute: str) -> str:
    """Why an attribute that says how the document is built needs no element of its own."""
    if element in _IDENTITY:
        return "template identity is used for dispatch only"
    return "structure" if attribute in STRUCTURE else ""
