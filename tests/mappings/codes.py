"""Every code that the project writes down: in its mapping rows, concept maps, checklists, profiles and Python.

A use is a code, the code systems one of which must hold it, and its place. Where a place says only the code (a fact of
a row, an argument), the attribute or field that it is compared with tells the system. A bound code is one that a row
puts into an element with a required binding.
"""

import ast
import importlib
import json
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gateway.core import r4
from gateway.translate import conceptmap, table

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS, PROFILES, GATEWAY = ROOT / "mappings", ROOT / "fhir_profiles", ROOT / "gateway"
TABLE = MAPPINGS / "codesystems" / "verified_codes.json"
LOINC, SNOMED, RACE = "http://loinc.org", "http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.238"
THO = "http://terminology.hl7.org/CodeSystem"
# LOINC and the CDC's race codes look alike; a SNOMED CT concept has its partition, 00 or 10, before the check digit.
SHAPES = ((re.compile(r"\d{1,5}-\d"), (LOINC, RACE)), (re.compile(r"\d{4,15}[01]0\d"), (SNOMED,)))

# What facts of C-CDA rows compare with. `code` without a system is LOINC or SNOMED CT by its form, else HL7's ActCode.
ATTRIBUTES = {
    "classCode": (f"{THO}/v3-RoleClass",),
    "interpretationCode/@code": (f"{THO}/v3-ObservationInterpretation",),
    "participantRole/code/@code": (f"{THO}/v3-RoleCode",),
    "typeCode": (f"{THO}/v3-ActRelationshipType", f"{THO}/v3-ParticipationType"),
    "moodCode": (f"{THO}/v3-ActMood",),
    "GOL-22.1": (f"{THO}/v3-ActMood",),  # table 0725 has the moods of an act, and not all of them
    "confidentialityCode/@code": (f"{THO}/v3-Confidentiality",),
    "statusCode/@code": (f"{THO}/v3-ActStatus",),
    "code/@code": (f"{THO}/v3-ActCode",),
}
# What facts of HL7 v2 rows compare with: the tables that the standard binds to the fields.
FIELDS = {
    **dict.fromkeys(("AUT-29", "DG1-21", "IAM-6", "IN1-55", "ORC-35", "PR1-20", "RF1-25", "RXA-21"), ("0206",)),
    **dict.fromkeys(("GOL-1", "PRB-1", "PTH-1"), ("0206", "0287")),
    **dict.fromkeys(("PRB-28.1", "RXO-31.1"), ("0725",)),
    **dict.fromkeys(("PV1-16", "RXD-14", "RXE-20", "RXG-12", "RXO-16"), ("0136",)),
    **dict.fromkeys(("TQ-9", "TQ1-12"), ("0472",)),
    "CON-11": ("0498",),
    "CON-16": ("0136",),
    "CON-2.1": ("0496",),
    "CON-25.1": ("0548",),
    "DB1-2": ("0334",),
    "IAM-15.1": ("0063",),
    "IAM-17.1": ("0438",),
    "MSH-9.1": ("0076",),
    "MSH-9.2": ("0003",),
    "ORC-1": ("0119",),
    "PROVIDER/CTD-1.1": ("0131",),
    "RF1-4.1": ("0282",),
    "RXC-1": ("0166",),
    "RXE-9.1": ("0167",),
    "TQ-6": ("0485",),
    "TXA-19": ("0273",),
    "TQ1-9.1": ("0485",),
}
SOURCE_OF_IMMUNIZATION = "urn:oid:2.16.840.1.114222.4.5.293"  # CDC's NIP001, in RXA-9
# Facts that compare with no code: truths, datatypes, amounts, a sender's words for a unit, choices of our own form.
NO_CODES = re.compile(r"@(?:negation|inversion)Ind|.*@xsi:type|RXA-6|SCH-10\.1|[a-z_]+\.[a-z_]+|status")
FACT = re.compile(r"(?P<locator>.+?)\s+(?:=|<>|in)\s+(?P<codes>.+)")
STEP = re.compile(r"\[(?:not )?(?P<locator>[^\][]+?)=(?P<codes>[^\][]+)\]")


class Use(NamedTuple):
    """A code, the code systems one of which must hold it, and where it stands."""

    systems: tuple[str, ...]
    code: str
    place: str


class Bound(NamedTuple):
    """A code that goes into an element with a required binding, and its place."""

    value_set: str
    code: str
    place: str


def uses() -> Iterator[Use]:
    """All uses, of mappings, profiles and code."""
    for file in sorted((*MAPPINGS.rglob("*.json"), *MAPPINGS.rglob("*.yaml"), *PROFILES.rglob("*.json"))):
        if file.parent != TABLE.parent:
            place = str(file.relative_to(ROOT))
            for one in _read(file):
                yield from uses_in(one, place)
    for target, row in rows():
        yield from of_row(row, target)
    for file in sorted(GATEWAY.rglob("*.py")):
        if "migrations" not in file.parts:
            text = file.read_text("utf-8")
            names = _names(file) if '"system"' in text or "http" in text else {}
            yield from uses_in_python(text, names, str(file.relative_to(ROOT)))


def _read(file: Path) -> Iterable[Any]:
    text = file.read_text("utf-8")
    return [json.loads(text)] if file.suffix == ".json" else yaml.load_all(text, Loader=yaml.CBaseLoader)


def uses_in(node: Any, place: str) -> Iterator[Use]:
    """Codes beside their system, of concept maps, of value sets and code systems, of checklists."""
    if isinstance(node, list):
        for one in node:
            yield from uses_in(one, place)
    elif isinstance(node, dict):
        system = node.get("system")
        if isinstance(system, str) and ":" in system:
            listed = node["concept"] if isinstance(node.get("concept"), list) else []
            yield from (
                Use((system,), one["code"], place) for one in (node, *listed) if isinstance(one.get("code"), str)
            )
        if isinstance(node.get("element"), list) and node.keys() & {"source", "target"}:
            yield from _of_group(node, place)
        if isinstance(node.get("codes"), list):
            yield from (Use((LOINC,), code, place) for code in node["codes"])
        for one in node.values():
            yield from uses_in(one, place)


def _of_group(group: dict[str, Any], place: str) -> Iterator[Use]:
    for element in group["element"]:
        if source := group.get("source"):  # without one the words are senders' own
            yield Use((source,), element["code"], place)
        for target in element.get("target", ()):
            if "code" in target:
                yield Use((group["target"],), target["code"], place)


def rows() -> Iterator[tuple[str, table.Row]]:
    """All rows of all tables, each with the FHIR type that its map makes."""
    for folder in ("ccda", "fhir", "form", "hl7v2"):
        for file in sorted((MAPPINGS / folder).rglob("*.yaml")):
            for one in table.read(file):
                yield from ((one.target, row) for row in one.rows)


def of_row(row: table.Row, target: str) -> Iterator[Use]:
    """Codes that a row compares with, and those that it hands to its converter or step."""
    for fact in row.when:
        if said := FACT.fullmatch(fact):
            yield from _of_fact(said["locator"], re.split(r"\s*,\s*", said["codes"]), row.rule)
    for locator in (*row.source, *row.ignore, *row.text, *row.when):
        for said in STEP.finditer(locator):
            yield from _of_fact(said["locator"], said["codes"].split("|"), row.rule)
    for word in row.arguments.get("but", "").split():
        if shaped(word) or word.isupper():  # others are ends of template ids
            yield Use(shaped(word) or ATTRIBUTES["code/@code"], word, row.rule)
    if "type" in row.arguments and target != "Device":  # there it is a code of R4's own, see `bound`
        system = f"{THO}/coverage-class" if "class" in row.convert + row.call else f"{THO}/v2-0203"
        yield Use((system,), row.arguments["type"], row.rule)


def _of_fact(locator: str, codes: Iterable[str], place: str) -> Iterator[Use]:
    locator = re.sub(r"^(?:\.\./|/)+", "", locator.strip())
    if locator.isdigit():  # a field of the map's own segment
        locator = f"{place.split('.')[1]}-{locator}"
    if NO_CODES.fullmatch(locator):
        return
    if locator in FIELDS:
        systems: tuple[str, ...] = tuple(f"{THO}/v2-{one}" for one in FIELDS[locator])
    elif locator == "RXA-9.1":
        systems = (SOURCE_OF_IMMUNIZATION,)
    else:
        systems = next((held for end, held in ATTRIBUTES.items() if locator.endswith(end)), (f"unknown: {locator}",))
    for code in codes:
        yield Use((locator.endswith("code/@code") and shaped(code)) or systems, code, place)


def shaped(code: str) -> tuple[str, ...]:
    """The systems that a code's own form tells, or none."""
    return next((systems for form, systems in SHAPES if form.fullmatch(code)), ())


def bound() -> Iterator[Bound]:
    """Codes of rows and of the concept maps that rows look through, by the value set of the element."""
    for target, row in rows():
        element = r4.element(f"{target}.{row.to}") if row.to and "(" not in row.to else None
        if element and element.binding and element.type == "code":
            if isinstance(row.value, str):
                yield Bound(element.binding, row.value, row.rule)
            if row.through:
                found = conceptmap.load(MAPPINGS / "concept_maps" / f"{row.through}.json")
                yield from (Bound(element.binding, one.code, row.rule) for one in found.targets.values())
        for name, said in row.arguments.items():
            path = row.arguments.get("element") or row.arguments.get("to") if name == "value" else f"{row.to}.{name}"
            inner = r4.element(f"{target}.{path}") if path and "(" not in path else None
            if inner and inner.binding and inner.type == "code":
                yield Bound(inner.binding, said, row.rule)


def _names(file: Path) -> dict[str, Any]:
    parts = file.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return vars(importlib.import_module(name)) if parts[-1] != "__main__" else {}


def uses_in_python(source: str, names: dict[str, Any], place: str) -> Iterator[Use]:
    """Codes beside their system in a dict, a tuple or a call, and words that have the form of a code."""
    tree = ast.parse(source)
    for scope in [tree, *(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))]:
        known = dict(names)
        for one in ast.walk(scope):
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and scope is not tree:
                known.setdefault(one.targets[0].id, next(iter(_texts(one.value, known)), None))
        for node in ast.walk(scope):
            yield from _pairs(node, known, place)


def _pairs(node: ast.AST, known: dict[str, Any], place: str) -> Iterator[Use]:
    at = f"{place}:{getattr(node, 'lineno', 0)}"
    if isinstance(node, ast.Dict):
        held = {
            key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
        }
        if {"system", "code"} <= held.keys():
            yield from _paired(held["system"], held["code"], known, at)
    elif isinstance(node, (ast.Tuple, ast.Call)):
        inside = node.elts if isinstance(node, ast.Tuple) else node.args
        for system, code in pairwise(inside):
            yield from _paired(system, code, known, at)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (Use(systems, word, at) for word in node.value.split() if (systems := shaped(word)))


def _paired(system: ast.AST, code: ast.AST, known: dict[str, Any], at: str) -> Iterator[Use]:
    systems = tuple(one for one in _texts(system, known) if re.match(r"https?://\S+|urn:(?:oid|ietf:bcp)", one))
    if systems:
        yield from (Use(systems, one, at) for one in _texts(code, known) if one and ":" not in one)


def _texts(node: ast.AST, known: dict[str, Any]) -> list[str]:
    """The texts that an expression of constants can have; none when it depends on more."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name):
            return _plain(known.get(name))
        case ast.IfExp(body=body, orelse=other):
            return [*_texts(body, known), *_texts(other, known)]
        case ast.Subscript(value=ast.Name(id=name)) if isinstance(known.get(name), dict):
            return [text for one in known[name].values() for text in _plain(one)]
        case ast.JoinedStr(values=parts):
            inner = [_texts(one.value if isinstance(one, ast.FormattedValue) else one, known) for one in parts]
            return ["".join(one[0] for one in inner)] if all(len(one) == 1 for one in inner) else []
    return []


def _plain(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else []
