"""What every parsed source looks like to the rest of the house: a tree of nodes with locators."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from gateway.core.issue import Issue
from gateway.core.ledger import Leaf


class Node(Protocol):
    """A part of a source: a group, segment, field; a section, entry, element; a row, cell; an object, a member.

    Reading `text` is what the ledger counts: it adds the leaf's key to `record.touched`. `peek` looks without
    being counted (conditions do that).
    """

    holder: bool  # whether it only holds what several rows read: a message, a group, a segment

    @property
    def shape(self) -> Hashable:
        """What nodes share that hold something in the same places; None when a node cannot tell at a glance."""

    def may(self, locator: str) -> bool:
        """Whether a locator may find something here; only a sure no counts. The same for all nodes of one shape."""

    @property
    def record(self) -> "Record":
        """The source that this node is a part of."""

    @property
    def location(self) -> str:
        """The locator, as the sender's people write it."""

    @property
    def text(self) -> str:
        """The valued leaf that stands here, or the empty string; counted as read."""

    @property
    def peek(self) -> str:
        """The same, not counted."""

    @property
    def valued(self) -> bool:
        """Whether anything is valued at or below this node."""

    def keys(self) -> Iterator[Any]:
        """The keys of all valued leaves at or below this node."""


class Record(Protocol):
    """One parsed source: a message, a document, a resource, a row of a sheet, a form."""

    kind: str
    issues: list[Issue]
    touched: list[Any]

    @property
    def place(self) -> str:
        """Which of the records of one submission it is."""

    @property
    def root(self) -> Node:
        """The node that a kind's own map starts from."""

    def leaves(self) -> Iterator[Leaf]:
        """Every valued leaf, in the order of the source."""

    def leaf_keys(self) -> Iterable[Any]:
        """Their keys."""

    def locate(self, key: Any) -> str:
        """The locator of one of them."""

    def value(self, key: Any) -> str:
        """What stands at a leaf, for keeping it where no element takes it; not counted."""


# A locator relative to a node, settled once: `reader("PID-5")(node)` gives the valued nodes that stand there, in order.
Read = Callable[[Any], Sequence[Any]]
Reader = Callable[[str], Read]
