"""The search parameters we know, read from `parameters.yaml`: what is extracted, matched and advertised."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.core.errors import MappingTableError

FILE: Final = Path(__file__).with_name("parameters.yaml")
KINDS: Final = ("token", "string", "date", "reference")
_GUIDES: Final = {
    "core/": "http://hl7.org/fhir/SearchParameter/",
    "us-core/": "http://hl7.org/fhir/us/core/SearchParameter/",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one resource type; `rank` and `or_rank` are what US Core asks of it."""

    name: str
    kind: str
    read: tuple[str, ...]
    definition: str
    rank: str = ""
    or_rank: str = ""
    targets: tuple[str, ...] = ()
    system: str = ""
    exact: bool = False

    def points_at(self, type: str) -> bool:
        """Whether this reference may name a resource of that type; without targets it may name any."""
        return self.kind == "reference" and (not self.targets or type in self.targets)


@dataclass(frozen=True, slots=True)
class ServedType:
    """One resource type as the FHIR door shows it."""

    type: str
    rank: str
    id_rank: str
    profiles: tuple[str, ...]
    mandatory: frozenset[str]
    summary: frozenset[str]
    parameters: Mapping[str, Parameter]
    together: tuple[tuple[str, tuple[str, ...]], ...]
    include: tuple[tuple[str, str], ...]
    revinclude: tuple[tuple[str, str], ...]


@cache
def registry() -> Mapping[str, ServedType]:
    """Every served type by its name, read once."""
    rows = yaml.load(FILE.read_bytes(), Loader=yaml.CSafeLoader)
    try:
        return {type: _served(type, row) for type, row in rows.items()}
    except (KeyError, TypeError) as trouble:
        raise MappingTableError(FILE.name, 0, f"a row lacks {trouble}") from trouble


def _served(type: str, row: Mapping[str, Any]) -> ServedType:
    parameters = [_parameter(one) for one in row["parameters"]]
    return ServedType(
        type=type,
        rank=row.get("rank", ""),
        id_rank=row.get("_id", ""),
        profiles=tuple(row.get("profiles", ())),
        mandatory=frozenset(row["mandatory"]),
        summary=frozenset(row["summary"]),
        parameters={one.name: one for one in parameters},
        together=tuple((one["rank"], tuple(one["parameters"])) for one in row.get("together", ())),
        include=tuple((one["rank"], one["name"]) for one in row.get("include", ())),
        revinclude=tuple((one["rank"], one["name"]) for one in row.get("revinclude", ())),
    )


def _parameter(row: Mapping[str, Any]) -> Parameter:
    if row["type"] not in KINDS:
        raise KeyError("type")
    guide, _, rest = row["definition"].partition("/")
    read = row["read"]
    return Parameter(
        name=row["name"],
        kind=row["type"],
        read=(read,) if isinstance(read, str) else tuple(read),
        definition=_GUIDES[f"{guide}/"] + rest,
        rank=row.get("rank", ""),
        or_rank=row.get("or", ""),
        targets=tuple(row.get("targets", ())),
        system=row.get("system", ""),
        exact=row.get("exact", False),
    )
