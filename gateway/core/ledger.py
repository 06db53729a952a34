"""The ledger: the account of a submission, in which every valued leaf ends in exactly one state."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple


class State(StrEnum):
    """Where a leaf ended."""

    MAPPED = "mapped"
    TEXT = "text"
    IGNORED = "ignored"
    UNMAPPED = "unmapped"
    FAILED = "failed"
    UNTRANSLATED = "untranslated"
    NOT_APPLICABLE = "not-applicable"


# When several rows read one leaf, the account shows the state that tells most: an untranslated code is
# kept and still needs an admin, so it stands above mapped.
PRECEDENCE = (
    State.UNTRANSLATED,
    State.MAPPED,
    State.TEXT,
    State.FAILED,
    State.IGNORED,
    State.NOT_APPLICABLE,
    State.UNMAPPED,
)
_RANK = {state: rank for rank, state in enumerate(PRECEDENCE)}


class Entry(NamedTuple):
    """One line: the leaf's locator, its state, the row that decided, the FHIR element or the reason."""

    location: str
    state: State
    rule: str = ""
    path: str = ""
    because: str = ""
    start: int = -1
    end: int = -1
    line: int = 0

    def to_json(self) -> dict[str, Any]:
        """The line as it is printed and stored; empty parts are left out."""
        found: dict[str, Any] = {"location": self.location, "state": self.state.value}
        for name in ("rule", "path", "because"):
            if text := getattr(self, name):
                found[name] = text
        if self.start >= 0:
            found["span"] = [self.start, self.end]
        if self.line:
            found["line"] = self.line
        return found


class Leaf(NamedTuple):
    """One valued component, attribute, text or cell: a key of its own, its locator and where its bytes stand."""

    key: Any
    location: str
    start: int = -1
    end: int = -1
    line: int = 0


class Ledger:
    """What rows say of leaves while they run; `close` makes the account over all leaves of the source."""

    def __init__(self) -> None:
        self._said: dict[Any, tuple[State, str, object, str]] = {}

    def enter(self, key: Any, state: State, rule: str = "", path: object = "", because: str = "") -> None:
        """Say what became of one leaf; the state that tells most stands. `path` is written out at the close."""
        said = self._said.get(key)
        if said is None or _RANK[state] < _RANK[said[0]]:
            self._said[key] = (state, rule, path, because)

    def lose(self, key: Any, path: object) -> None:
        """A leaf that was said to stand here does not: what stands at `path` came from elsewhere."""
        said = self._said.get(key)
        if said is not None and said[2] is path:
            self._said[key] = (State.FAILED, said[1], "", "another mention says otherwise, and that one stands")

    def state(self, key: Any) -> State:
        """What is said of a leaf so far; unmapped when nothing is."""
        said = self._said.get(key)
        return said[0] if said else State.UNMAPPED

    def close(self, leaves: Iterable[Leaf]) -> list[Entry]:
        """One entry for each valued leaf of the source, in its order; what no row spoke of is unmapped."""
        silent: tuple[State, str, object, str] = (State.UNMAPPED, "", "", "")
        entries = []
        for leaf in leaves:
            state, rule, path, because = self._said.get(leaf.key, silent)
            entries.append(Entry(leaf.location, state, rule, str(path), because, leaf.start, leaf.end, leaf.line))
        return entries


def counts(entries: Iterable[Entry]) -> dict[str, int]:
    """Leaves per state, every state named, and their sum under `leaves`."""
    found = Counter(entry.state for entry in entries)
    return {"leaves": sum(found.values()), **{state.value: found[state] for state in State}}
