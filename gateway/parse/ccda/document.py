"""A parsed document: the record, its leaves, the narrative that entries point to."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue
from gateway.core.ledger import Leaf
from gateway.parse import xml
from gateway.parse.ccda.locator import located
from gateway.parse.ccda.names import STRUCTURE, V3, written
from gateway.parse.ccda.node import TAIL, TEXT, Element, Key

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.core.record import Read

_TEMPLATE_ID = f"{{{V3}}}templateId"
_IDENTITY = frozenset({_TEMPLATE_ID, f"{{{V3}}}typeId", f"{{{V3}}}realmCode"})
_REFERENCE = f"{{{V3}}}reference"
_CODE = f"{{{V3}}}code"
_SAFE_CODE = re.compile(r"[A-Za-z0-9.-]{1,20}")


def parse(body: bytes) -> "list[Document]":
    """Read one C-CDA document. Raises ParseError or TooLargeError."""
    issues: list[Issue] = []
    root = xml.read(body, issues)
    if root.tag != f"{{{V3}}}ClinicalDocument":
        raise MalformedMessageError("/")
    return [Document(root, issues)]


class Document:
    """One document as the house sees it; its elements stay alive as long as it does, so they can be keys."""

    def __init__(self, root: "_Element", issues: list[Issue]) -> None:
        self._elements: list[Any] = list(root.iter())
        self._paths: dict[Any, str] = {}
        self.issues = issues
        self.touched: list[Key] = []
        self.root = Element(self, root)
        self.kind = f"ccda:{_document_code(root)}"

    def leaves(self) -> Iterator[Leaf]:
        """Every valued attribute and every piece of text, in the order of the document."""
        return iter(self._leaves)

    @cached_property
    def _leaves(self) -> list[Leaf]:
        return list(self._walked())

    def _walked(self) -> Iterator[Leaf]:
        paths = self._all_paths()
        root = self.root.element
        for element in self._elements:
            path, line = paths[element], element.sourceline or 0
            for name, value in element.items():
                if value and not value.isspace():
                    yield Leaf((element, name), f"{path}/@{written(name)}", line=line)
            if (text := element.text) and not text.isspace():
                yield Leaf((element, TEXT), f"{path}/text()", line=line)
            if element is not root and (tail := element.tail) and not tail.isspace():
                yield Leaf((element, TAIL), f"{path}/following-sibling::text()[1]", line=line)

    def value(self, key: Key) -> str:
        """What stands at a leaf, not counted."""
        element, name = key
        if name == TEXT:
            return (element.text or "").strip()
        if name == TAIL:
            return (element.tail or "").strip()
        return (element.get(name) or "").strip()

    def structure(self) -> Iterator[tuple[Key, str]]:
        """The leaves that say how the document is built, each with why it needs no element of its own."""
        for element in self._elements:
            if element.tag in _IDENTITY:
                for name in element.keys():  # noqa: SIM118
                    yield (element, name), "template identity is used for dispatch only"
                continue
            for name in element.keys():  # noqa: SIM118
                if name == "negationInd" and element.get(name) == "false":
                    yield (element, name), "not negated"
                elif name in STRUCTURE:
                    yield (element, name), "structure"
            if element.tag == _REFERENCE and (element.get("value") or "").startswith("#"):
                yield (element, "value"), "points into the narrative"

    def read(self, locator: str) -> "Read":
        """The compiled reader of a locator."""
        return located(locator)

    def templates(self, element: "_Element") -> list[str]:
        """The roots of an element's template ids."""
        return [root for child in element.iterchildren(_TEMPLATE_ID) if (root := (child.get("root") or "").strip())]

    def narrative(self, identifier: str) -> Element | None:
        """The element whose ID the document's entries point to."""
        found = self._identified.get(identifier.removeprefix("#"))
        return None if found is None else Element(self, found)

    @cached_property
    def _identified(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for element in self._elements:
            if name := element.get("ID"):
                found.setdefault(name, element)
        return found

    def path(self, element: "_Element") -> str:
        """The XPath of an element, with positions where a name stands more than once."""
        if (known := self._paths.get(element)) is not None:
            return known
        above = element.getparent()
        found = "" if above is None else self.path(above)
        found += f"/{written(element.tag)}"
        if above is not None:
            before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
            if before or next(element.itersiblings(element.tag), None) is not None:
                found += f"[{before + 1}]"
        self._paths[element] = found
        return found

    def _all_paths(self) -> dict[Any, str]:
        """The XPaths of all elements, parents before children, each set of siblings looked at once."""
        paths: dict[Any, str] = {self.root.element: f"/{written(self.root.element.tag)}"}
        for parent in self._elements:
            if not len(parent):
                continue
            above = paths[parent]
            tags = [child.tag for child in parent]
            if len(set(tags)) == len(tags):
                for child, tag in zip(parent, tags, strict=True):
                    paths[child] = f"{above}/{written(tag)}"
                continue
            seen: dict[str, int] = {}
            for child, tag in zip(parent, tags, strict=True):
                seen[tag] = at = seen.get(tag, 0) + 1
                alone = at == 1 and tags.count(tag) == 1
                paths[child] = f"{above}/{written(tag)}" if alone else f"{above}/{written(tag)}[{at}]"
        self._paths = paths
        return paths


def _document_code(root: "_Element") -> str:
    """The code of the document's type; a kind never holds what is no code."""
    for child in root.iterchildren(_CODE):
        code = (child.get("code") or "").strip()
        return code if _SAFE_CODE.fullmatch(code) else "document"
    return "document"
