"""A parsed document: the record, its leaves, the narrative that entries point to."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING

from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue
from gateway.core.ledger import Leaf
from gateway.parse import xml
from gateway.parse.ccda.locator import located
from gateway.parse.ccda.names import V3, spoken
from gateway.parse.ccda.node import Element, Key
from gateway.parse.ccda.tree import grown

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.core.record import Read

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
        self.elements, self._leaves, self._identified = grown(self, root)
        self.fingerprints: dict[int, int] = {}  # of elements by their number, once asked for
        self.root = self.elements[0]
        self.kind = f"ccda:{_document_code(self.root)}"

    def leaves(self) -> Iterator[Leaf]:
        """Every valued attribute and every piece of text, in the order of the document."""
        locations, lines = self._located
        return zip(range(self._leaves), locations, repeat(-1), repeat(-1), lines, strict=False)

    def keys(self, element: Element) -> Sequence[Key]:
        """The keys of the leaves at or below an element; the text after it is none of them."""
        after = self.elements[element.end].leaf if element.end < len(self.elements) else self._leaves
        if not element.tail or element.tail.isspace():
            return range(element.leaf, after)
        tail = element.after
        return [*range(element.leaf, tail), *range(tail + 1, after)]

    def meant(self, element: Element) -> list[Key]:
        """Those of these keys whose leaves are neither structure nor template ids."""
        found: list[Key] = []
        for one in element.whole():
            if one.name == "templateId":
                continue
            leaf, tag = one.leaf, one.tag
            found += [leaf + at for at in tag.meant]
            if one.lead and not one.lead.isspace():
                found.append(leaf + tag.count)
            if one is not element and one.tail and not one.tail.isspace():
                found.append(one.after)
        return found

    def value(self, key: Key) -> str:
        """What stands at a leaf, not counted."""
        element = self.elements[bisect_right(self.elements, key, key=_leaf) - 1]
        at = key - element.leaf
        if at < element.tag.count:
            return [*element.attributes.values()][at]
        return (element.tail if key == element.after else element.lead).strip()

    def structure(self) -> dict[str, list[Key]]:
        """The leaves that say how the document is built, by why they need no element of their own."""
        found: dict[str, list[Key]] = defaultdict(list)
        for element in self.elements:
            tag = element.tag
            for because, at in tag.structure:
                found[because].append(element.leaf + at)
            if tag.by_value:
                if element.attributes.get("negationInd") == "false":
                    found["not negated"].append(element.key("negationInd"))
                if element.name == "reference" and element.look("value").startswith("#"):
                    found["points into the narrative"].append(element.key("value"))
                if element.attributes.get("representation") == "TXT":
                    found["says that text is text"].append(element.key("representation"))
        return found

    def read(self, locator: str) -> "Read":
        """The compiled reader of a locator."""
        return located(locator)

    def narrative(self, identifier: str, near: Element | None = None) -> Element | None:
        """The element that an entry points to by its ID; of several the one in the entry's own section."""
        found = self._identified.get(identifier.removeprefix("#"), ())
        if len(found) > 1 and near is not None:
            section = near.within("section")
            found = [one for one in found if one.within("section") is section] or found
        return found[0] if found else None

    def cut(self) -> None:
        """Nobody asks any more: without its ways up the tree is let go of at once, and is no garbage to look for."""
        for element in self.elements:
            del element.parent, element.record

    def path(self, element: Element) -> str:
        """The XPath of an element, with positions where a name stands more than once."""
        return self._places[element.number]

    @cached_property
    def _located(self) -> tuple[list[str], list[int]]:
        """The XPaths of all leaves, and their lines."""
        places, steps = self._places, _Steps()
        locations: list[str] = []
        lines: list[int] = []
        for element, place in zip(self.elements, places, strict=True):
            line = element.line
            for name in element.attributes:
                locations.append(place + steps[name])
                lines.append(line)
            if element.lead and not element.lead.isspace():
                locations.append(f"{place}/text()")
                lines.append(line)
            if element.tail and not element.tail.isspace():
                locations.append(f"{place}/following-sibling::text()[1]")
                lines.append(line)
        return locations, lines

    @cached_property
    def _places(self) -> list[str]:
        """The XPaths of all elements, parents before children, each set of siblings looked at once."""
        steps = _ElementSteps()
        places = [f"/{self.root.name}"] * len(self.elements)
        for parent in self.elements:
            if not parent.held:
                continue
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
    """The last step to an attribute, by its name."""

    def __missing__(self, name: str) -> str:
        self[name] = found = f"/@{spoken(name)}"
        return found


_leaf = attrgetter("leaf")


def _document_code(root: Element) -> str:
    """The code of the document's type; a kind never holds what is no code."""
    code = next((child.look("code") for child in root.held if child.name == "code"), "")
    return code if _SAFE_CODE.fullmatch(code) else "document"
