"""A source that was brought into the form of JSON and keeps, at each leaf, where its own people find it."""

from collections.abc import Iterator

from gateway.core.ledger import Leaf
from gateway.parse.jsontree import Source

__all__ = ["Placed", "Said"]


class Said(str):
    """A value as it was sent, and its locator."""

    place: str

    def __new__(cls, text: str, place: str) -> "Said":
        """Keep the place beside the text."""
        made = super().__new__(cls, text)
        made.place = place
        return made


class Placed(Source):
    """One document whose leaves know their own locators."""

    def leaves(self) -> Iterator[Leaf]:
        """Every valued leaf with its own locator, in the order of the source."""
        for pointer in self.below(self.body, ""):
            yield pointer, self.locate(pointer), -1, -1, 0

    def locate(self, pointer: str) -> str:
        """Where a leaf was sent; of what holds several, where the first of them was."""
        found = self.found(pointer)
        while isinstance(found, dict | list) and found:
            found = found[0] if isinstance(found, list) else next(iter(found.values()))
        return found.place if isinstance(found, Said) else pointer
