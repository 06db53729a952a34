"""The nodes of a document: elements and attributes. What is read of them is counted."""

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from gateway.parse.ccda.names import XSI_TYPE, spoken

if TYPE_CHECKING:
    from gateway.parse.ccda.document import Document
    from gateway.parse.ccda.tag import Tag

# The first step of a locator, when it goes down by a name.
_FIRST = re.compile(r"@?((?:[a-z]+:)?[A-Za-z][A-Za-z0-9]*)(?![A-Za-z0-9:])")

# The key of a leaf is its number: those of an element are its attributes, its text, and the text after it.
Key = int


class Attribute:
    """An attribute that is valued."""

    holder = False
    shape = None

    __slots__ = ("element", "name", "record")

    def __init__(self, element: "Element", name: str) -> None:
        self.record = element.record
        self.element = element
        self.name = name

    @property
    def location(self) -> str:
        """The XPath of the attribute."""
        return f"{self.element.location}/@{spoken(self.name)}"

    @property
    def text(self) -> str:
        """The value, counted as read; of `xsi:type` the local part, since prefixes differ from sender to sender."""
        self.record.touched.append(self.element.key(self.name))
        return self.peek

    @property
    def peek(self) -> str:
        """The value, not counted."""
        value = self.element.attributes[self.name]
        return value.rpartition(":")[2] if self.name == XSI_TYPE else value

    @property
    def valued(self) -> bool:
        """One that says nothing is none."""
        return True

    def may(self, locator: str) -> bool:
        """An attribute does not tell."""
        return True

    def keys(self) -> Iterator[Key]:
        """The one key of this leaf."""
        yield self.element.key(self.name)


NOTHING: Final[list[Any]] = []  # what most elements hold


class Element:
    """An element: what stands in it, what it holds, what can be read at it."""

    holder = False

    __slots__ = (
        "attributes",  # those that are valued
        "denied",  # whether the source negates this statement or relation
        "held",  # its child elements
        "lead",  # the text before the first child, as it stands
        "leaf",  # the number of its first leaf
        "line",  # the line of the source that it starts on
        "name",  # as locators write it; with its namespace where they cannot
        "number",  # its own in the order of the document
        "parent",  # the element around it
        "record",
        "roots",  # of its template ids, once asked for
        "tag",
        "tail",  # the text after it, as it stands
        "valued",  # whether it says anything: text or an attribute that is not mere structure, here or below
    )

    # Only a tree makes them, one for every element, and sets all of these: a constructor would cost as much again.
    attributes: dict[str, str]
    denied: bool
    held: list["Element"]
    lead: str
    leaf: Key
    line: int
    name: str
    number: int
    parent: "Element | None"
    record: "Document"
    roots: list[str] | None
    tag: "Tag"
    tail: str
    valued: bool

    @property
    def end(self) -> int:
        """The number of the next element that does not stand below this one."""
        last = self
        while last.held:
            last = last.held[-1]
        return last.number + 1

    @property
    def after(self) -> Key:
        """The key of the text after it, where there is one."""
        return self.leaf + self.tag.count + (1 if self.lead.strip() else 0)

    @property
    def shape(self) -> Hashable:
        """The names of the attributes and of the child elements."""
        return frozenset([*self.attributes, *[child.name for child in self.held]])

    def may(self, locator: str) -> bool:
        """Whether the first step of a locator finds a child or an attribute here."""
        first = _FIRST.match(locator)
        return first is None or first[1] in self.shape  # type: ignore[operator]

    @property
    def location(self) -> str:
        """The XPath of the element."""
        return self.record.path(self)

    @property
    def text(self) -> str:
        """The text that stands directly in the element, counted as read."""
        found = self.lead.strip()
        if found:
            self.record.touched.append(self.leaf + self.tag.count)
        return found

    @property
    def peek(self) -> str:
        """The text that stands directly in the element, not counted."""
        return self.lead.strip()

    def keys(self) -> Sequence[Key]:
        """The keys of all valued leaves at or below this element."""
        return self.record.keys(self)

    def key(self, attribute: str) -> Key:
        """The key of an attribute's leaf."""
        return self.leaf + self.tag.attributes[attribute]

    def read(self, attribute: str) -> str:
        """The value of an attribute, counted as read; the empty string when it is not there."""
        value = self.attributes.get(attribute)
        if not value:
            return ""
        self.record.touched.append(self.leaf + self.tag.attributes[attribute])
        return value

    def look(self, attribute: str) -> str:
        """The value of an attribute, not counted."""
        return self.attributes.get(attribute, "")

    def meant(self) -> list[Key]:
        """The keys of what is said at or below this element: no structure, no template ids."""
        return self.record.meant(self)

    @property
    def type(self) -> str:
        """The local part of `xsi:type`, not counted."""
        return self.look(XSI_TYPE).rpartition(":")[2]

    def children(self, name: str = "") -> "Sequence[Element]":
        """The child elements, or those of one name."""
        return [child for child in self.held if child.name == name] if name else self.held

    def first(self, name: str) -> "Element | None":
        """The first child of that name."""
        for child in self.held:
            if child.name == name:
                return child
        return None

    def at(self, locator: str) -> "Sequence[Any]":
        """The nodes at a locator relative to this element."""
        return self.record.read(locator)(self)

    def whole(self) -> "Sequence[Element]":
        """The element and all below it, in the order of the document."""
        return self.record.elements[self.number : self.end]

    def below(self, *names: str) -> "Iterator[Element]":
        """The elements of some names anywhere below this one, in the order of the document."""
        wanted = frozenset(names)
        return (one for one in self.record.elements[self.number + 1 : self.end] if one.name in wanted)

    def within(self, name: str) -> "Element | None":
        """The nearest element of that name around this one."""
        above = self.parent
        while above is not None and above.name != name:
            above = above.parent
        return above

    def fingerprint(self) -> int:
        """A number that two elements share when they say the same, wherever they stand and however indented."""
        known = self.record.fingerprints
        if self.number not in known:
            known[self.number] = hash(tuple([_said(one) for one in self.whole() if one.name != "templateId"]))
        return known[self.number]

    def templates(self) -> list[str]:
        """The roots of the element's template ids, without their extensions."""
        if self.roots is None:
            self.roots = [root for one in self.children("templateId") if (root := one.look("root"))]
        return self.roots

    def words(self) -> str:
        """All text at or below this element with blanks made one, counted as read."""
        if self.held:
            return " ".join(" ".join(self._spoken()).split())
        if not self.lead or self.lead.isspace():
            return ""
        self.record.touched.append(self.leaf + self.tag.count)
        return " ".join(self.lead.split())

    def _spoken(self) -> Iterator[str]:
        """The pieces of text at or below this element in their order; the parser has bounded the depth."""
        touched = self.record.touched
        if self.lead and not self.lead.isspace():
            touched.append(self.leaf + self.tag.count)
            yield self.lead
        for child in self.held:
            yield from child._spoken()
            if child.tail and not child.tail.isspace():
                touched.append(child.after)
                yield child.tail

    def pieces(self) -> tuple[str, str]:
        """The text directly in the element and the text after it, as they stand, not counted."""
        return self.lead, self.tail

    def same(self) -> Any:
        """What tells this element from every other of the document: usable as a key."""
        return self


def _said(element: Element) -> tuple[Any, ...]:
    """What one element says, without what only ties it to its place in the document."""
    if element.name == "reference":
        return (element.name,)
    said = element.attributes
    if "ID" in said or "typeCode" in said:
        said = {name: value for name, value in said.items() if name not in ("ID", "typeCode")}
    return element.name, frozenset(said.items()), element.lead.strip()
