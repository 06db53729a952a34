"""A parsed document: the record, its leaves, the narrative that entries point to."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
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
        self._places = {0: f"/{self.root.name}"}  # the XPaths of elements by their number, once asked for
        self._element_steps, self._attribute_steps = _Steps("/"), _Steps("/@")
        self.kind = f"ccda:{_document_code(self.root)}"

    def leaves(self) -> Iterator[Leaf]:
        """Every valued attribute and every piece of text, in the order of the document."""
        key = 0
        for element in self.elements:
            line, place = element.line, self._places[element.number]
            for step in self._leaf_steps(element):
                yield key, place + step, -1, -1, line
                key += 1
            if element.held:
                self._place_below(element)

    def leaf_keys(self) -> Sequence[Key]:
        """Their keys."""
        return range(self._leaves)

    def locate(self, key: Key) -> str:
        """The XPath of a leaf."""
        element = self._holder(key)
        return self.path(element) + self._leaf_steps(element)[key - element.leaf]

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
        element = self._holder(key)
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
        found = self._places.get(element.number)
        if found is None and element.parent is not None:
            self.path(element.parent)
            self._place_below(element.parent)
        return found or self._places[element.number]

    def _place_below(self, parent: Element) -> None:
        """The XPaths of an element's children, all looked at once."""
        places, steps, above = self._places, self._element_steps, self._places[parent.number]
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

    def _leaf_steps(self, element: Element) -> list[str]:
        """The last steps to the leaves of an element, the text after it being one."""
        steps = self._attribute_steps
        found = [steps[name] for name in element.attributes]
        if element.lead and not element.lead.isspace():
            found.append("/text()")
        if element.tail and not element.tail.isspace():
            found.append("/following-sibling::text()[1]")
        return found

    def _holder(self, key: Key) -> Element:
        """The element that a leaf stands at."""
        return self.elements[bisect_right(self._firsts, key) - 1]

    @cached_property
    def _firsts(self) -> list[Key]:
        """The first leaf of each element."""
        return [element.leaf for element in self.elements]


class _Steps(dict[str, str]):
    """Steps of XPaths, by the names in them."""

    def __init__(self, sign: str) -> None:
        self._sign = sign

    def __missing__(self, name: str) -> str:
        self[name] = found = f"{self._sign}{spoken(name)}"
        return found


def _document_code(root: Element) -> str:
    """The code of the document's type; a kind never holds what is no code."""
    code = next((child.look("code") for child in root.held if child.name == "code"), "")
    return code if _SAFE_CODE.fullmatch(code) else "document"
