"""Concept maps: FHIR ConceptMap resources in mappings/concept_maps/, one file a map."""

from dataclasses import dataclass
from pathlib import Path

from gateway.core import fhirjson
from gateway.core.errors import MappingTableError, UnsafeJsonError


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
