"""Derives `gateway/core/r4_elements.json` from the R4 core package: `python -m gateway.validate.element_table`."""

from collections.abc import Iterable
from typing import Any

from gateway.core import fhirjson, r4
from gateway.validate.packages import core_package, definitions

_SYSTEM = "http://hl7.org/fhirpath/System."
_FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_INHERITED = ("ele-1", "ext-1")  # on every element; the walker holds them itself


def table(structures: Iterable[dict[str, Any]]) -> bytes:
    """The table, one line a type, the same for the same definitions."""
    lines = {found["type"]: _line(found) for found in structures if _is_type(found)}
    rows = ",\n".join(f'"{name}":{fhirjson.write(line).decode()}' for name, line in sorted(lines.items()))
    return f"{{\n{rows}\n}}\n".encode()


def _is_type(found: dict[str, Any]) -> bool:
    return found["kind"] in ("resource", "complex-type") and found.get("derivation") != "constraint"


def _line(found: dict[str, Any]) -> dict[str, Any]:
    """A type: kind, base, its backbone paths with their rows, the invariants by path."""
    name = found["type"]
    elements = found["snapshot"]["element"]
    holders = {element["path"].rpartition(".")[0] for element in elements}
    line: dict[str, Any] = {"kind": found["kind"], "base": _tail(found.get("baseDefinition", ""))}
    if found["abstract"]:
        line["abstract"] = True
    line["rules"] = rules = {}
    parts: dict[str, dict[str, list[str]]] = {"": {}}
    line["elements"] = parts
    for element in elements:
        path = element["path"]
        inside = path.removeprefix(name).removeprefix(".")
        if path in holders or path == name:
            parts.setdefault(inside, {})
            if keys := _keys(element):
                rules[inside] = keys
        if path != name:
            parts[inside.rpartition(".")[0]].update(_rows(element, found["kind"], path in holders))
    return line


def _rows(element: dict[str, Any], kind: str, holder: bool) -> dict[str, list[str]]:
    path = element["path"]
    name = path.rpartition(".")[2]
    flags = ("*" if element["max"] == "*" else "") + ("!" if element["min"] else "")
    keys = "" if holder else " ".join(_keys(element))
    if holder or "contentReference" in element:
        return {name: _row(element.get("contentReference", path).lstrip("#"), flags, "", "", "", "", keys)}
    binding = element.get("binding", {})
    bound = binding.get("valueSet", "").partition("|")[0] if binding.get("strength") == "required" else ""
    rows = {}
    for one in element["type"]:
        code = _code(one, kind, path)
        targets = " ".join(t for t in map(_tail, one.get("targetProfile", ())) if t != "Resource")
        profile = "SimpleQuantity" if any(_tail(p) == "SimpleQuantity" for p in one.get("profile", ())) else ""
        choice = name.removesuffix("[x]") if name.endswith("[x]") else ""
        called = choice + code[0].upper() + code[1:] if choice else name
        rows[called] = _row(code, flags, choice, bound, targets, profile, keys)
    return rows


def _code(one: dict[str, Any], kind: str, path: str) -> str:
    code: str = one["code"]
    if not code.startswith(_SYSTEM):
        return code
    if kind == "resource" and path.count(".") == 1:
        return "id"  # the package says string for Resource.id; its text says id
    return next((e["valueUrl"] for e in one.get("extension", ()) if e["url"] == _FHIR_TYPE), "string")


def _row(*cells: str) -> list[str]:
    row = list(cells)
    while not row[-1]:
        row.pop()
    return row


def _keys(element: dict[str, Any]) -> list[str]:
    return [c["key"] for c in element.get("constraint", ()) if c["severity"] == "error" and c["key"] not in _INHERITED]


def _tail(url: str) -> str:
    return url.rpartition("/")[2]


if __name__ == "__main__":
    r4.TABLE.write_bytes(table(definitions(core_package(), "StructureDefinition")))
