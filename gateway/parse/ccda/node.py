"""The nodes of a document: elements and attributes, thin wrappers that count what is read."""

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gateway.parse.ccda.names import STRUCTURE, XSI_TYPE, attribute_name, element_name, written

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.parse.ccda.document import Document

_TEMPLATE_ID = element_name("templateId")
_REFERENCE = element_name("reference")

# The first step of a locator, when it goes down by a name.
_FIRST = re.compile(r"(@?)((?:[a-z]+:)?[A-Za-z][A-Za-z0-9]*)(?![A-Za-z0-9:])")

# The key of a leaf: the element, and the attribute's qualified name, or TEXT, or TAIL for text after the element.
Key = tuple[Any, str]
TEXT = ""
TAIL = "~"


class Attribute:
    """An attribute that is valued."""

    holder = False
    shape = None

    __slots__ = ("element", "name", "record")

    def __init__(self, record: "Document", element: "_Element", name: str) -> None:
        self.record = record
        self.element = element
        self.name = name

    @property
    def location(self) -> str:
        """The XPath of the attribute."""
        return f"{self.record.path(self.element)}/@{written(self.name)}"

    @property
    def text(self) -> str:
        """The value, counted as read; of `xsi:type` the local part, since prefixes differ from sender to sender."""
        self.record.touched.append((self.element, self.name))
        return self.peek

    @property
    def peek(self) -> str:
        """The value, not counted."""
        value = (self.element.get(self.name) or "").strip()
        return value.rpartition(":")[2] if self.name == XSI_TYPE else value

    @property
    def valued(self) -> bool:
        """Whether the value is more than blanks."""
        return bool(self.peek)

    def may(self, locator: str) -> bool:
        """An attribute does not tell."""
        return True

    def keys(self) -> Iterator[Key]:
        """The one key of this leaf."""
        yield self.element, self.name


class Element:
    """An element: what stands in it, what it holds, what can be read at it."""

    holder = False

    __slots__ = ("element", "record")

    def __init__(self, record: "Document", element: "_Element") -> None:
        self.record = record
        self.element = element

    @property
    def shape(self) -> Hashable:
        """The names of the attributes and of the child elements."""
        element: Any = self.element
        return frozenset([*element.keys(), *[child.tag for child in element]])

    def may(self, locator: str) -> bool:
        """Whether the first step of a locator finds a child or an attribute here."""
        first = _FIRST.match(locator)
        if first is None:
            return True
        name = attribute_name(first[2]) if first[1] else element_name(first[2])
        return name in self.shape  # type: ignore[operator]

    @property
    def name(self) -> str:
        """The element's name as locators write it."""
        return written(self.element.tag)

    @property
    def location(self) -> str:
        """The XPath of the element."""
        return self.record.path(self.element)

    @property
    def line(self) -> int:
        """The line of the source that the element starts on."""
        element: Any = self.element
        return int(element.sourceline or 0)

    @property
    def text(self) -> str:
        """The text that stands directly in the element, counted as read."""
        found = self.peek
        if found:
            self.record.touched.append((self.element, TEXT))
        return found

    @property
    def peek(self) -> str:
        """The text that stands directly in the element, not counted."""
        return (self.element.text or "").strip()

    @property
    def valued(self) -> bool:
        """Whether the element says anything: text or an attribute that is not mere structure, here or below."""
        for element in self.element.iter():
            if (text := element.text) and text.strip():
                return True
            for name in element.keys():  # noqa: SIM118
                if name not in STRUCTURE:
                    return True
        return False

    def keys(self) -> Iterator[Key]:
        """The keys of all valued leaves at or below this element."""
        top: Any = self.element
        for element in top.iter():
            for name, value in element.attrib.items():
                if value and not value.isspace():
                    yield element, name
            if (text := element.text) and not text.isspace():
                yield element, TEXT
            if element is not top and (tail := element.tail) and not tail.isspace():
                yield element, TAIL

    def read(self, attribute: str) -> str:
        """The value of an attribute, counted as read; the empty string when it is not there."""
        name = attribute if attribute.isalpha() else attribute_name(attribute)
        value = self.element.get(name)
        if not value:
            return ""
        self.record.touched.append((self.element, name))
        return value.strip()

    def look(self, attribute: str) -> str:
        """The value of an attribute, not counted."""
        return (self.element.get(attribute if attribute.isalpha() else attribute_name(attribute)) or "").strip()

    def touch(self) -> None:
        """Count everything at or below this element as read, but for its structure."""
        self.record.touched.extend(key for key in self.keys() if key[1] not in STRUCTURE)

    @property
    def type(self) -> str:
        """The local part of `xsi:type`, not counted."""
        return (self.element.get(XSI_TYPE) or "").strip().rpartition(":")[2]

    def children(self, name: str = "") -> "list[Element]":
        """The child elements, or those of one name."""
        record = self.record
        below = self.element.iterchildren(element_name(name)) if name else self.element.iterchildren()
        return [Element(record, child) for child in below]

    def first(self, name: str) -> "Element | None":
        """The first child of that name."""
        for child in self.element.iterchildren(element_name(name)):
            return Element(self.record, child)
        return None

    def at(self, locator: str) -> "Sequence[Any]":
        """The nodes at a locator relative to this element."""
        return self.record.read(locator)(self)

    def below(self, *names: str) -> "Iterator[Element]":
        """The elements of some names anywhere below this one, in the order of the document."""
        for element in self.element.iterdescendants(*(element_name(name) for name in names)):
            yield Element(self.record, element)

    def within(self, name: str) -> "Element | None":
        """The nearest element of that name around this one."""
        for above in self.element.iterancestors(element_name(name)):
            return Element(self.record, above)
        return None

    def fingerprint(self) -> int:
        """A number that two elements share when they say the same, wherever they stand and however indented."""
        return hash(tuple(_said(element) for element in self.element.iter() if element.tag != _TEMPLATE_ID))

    @property
    def parent(self) -> "Element | None":
        """The element around this one."""
        above = self.element.getparent()
        return None if above is None else Element(self.record, above)

    def templates(self) -> list[str]:
        """The roots of the element's template ids, without their extensions."""
        return self.record.templates(self.element)

    def words(self) -> str:
        """All text at or below this element with blanks made one, counted as read."""
        found = []
        for element in self.element.iter():
            if (text := element.text) and not text.isspace():
                found.append(text)
                self.record.touched.append((element, TEXT))
            if element is not self.element and (tail := element.tail) and not tail.isspace():
                found.append(tail)
                self.record.touched.append((element, TAIL))
        return " ".join(" ".join(found).split())

    def pieces(self) -> tuple[str, str]:
        """The text directly in the element and the text after it, as they stand, not counted."""
        return self.element.text or "", self.element.tail or ""

    def same(self) -> Any:
        """What tells this element from every other of the document: usable as a key."""
        return self.element


def _said(element: "_Element") -> tuple[Any, ...]:
    """What one element says, without what only ties it to its place in the document."""
    if element.tag == _REFERENCE:
        return (element.tag,)
    attributes = sorted((name, value) for name, value in element.attrib.items() if name not in ("ID", "typeCode"))
    return element.tag, tuple(attributes), (element.text or "").strip()
