"""What R4 only advises: extensible bindings and rules of the severity `warning`: `python -m gateway.validate.advice`.

Derived from R4 as it is published. The validator tells it; at our own door nobody is asked to mend it.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.core import fhirjson, r4
from gateway.validate.packages import core_package, definitions

_NARRATIVE: Final = (
    "dom-6"  # a narrative is for who reads no data; said of nearly all resources, it would hide the rest
)
TABLE: Final = Path(__file__).with_name("r4_advice.json")


def binding(holder: str, name: str, element: r4.Element) -> str:
    """The value set that an element should take its codes from; empty where R4 advises none."""
    if element.type not in ("CodeableConcept", "Coding", "Quantity", "code", "uri"):
        return ""
    found: str = _table()["bindings"].get(f"{holder}.{element.choice}[x]" if element.choice else f"{holder}.{name}", "")
    return found


def rules(name: str) -> dict[str, str]:
    """The rules that a type or path should keep: key and expression."""
    found: dict[str, str] = _table()["rules"].get(name, {})
    return found


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = fhirjson.read_own(TABLE.read_bytes())
    return table


def table(structures: Iterable[dict[str, Any]]) -> bytes:
    """The table, one line a path, the same for the same definitions."""
    bound, kept = dict[str, str](), dict[str, dict[str, str]]()
    for found in structures:
        if found["kind"] not in ("resource", "complex-type") or found.get("derivation") == "constraint":
            continue
        for element in found["snapshot"]["element"]:
            said = element.get("binding", {})
            if said.get("strength") == "extensible" and "." in element["path"]:
                bound[element["path"]] = said["valueSet"].partition("|")[0]
            for one in element.get("constraint", ()):
                if one["severity"] == "warning" and one["key"] != _NARRATIVE:
                    kept.setdefault(element["path"], {})[one["key"]] = one["expression"]
    return b'{"bindings": {\n%b\n},\n"rules": {\n%b\n}}\n' % (_lines(bound), _lines(kept))


def _lines(rows: dict[str, Any]) -> bytes:
    return b",\n".join(b'"%b": %b' % (path.encode(), fhirjson.write(row)) for path, row in sorted(rows.items()))


if __name__ == "__main__":
    TABLE.write_bytes(table(definitions(core_package(), "StructureDefinition")))
