"""Derives `r4_invariants.json` from R4 as it is published: `python -m gateway.validate.invariants.table`."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.core import fhirjson
from gateway.validate.packages import core_package, definitions

TABLE: Final = Path(__file__).with_name("r4_invariants.json")


@lru_cache(maxsize=1)
def expressions() -> dict[str, str]:
    """The expression of each key; `Task.inv-1` for a key that means different things on different types."""
    found: dict[str, str] = fhirjson.read_own(TABLE.read_bytes())
    return found


def expression_of(key: str, holder: str) -> str:
    """The expression of a key that stands on a type or a path of R4."""
    return expressions().get(f"{holder}.{key}") or expressions()[key]


@lru_cache(maxsize=4096)
def is_of_r4(key: str, expression: str) -> bool:
    """Whether R4 itself has an error of this key and expression."""
    return any(one == expression and name.rpartition(".")[2] == key for name, one in expressions().items())


def table(structures: Iterable[dict[str, Any]]) -> bytes:
    """The table, one line a key, the same for the same definitions."""
    known: dict[str, dict[str, set[str]]] = {}
    for found in structures:
        if found["kind"] in ("resource", "complex-type") and found.get("derivation") != "constraint":
            for element in found["snapshot"]["element"]:
                for one in element.get("constraint", ()):
                    if one["severity"] == "error":
                        known.setdefault(one["key"], {}).setdefault(one["expression"], set()).add(element["path"])
    lines = {
        key if len(meanings) == 1 else f"{path}.{key}": expression
        for key, meanings in known.items()
        for expression, paths in meanings.items()
        for path in paths
    }
    rows = ",\n".join(f'"{name}":{fhirjson.write(line).decode()}' for name, line in sorted(lines.items()))
    return f"{{\n{rows}\n}}\n".encode()


if __name__ == "__main__":
    TABLE.write_bytes(table(definitions(core_package(), "StructureDefinition")))
