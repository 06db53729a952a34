"""Concept maps: FHIR ConceptMap resources in mappings/concept_maps/, one file a map."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gateway.core import fhirjson
from gateway.core.errors import MappingTableError, UnsafeJsonError

FOLDER: Final = Path(__file__).parents[2] / "mappings" / "concept_maps"


@dataclass(frozen=True, slots=True)
class Target:
    """What a code becomes; `equivalence` as in the map."""

    code: str
    system: str
    display: str
    equivalence: str


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """One map: source (system, code) to target. The empty system stands for any."""

    name: str
    targets: dict[tuple[str, str], Target]

    def translate(self, code: str, system: str = "") -> Target | None:
        """The target of a code, or None when the map has no row for it or says `unmatched`."""
        return self.targets.get((system, code)) or (self.targets.get(("", code)) if system else None)

    @property
    def codes(self) -> frozenset[str]:
        """The codes that have a translation."""
        return frozenset(code for _, code in self.targets)

    def takes(self, table: str) -> bool:
        """Whether a sender's table of local codes is for this map: it has the map's name, or its HL7 table's number."""
        return self.name == table or self.name.startswith(f"v2-{table}-")

    def overlaid(self, tables: Mapping[str, Mapping[str, str]]) -> "ConceptMap":
        """The map with local codes: each becomes what its standard code becomes."""
        targets = dict(self.targets)
        for table in filter(self.takes, tables):
            for local, code in tables[table].items():
                if found := self.translate(code):
                    targets["", local] = found
        return ConceptMap(self.name, targets)


@cache
def all_maps(folder: Path = FOLDER) -> tuple[ConceptMap, ...]:
    """Every concept map of a folder; raises MappingTableError."""
    return tuple(load(file) for file in sorted(folder.glob("*.json")))


def load(file: Path) -> ConceptMap:
    """Read one ConceptMap; raises MappingTableError."""
    try:
        resource = fhirjson.read(file.read_bytes())
        targets: dict[tuple[str, str], Target] = {}
        for group in resource["group"]:
            for element in group["element"]:
                for target in element.get("target", [])[:1]:
                    if "code" not in target:
                        continue
                    found = Target(
                        target["code"], group.get("target", ""), target.get("display", ""), target["equivalence"]
                    )
                    targets[group.get("source", ""), element["code"]] = found
                    targets.setdefault(("", element["code"]), found)
    except (UnsafeJsonError, KeyError, TypeError, AttributeError):
        raise MappingTableError(file.name, 1, "not a ConceptMap of the form that we read") from None
    return ConceptMap(file.stem, targets)
