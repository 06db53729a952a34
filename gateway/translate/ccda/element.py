"""What the converters of this room ask of a document's element, wherever it was parsed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from gateway.core.record import Node, Record


class Document(Record, Protocol):
    """A parsed C-CDA document."""

    def narrative(self, identifier: str, near: "Element") -> "Element | None":
        """The element of the narrative that an entry's reference names; where several have its ID, one near by."""


class Element(Node, Protocol):
    """An element of a document. What `read`, `text` and `words` give is counted as read, the rest is a look."""

    @property
    def record(self) -> Any:
        """The document."""

    @property
    def name(self) -> str:
        """The element's name; a prefix or a namespace stands before names that are not HL7's own."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes as they stand, not counted."""

    def meant(self) -> Sequence[Any]:
        """The keys of what is said at or below: no structure, no template ids."""

    @property
    def denied(self) -> bool:
        """Whether the source negates this statement or relation, not counted."""

    @property
    def type(self) -> str:
        """The local part of xsi:type."""

    def whole(self) -> "Sequence[Element]":
        """The element and all below it."""

    def below(self, *names: str) -> "Iterator[Element]":
        """The elements of some names anywhere below."""

    def within(self, name: str) -> "Element | None":
        """The nearest element of a name around this one."""

    def fingerprint(self) -> int:
        """A number that elements share which say the same."""

    @property
    def parent(self) -> "Element | None":
        """The element around this one."""

    def key(self, attribute: str) -> Any:
        """The key of an attribute's leaf."""

    def read(self, attribute: str) -> str:
        """An attribute's value."""

    def look(self, attribute: str) -> str:
        """The same, not counted."""

    def children(self, name: str = "") -> "Sequence[Element]":
        """The child elements, or those of one name."""

    def first(self, name: str) -> "Element | None":
        """The first child of a name."""

    def at(self, locator: str) -> Sequence[Any]:
        """The nodes at a locator."""

    def templates(self) -> Sequence[str]:
        """The roots of the template ids."""

    def words(self) -> str:
        """All text at or below."""

    def pieces(self) -> tuple[str, str]:
        """The text directly in the element and the text after it, as they stand, not counted."""

    def same(self) -> Any:
        """A key of its own."""
