"""Every standard code that our tables and profiles use stands in the table of verified codes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "mappings" / "codesystems" / "verified_codes.json"
SYSTEMS = ("http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm")
LOINC_LIKE = re.compile(r"\d{1,5}-\d")

Code = tuple[str, str]


def read(file: Path) -> list[object]:
    text = file.read_text(encoding="utf-8")
    return [json.loads(text)] if file.suffix == ".json" else list(yaml.load_all(text, Loader=yaml.BaseLoader))


def codes_in(node: object) -> Iterator[Code]:
    """Codes beside their system, codes of concept maps and value sets, codes of checklists."""
    if isinstance(node, list):
        for one in node:
            yield from codes_in(one)
    elif isinstance(node, dict):
        if node.get("system") in SYSTEMS:
            inside = [node, *node.get("concept", [])] if isinstance(node.get("concept", []), list) else [node]
            yield from ((node["system"], str(one["code"])) for one in inside if "code" in one)
        if isinstance(node.get("element"), list) and ("source" in node or "target" in node):
            yield from concept_map_codes(node)
        if isinstance(node.get("codes"), list):
            yield from ((SYSTEMS[0], one) for one in map(str, node["codes"]) if LOINC_LIKE.fullmatch(one))
        for one in node.values():
            yield from codes_in(one)


def concept_map_codes(group: dict) -> Iterator[Code]:
    for element in group["element"]:
        if group.get("source") in SYSTEMS and "code" in element:
            yield group["source"], element["code"]
        if group.get("target") in SYSTEMS:
            yield from ((group["target"], one["code"]) for one in element.get("target", ()) if "code" in one)


def used() -> dict[Code, str]:
    files = sorted(
        file
        for folder in (ROOT / "mappings", ROOT / "fhir_profiles")
        for pattern in ("*.json", "*.yaml")
        for file in folder.rglob(pattern)
        if file != TABLE
    )
    return {code: str(file.relative_to(ROOT)) for file in files for one in read(file) for code in codes_in(one)}


def verified() -> dict[Code, dict]:
    return {(row["system"], row["code"]): row for row in json.loads(TABLE.read_text(encoding="utf-8"))}


def test_every_standard_code_in_tables_and_profiles_is_verified():
    missing = {code: file for code, file in used().items() if code not in verified()}
    assert not missing


def test_the_table_says_of_each_code_where_it_was_seen():
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    assert all(row["seen"] and set(row) <= {"system", "code", "display", "seen"} for row in rows)
    assert len(rows) == len(verified()), "a code stands twice"
