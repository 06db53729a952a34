"""A format's mapping: its tables, concept maps and policies, loaded once, compiled when asked for."""

from collections import abc
from copy import copy
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from gateway.core import ids
from gateway.core.errors import MappingTableError, NoMappingError
from gateway.core.record import Node, Read, Reader
from gateway.core.submission import Sender
from gateway.translate import conceptmap, table
from gateway.translate.compiler import Compiler, Step
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.policy import policies
from gateway.translate.table import Row, Table

FOLDER: Final = Path(__file__).parents[2] / "mappings"
SENDERS: Final = FOLDER / "senders"
_NOBODY: Final = Sender()
Rows = abc.Mapping[str, tuple[Row, ...]]


class Mapping:
    """The tables of one format in one folder, ready to run."""

    def __init__(self, format: str, reader: Reader, folder: Path = FOLDER) -> None:
        self.format = format
        self.tables: dict[str, Table] = {}
        for file in sorted((folder / format).rglob("*.yaml")):
            for one in table.read(file):
                if one.name in self.tables:
                    raise MappingTableError(one.file, one.line, f"the map {one.name} stands twice")
                self.tables[one.name] = one
        self.policies = policies(folder / "policies.yaml")
        self._maps = folder / "concept_maps"
        self._loaded: dict[str, ConceptMap] = {}
        self._reader = reader
        self._compiler = Compiler(self.tables, reader, self._known_map)
        self._identities: dict[str, tuple[Read, ...]] = {}
        self._roots = {kind: one.name for one in self.tables.values() for kind in one.kinds}

    def steps(self, name: str, node: Node) -> tuple[Step, ...]:
        """The closures of one map that can find something at a node."""
        return self._compiler.steps_at(name, node)

    def identity(self, name: str) -> tuple[Read, ...]:
        """The locators whose values make the id of what a map makes."""
        if name not in self._identities:
            self._identities[name] = self._compiler.identity(name)
        return self._identities[name]

    def check(self) -> None:
        """Compile everything; raises MappingTableError."""
        self._compiler.check()

    def root(self, kind: str) -> tuple[str, bool]:
        """The map that a kind of source starts from, and whether it is the kind's own or the general one."""
        own = self._roots.get(kind.partition(":")[2])
        if own:
            return own, True
        if (general := self._roots.get("*")) is None:
            raise NoMappingError
        return general, False

    def check_rows(self, name: str, file: str, rows: tuple[Row, ...]) -> None:
        """Compile the rows that an overlay adds to a map; raises MappingTableError."""
        if name not in self.tables:
            raise MappingTableError(file, rows[0].line if rows else 1, f"there is no map {name}")
        added = {name: replace(self.tables[name], file=file, rows=rows)}
        Compiler({**self.tables, **added}, self._reader, self._known_map).steps(name)

    def extended(self, rows: Rows) -> "Mapping":
        """The mapping with the rows that an overlay adds to its maps."""
        found = copy(self)
        found.tables = {
            name: replace(one, rows=(*one.rows, *rows[name])) if name in rows else one
            for name, one in self.tables.items()
        }
        found._compiler = Compiler(found.tables, self._reader, self._known_map)
        found._identities = {}
        return found

    def map_of(self, kind: str) -> str:
        """The map that takes a kind, be it of a whole source or of a part; the empty string when none does."""
        return self._roots.get(kind, "")

    def concept_map(self, name: str) -> ConceptMap:
        """A concept map by its file's name; raises KeyError when there is none."""
        found = self._known_map(name)
        if found is None:
            raise KeyError(name)
        return found

    def _known_map(self, name: str) -> ConceptMap | None:
        if name not in self._loaded:
            file = self._maps / f"{name}.json"
            if not file.is_file():
                return None
            self._loaded[name] = conceptmap.load(file)
        return self._loaded[name]


def version(sender: Sender = _NOBODY) -> str:
    """The version of the mappings: a digest of every file that decides what comes out, the sender's overlay last."""
    return f"{_tables()}+{sender.overlay}" if sender.overlay else _tables()


def look(folder: Path = FOLDER) -> tuple[tuple[str, int, int], ...]:
    """What the files of the mappings look like now: it differs when one was changed, added or taken away."""
    stands = ((one, one.stat()) for one in folder.rglob("*.[jy]*") if one.parent != SENDERS)
    return tuple(sorted((str(one), said.st_mtime_ns, said.st_size) for one, said in stands))


class Written(NamedTuple):
    """Where a row stands now: its file and line, and the file of the concept map that it names."""

    file: str
    line: int
    concept_map: str


def written(rule: str) -> Written | None:
    """Where a row stands that a ledger or an issue names; None for a row of an overlay, or one that is no more."""
    try:
        return _written(rule.partition(".")[0], look()).get(rule)
    except MappingTableError:  # somebody is in the middle of an edit
        return None


@lru_cache(maxsize=8)
def _written(format: str, _: abc.Hashable) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for file in (FOLDER / format).rglob("*.yaml"):
        place = str(file.relative_to(FOLDER.parent))
        for row in (row for one in table.read(file) for row in one.rows):
            concepts = f"{FOLDER.name}/concept_maps/{row.through}.json" if row.through else ""
            found[row.rule] = Written(place, row.line, concepts)
    return found


@cache
def _tables(folder: Path = FOLDER) -> str:
    files = sorted(one for one in folder.rglob("*") if one.suffix in (".yaml", ".json") and one.parent != SENDERS)
    return ids.digest(b"".join(one.read_bytes() for one in files))[:12]


def installed(format: str, reader: Reader, sender: Sender = _NOBODY) -> Mapping:
    """The installed mapping of a format, with the rows of a sender's overlay; each loaded once a process."""
    overlay = sender.overlay if sender.rows else ""
    if (format, overlay) not in _mappings:
        ours = Mapping(format, reader) if not overlay else installed(format, reader).extended(sender.rows)
        _mappings[format, overlay] = ours
    return _mappings[format, overlay]


_mappings: dict[tuple[str, str], Mapping] = {}
