"""A parsed document: the record, its leaves, the narrative that entries point to."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue
from gateway.core.ledger import Leaf
from gateway.parse import xml
from gateway.parse.ccda.locator import located
from gateway.parse.ccda.names import STRUCTURE, V3, spoken
from gateway.parse.ccda.node import TAIL, TEXT, Element, Key
from gateway.parse.ccda.tree import grown

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.core.record import Read

_IDENTITY = frozenset({"templateId", "typeId", "realmCode"})
_SAFE_CODE = re.compile(r"[A-Za-z0-9.-]{1,20}")


def parse(body: bytes) -> "list[Document]":
    """Read one C-CDA document. Raises ParseError or TooLargeError."""
    issues: list[Issue] = []
    root = xml.read(body, issues)
    if root.tag != f"{{{V3}}}ClinicalDocument":
        raise MalformedMessageError("/")
    return [Document(root, issues)]


class Document:
    """One document as the house sees it."""

    place = "/ClinicalDocument"  # it never is one of several

    def __init__(self, root: "_Element", issues: list[Issue]) -> None:
        self.issues = issues
        self.touched: list[Key] = []
        self.elements, self._keys, self._identified = grown(self, root)
        self.fingerprints: dict[int, int] = {}  # of elements by their number, once asked for
        self.root = self.elements[0]
        self.kind = f"ccda:{_document_code(self.root)}"

    def leaves(self) -> Iterator[Leaf]:
        """Every valued attribute and every piece of text, in the order of the document."""
        places, steps = self._places, _Steps()
        return ((key, places[key[0].number] + steps[key[1]], -1, -1, key[0].line) for key in self._keys)

    def keys(self, element: Element) -> Sequence[Key]:
        """The keys of the leaves at or below an element; the text after it is none of them."""
        after = self.elements[element.end].leaf if element.end < len(self.elements) else len(self._keys)
        keys = self._keys[element.leaf : after]
        return [key for key in keys if key != (element, TAIL)] if element.tail else keys

    def value(self, key: Key) -> str:
        """What stands at a leaf, not counted."""
        element, name = key
        if name == TEXT:
            return str(element.lead.strip())
        if name == TAIL:
            return str(element.tail.strip())
        return str(element.look(name))

    def structure(self) -> dict[str, list[Key]]:
        """The leaves that say how the document is built, by why they need no element of their own."""
        identity: list[Key] = []
        structure: list[Key] = []
        denied: list[Key] = []
        pointing: list[Key] = []
        for key in self._keys:
            element, name = key
            if element.name in _IDENTITY:
                if name not in (TEXT, TAIL):
                    identity.append(key)
            elif name in STRUCTURE:
                structure.append(key)
            elif name == "negationInd" and element.attributes[name] == "false":
                denied.append(key)
            elif name == "value" and element.name == "reference" and element.attributes[name].startswith("#"):
                pointing.append(key)
        return {
            "template identity is used for dispatch only": identity,
            "structure": structure,
            "not negated": denied,
            "points into the narrative": pointing,
        }

    def read(self, locator: str) -> "Read":
        """The compiled reader of a locator."""
        return located(locator)

    def narrative(self, identifier: str) -> Element | None:
        """The element whose ID the document's entries point to."""
        return self._identified.get(identifier.removeprefix("#"))

    def cut(self) -> None:
        """Nobody asks any more: without its ways up the tree is let go of at once, and is no garbage to look for."""
        for element in self.elements:
            del element.parent, element.record

    def path(self, element: Element) -> str:
        """The XPath of an element, with positions where a name stands more than once."""
        return self._places[element.number]

    @cached_property
    def _places(self) -> list[str]:
        """The XPaths of all elements, parents before children, each set of siblings looked at once."""
        steps = _ElementSteps()
        places = [f"/{self.root.name}"] * len(self.elements)
        for parent in self.elements:
            above = places[parent.number]
            first: dict[str, int] = {}
            many: dict[str, int] = {}
            for child in parent.held:
                name = child.name
                place = above + steps[name]
                if name in many:
                    many[name] = at = many[name] + 1
                    places[child.number] = f"{place}[{at}]"
                elif name in first:
                    many[name] = 2
                    places[first[name]], places[child.number] = f"{place}[1]", f"{place}[2]"
                else:
                    first[name] = child.number
                    places[child.number] = place
        return places


class _ElementSteps(dict[str, str]):
    """The step to an element, by its name."""

    def __missing__(self, name: str) -> str:
        self[name] = found = f"/{spoken(name)}"
        return found


class _Steps(dict[str, str]):
    """The last step to a leaf, by the name in its key."""

    def __missing__(self, name: str) -> str:
        self[name] = found = {TEXT: "/text()", TAIL: "/following-sibling::text()[1]"}.get(name) or f"/@{spoken(name)}"
        return found


def _document_code(root: Element) -> str:
    """The code of the document's type; a kind never holds what is no code."""
    code = next((child.look("code") for child in root.held if child.name == "code"), "")
    return code if _SAFE_CODE.fullmatch(code) else "document"
