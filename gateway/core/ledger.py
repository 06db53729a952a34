"""The ledger: the account of a submission, in which every valued leaf ends in exactly one state."""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import filterfalse
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


CLEARED = "the sender asks to clear this value"  # why a leaf is ignored whose element, if any, its path names

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
_LANDED = _RANK[State.TEXT]  # up to here a leaf stands where its path says


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
    also: tuple[str, ...] = ()  # the other elements that the leaf was put into

    def to_json(self) -> dict[str, Any]:
        """The line as it is printed and stored; empty parts are left out."""
        found: dict[str, Any] = {"location": self.location, "state": self.state.value}
        for name in ("rule", "path", "because"):
            if text := getattr(self, name):
                found[name] = text
        if self.also:
            found["also"] = list(self.also)
        if self.start >= 0:
            found["span"] = [self.start, self.end]
        if self.line:
            found["line"] = self.line
        return found


# One valued component, attribute, text or cell: a key of its own, its locator, where its bytes start and end (-1 where
# the parser does not know), its line. A plain tuple, since there is one for every leaf.
Leaf = tuple[Any, str, int, int, int]

_Said = tuple[int, State, str, object, str]  # rank, state, rule, path, because
_SILENT: _Said = (_RANK[State.UNMAPPED], State.UNMAPPED, "", "", "")


class Ledger:
    """What rows say of leaves while they run; `close` makes the account over all leaves of the source."""

    def __init__(self) -> None:
        self._said: dict[Any, _Said] = {}
        self._also: dict[Any, list[object]] = {}  # where else leaves landed than is said of them

    def enter(self, key: Any, state: State, rule: str = "", path: object = "", because: str = "") -> None:
        """Say what became of one leaf; the state that tells most stands. `path` is written out at the close."""
        self.enter_all((key,), state, rule, path, because)

    def enter_all(
        self, keys: Iterable[Any], state: State, rule: str = "", path: object = "", because: str = ""
    ) -> None:
        """Say the same of several leaves."""
        said, rank = self._said, _RANK[state]
        entry = (rank, state, rule, path, because)
        for key in keys:
            held = said.setdefault(key, entry)
            if held is entry:
                continue
            less = entry
            if rank < held[0]:
                said[key], less = entry, held
            if less[0] <= _LANDED and held[3] is not path:
                self._also.setdefault(key, []).append(less[3])

    def lose(self, keys: Iterable[Any], path: object) -> None:
        """Leaves that were said to stand here do not: what stands at `path` came from elsewhere."""
        because = "another mention says otherwise, and that one stands"
        for key in keys:
            said, also = self._said.get(key), self._also.get(key, [])
            if any(one is path for one in also):
                self._also[key] = [one for one in also if one is not path]
            elif said is not None and said[3] is path and also:
                self._said[key] = (*said[:3], also.pop(0), "")
            elif said is not None and said[3] is path:
                self._said[key] = (_RANK[State.FAILED], State.FAILED, said[2], "", because)

    def state(self, key: Any) -> State:
        """What is said of a leaf so far; unmapped when nothing is."""
        return self._said.get(key, _SILENT)[1]

    def standing(self, keys: Iterable[Any], *states: State) -> list[Any]:
        """Those of the leaves that are in one of these states so far; unmapped is what nothing is said of."""
        said = self._said.get
        return [key for key in keys if said(key, _SILENT)[1] in states]

    def close(self, leaves: Iterable[Leaf]) -> tuple[Entry, ...]:
        """One entry for each valued leaf of the source, in its order; what no row spoke of is unmapped."""
        found, made, elsewhere = self._said.get, tuple.__new__, self._also
        entries = []
        place, written = _SILENT[3], ""  # leaves that stand together often landed together
        for key, location, start, end, line in leaves:
            _, state, rule, path, because = found(key, _SILENT)
            if path is not place:
                place, written = path, str(path)
            # Entry's own constructor costs twice as much, and this runs for every leaf.
            also = _others(elsewhere[key], written) if key in elsewhere else ()
            entries.append(made(Entry, (location, state, rule, written, because, start, end, line, also)))
        return tuple(entries)


def _others(landings: Iterable[object], path: str) -> tuple[str, ...]:
    return tuple(one for one in dict.fromkeys(map(str, landings)) if one != path)


def without(entry: Entry, gone: Callable[[str], bool], because: str, state: State = State.FAILED) -> Entry:
    """The line when what stood at some elements is gone: the leaf stands where else it landed, or nowhere."""
    if not (entry.path and any(map(gone, (entry.path, *entry.also)))):
        return entry
    path, *also = [*filterfalse(gone, (entry.path, *entry.also)), ""]
    if path:
        return entry._replace(path=path, also=tuple(also[:-1]))
    return entry._replace(state=state, path="", because=because, also=())


def counts(entries: Iterable[Entry]) -> dict[str, int]:
    """Leaves per state, every state named, and their sum under `leaves`."""
    found = Counter(entry.state for entry in entries)
    return {"leaves": sum(found.values()), **{state.value: found[state] for state in State}}
