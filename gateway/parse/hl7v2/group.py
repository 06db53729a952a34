"""Segments that belong together."""

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Final

from gateway.parse.hl7v2.segment import Segment, first_step

if TYPE_CHECKING:
    from gateway.parse.hl7v2.message import Message

_NOBODY: "Final[list[Segment | Group]]" = []


class Group:
    """Segments that belong together, in order, with the groups inside."""

    holder = True

    __slots__ = ("_named", "_names", "name", "parent", "parts", "record")

    def __init__(self, record: "Message", name: str, parent: "Group | None") -> None:
        self._named: dict[str, list[Segment | Group]] | None = None
        self._names: frozenset[str] | None = None
        self.record = record
        self.name = name
        self.parent = parent
        self.parts: list[Segment | Group] = []

    @property
    def location(self) -> str:
        """Where the group's first segment stands."""
        return next((part.location for part in self.parts), self.name)

    @property
    def text(self) -> str:
        """A group has no text of its own."""
        return ""

    peek = text

    def named(self, name: str, open: frozenset[str]) -> "list[Segment | Group]":
        """The segments and groups of a name, also those inside groups that are looked through; asked when all stand."""
        found = self._named
        if found is None:
            found = self._named = {}
            self._index(found, open)
        return found.get(name, _NOBODY)

    def _index(self, found: "dict[str, list[Segment | Group]]", open: frozenset[str]) -> None:
        for part in self.parts:
            if part.valued:
                found.setdefault(part.name, []).append(part)
            if isinstance(part, Group) and part.name in open:
                part._index(found, open)

    @property
    def valued(self) -> bool:
        """Whether the group holds anything."""
        return bool(self.parts)

    def keys(self) -> Iterator[int]:
        """The keys of all valued leaves in the group."""
        for part in self.parts:
            yield from part.keys()

    def cut(self) -> None:
        """Let go of what is inside, which knows the way up."""
        for part in self.parts:
            part.cut()
        self.parts, self._named = [], None

    @property
    def shape(self) -> Hashable:
        """The names of all segments and groups inside."""
        if self._names is None:
            self._names = frozenset(
                name
                for part in self.parts
                for name in (part.name, *(part.shape if isinstance(part, Group) else ()))  # type: ignore[misc]
            )
        return self._names

    def may(self, locator: str) -> bool:
        """Whether the first step of a locator names a segment or a group inside."""
        name, _ = first_step(locator)
        return not name or name in self.shape  # type: ignore[operator]
