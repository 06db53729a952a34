"""Code systems' names, units and HL7 v2 tables: they say what R4 says, each thing once, or where else it was seen."""

import json
import re
from collections import Counter
from functools import cache

import msgspec
import pytest
import yaml

from gateway.validate import packages
from gateway.validate.definitions import core_plan, default_library
from tests.mappings.codes import MAPPINGS, THO

pytestmark = pytest.mark.skipif(not packages.core_available(), reason="the R4 core package is not installed")
FOLDER = MAPPINGS / "codesystems"
V2_TABLE = re.compile(r"2\.16\.840\.1\.113883\.12\.(\d+)")  # HL7's arc of tables: the last number is the table's
ROW = re.compile(r"(?P<key>[\d.]+): (?P<uri>\S+)(?:  # [^;]+; (?P<seen>\S.*))?")


def rows(name: str) -> dict[str, str]:
    return yaml.load((FOLDER / name).read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 (texts)


@cache
def systems() -> dict[str, frozenset[str]]:
    return {url: frozenset(msgspec.json.decode(codes)) for url, codes in core_plan().systems.items()}


@cache
def core() -> tuple[dict[str, set[str]], set[str]]:
    """The URIs of R4's code systems by OID, and every code system that R4 defines or names in a value set."""
    by_oid: dict[str, set[str]] = {}
    named: set[str] = set()
    for one in packages.definitions(packages.core_package(), "CodeSystem", "ValueSet"):
        named |= {part.get("system", "") for part in one.get("compose", {}).get("include", ())}
        if one["resourceType"] == "CodeSystem":
            named.add(one["url"])
            for identifier in one.get("identifier", ()):
                oid = identifier["value"].removeprefix("urn:oid:")
                by_oid.setdefault(oid, set()).add(one["url"].partition("|")[0])
    return by_oid, named


@pytest.mark.parametrize("name", ["oids.yaml", "table_0396.yaml", "units.yaml"])
def test_no_row_contradicts_another(name):
    keys = [key.value for key, _ in yaml.compose((FOLDER / name).read_text("utf-8")).value]
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_an_oid_has_the_uri_that_r4_gives_it_or_says_where_else_the_pair_was_seen():
    by_oid, named = core()
    for line in (FOLDER / "oids.yaml").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        found = ROW.fullmatch(line)
        assert found, line
        oid, uri = found["key"], found["uri"]
        if oid in by_oid:
            assert uri in by_oid[oid], line
        elif (table := V2_TABLE.fullmatch(oid)) and not found["seen"]:
            assert uri == f"{THO}/v2-{table[1].zfill(4)}" in named | {one.partition("|")[0] for one in named}, line
        else:
            assert found["seen"], line


def test_a_coding_system_of_table_0396_has_a_uri_that_r4_or_an_oid_gives_it():
    assert set(rows("table_0396.yaml").values()) - core()[1] - set(rows("oids.yaml").values()) == set()


def test_a_unit_becomes_a_code_that_r4_lists_as_ucum():
    names = ("ucum-common", "units-of-time")
    found = [default_library().expansion(f"http://hl7.org/fhir/ValueSet/{name}") for name in names]
    assert set(rows("units.yaml").values()) <= set().union(*(one["http://unitsofmeasure.org"] for one in found))


def test_a_code_that_is_a_unit_in_r4_is_never_read_as_another():
    found = default_library().expansion("http://hl7.org/fhir/ValueSet/ucum-common")["http://unitsofmeasure.org"]
    assert {sent: code for sent, code in rows("units.yaml").items() if sent in found and sent != code} == {}


def test_the_v2_tables_are_those_of_r4_code_for_code():
    tables = json.loads((FOLDER / "v2_tables.json").read_text("utf-8"))
    assert {number for number, codes in tables.items() if set(codes) != systems().get(f"{THO}/v2-{number}")} == set()
    assert all(len(codes) == len(set(codes)) for codes in tables.values())
