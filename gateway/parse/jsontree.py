"""A source written as JSON, or brought into that form: objects and members as nodes, JSON Pointers as locators."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from gateway.core.issue import Issue
from gateway.core.ledger import Leaf
from gateway.core.record import Read

__all__ = ["Member", "Source", "pointer_step", "reader", "written"]

_LOCATOR: Final = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*", re.ASCII)


class Source:
    """One JSON document as a record; the key of a leaf is its JSON Pointer."""

    def __init__(self, kind: str, body: Any, issues: list[Issue] | None = None) -> None:
        self.kind = kind
        self.body = body
        self.issues: list[Issue] = issues if issues is not None else []
        self.touched: list[Any] = []

    @property
    def place(self) -> str:
        """Which of several documents it is: where its first leaf stands."""
        return next((location for _, location, *_ in self.leaves()), "")

    @property
    def root(self) -> "Member":
        """The whole document."""
        return Member(self, "", self.body)

    def leaves(self) -> Iterator[Leaf]:
        """Every text, number and truth value that is more than empty, in the order of the source."""
        for pointer in _pointers(self.body, ""):
            yield pointer, pointer, -1, -1, 0

    def leaf_keys(self) -> Iterator[str]:
        """Their keys."""
        return self.below(self.body, "")

    def below(self, value: Any, pointer: str) -> Iterator[str]:
        """The keys of all leaves of a value that stands at a pointer."""
        return iter(_pointers(value, pointer))

    def locate(self, pointer: str) -> str:
        """The locator of a pointer: the pointer itself."""
        return pointer

    def value(self, key: Any) -> str:
        """What stands at a pointer, not counted."""
        return written(self.found(key))

    def found(self, pointer: str) -> Any:
        """The value at a pointer, be it a leaf or not."""
        found: Any = self.body
        for step in pointer.split("/")[1:]:
            found = found[int(step)] if isinstance(found, list) else found[step.replace("~1", "/").replace("~0", "~")]
        return found


class Member:
    """One value of the document: an object, a list's element, a leaf."""

    holder = False
    shape = None

    __slots__ = ("pointer", "record", "value")

    def __init__(self, record: Source, pointer: str, value: Any) -> None:
        self.record = record
        self.pointer = pointer
        self.value = value

    @property
    def location(self) -> str:
        """Where it stands, as the record writes places: a JSON Pointer, unless it knows better."""
        return self.record.locate(self.pointer)

    @property
    def text(self) -> str:
        """The leaf's text, counted as read."""
        found = written(self.value)
        if found:
            self.record.touched.append(self.pointer)
        return found

    @property
    def peek(self) -> str:
        """The leaf's text, not counted."""
        return written(self.value)

    @property
    def valued(self) -> bool:
        """Whether there is a leaf at or below this member."""
        return _is_valued(self.value)

    def keys(self) -> Iterator[str]:
        """The pointers of all leaves at or below this member."""
        return iter(_pointers(self.value, self.pointer))

    def may(self, locator: str) -> bool:
        """Members do not tell."""
        return True

    def at(self, locator: str) -> "Sequence[Member]":
        """The members at a locator relative to this one."""
        return reader(locator)(self)


@lru_cache(maxsize=4096)
def reader(locator: str) -> Read:
    """Settle a locator: names parted by dots, lists entered by themselves, `.` the node. Raises ValueError."""
    if locator == ".":
        return lambda node: (node,)
    if not _LOCATOR.fullmatch(locator):
        raise ValueError(locator)
    names = locator.split(".")

    def read(node: Member) -> Sequence[Member]:
        found = [node]
        for name in names:
            found = [one for member in found for one in _below(member, name)]
        return [one for one in found if _is_valued(one.value)]

    return read


def written(value: Any) -> str:
    """A leaf as a text: truth values and numbers as JSON writes them; objects, lists and null are none."""
    if isinstance(value, str):
        return value if value.strip() else ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value) if isinstance(value, int | Decimal) else ""


def pointer_step(name: str) -> str:
    """A member's name as a JSON Pointer writes it."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def _below(member: Member, name: str) -> Iterator[Member]:
    holders = [member]
    if isinstance(member.value, list):
        holders = [Member(member.record, f"{member.pointer}/{n}", one) for n, one in enumerate(member.value)]
    for holder in holders:
        if isinstance(holder.value, dict) and name in holder.value:
            found, pointer = holder.value[name], f"{holder.pointer}/{pointer_step(name)}"
            if isinstance(found, list):
                yield from (Member(member.record, f"{pointer}/{n}", one) for n, one in enumerate(found))
            else:
                yield Member(member.record, pointer, found)


def _pointers(value: Any, pointer: str) -> list[str]:
    """The pointers of all leaves, in order. What is read is never deeper than the decoders allow, so calls may nest."""
    found: list[str] = []
    _gather(value, pointer, found)
    return found


def _gather(value: Any, pointer: str, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, one in value.items():
            _gather(one, f"{pointer}/{pointer_step(name)}", found)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            _gather(one, f"{pointer}/{n}", found)
    elif written(value):
        found.append(pointer)


def _is_valued(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_valued, value.values()))
    if isinstance(value, list):
        return any(map(_is_valued, value))
    return bool(written(value))
