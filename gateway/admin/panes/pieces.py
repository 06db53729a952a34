"""What panes are made of: lines of pieces; a piece that is a leaf carries its number in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.admin.panes.mask import Kind, kind, mask

LONGEST: Final = 400  # characters of one value that a pane shows


def short(location: str) -> str:
    """A locator by its end, when it is a long path; the whole is in the account."""
    parts = location.split("/")
    return location if len(location) <= 40 or len(parts) <= 4 else "…/" + "/".join(parts[-3:])


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line. `leaf` is the number of its ledger line, -1 for what stands between leaves."""

    text: str
    leaf: int = -1
    state: str = ""
    hint: str = ""
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a source with the number that its people count by."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class View:
    """How a reader may see a submission: masked unless revealed; the ledger says what each leaf is."""

    ledger: Sequence[Mapping[str, Any]]
    revealed: bool = False

    def leaf(self, text: str, number: int, known: Kind | None = None) -> Piece:
        """A leaf of the ledger, masked by what it is known to be, or by the kind of element that it went to."""
        entry = self.ledger[number]
        of = known or (kind(entry["path"]) if "path" in entry else Kind.TEXT)
        shown, masked = self.shown(text, of)
        return Piece(shown, number, entry["state"], f"{short(entry['location'])}: {entry['state']}", masked)

    def unknown(self, text: str) -> Piece:
        """Something that no ledger line speaks of."""
        shown, masked = self.shown(text, Kind.TEXT)
        return Piece(shown, masked=masked)

    def shown(self, text: str, kind: Kind) -> tuple[str, bool]:
        """The text as it may be seen, and whether something of it is hidden."""
        if not self.revealed and (covered := mask(text, kind)) != text:
            return covered, True
        if len(text) > LONGEST:
            return f"{text[:LONGEST]}… ‹{len(text) - LONGEST} more›", False
        return text, False
