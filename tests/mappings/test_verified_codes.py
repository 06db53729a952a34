"""Every code that the project writes or compares with was seen in a published artefact; none comes from memory."""

import json
from functools import cache

import msgspec
import pytest

from gateway.core.outcome import BASE
from gateway.translate import table
from gateway.validate import packages
from gateway.validate.definitions import core_plan, default_library
from tests.mappings.codes import PROFILES, TABLE, Use, bound, of_row, uses, uses_in, uses_in_python

pytestmark = pytest.mark.skipif(not packages.core_available(), reason="the R4 core package is not installed")
VALUE_SETS = "http://hl7.org/fhir/ValueSet"
# Words of our form and of free HL7 v2 fields, which concept maps look up and nothing ever writes.
WORDS = tuple(
    f"{BASE}/CodeSystem/{name}"
    for name in ("form", "hl7-gol-16", "hl7-gol-18", "hl7-prb-13", "hl7-prb-14", "hl7-pth-5")
)


@cache
def known() -> dict[str, set[str]]:
    """By system: R4's complete code systems, our own, the units that R4 lists, and the table of verified codes."""
    found: dict[str, set[str]] = {}
    for url, codes in core_plan().systems.items():
        found.setdefault(url.partition("|")[0], set()).update(msgspec.json.decode(codes))
    for file in PROFILES.glob("CodeSystem-*.json"):
        system = json.loads(file.read_text("utf-8"))
        found[system["url"]] = {one["code"] for one in system["concept"]}
    for name in ("ucum-common", "units-of-time"):
        for system, codes in default_library().expansion(f"{VALUE_SETS}/{name}").items():
            found.setdefault(system, set()).update(codes)
    for row in verified():
        found.setdefault(row["system"], set()).add(row["code"])
    return found


def verified() -> list[dict[str, str]]:
    return json.loads(TABLE.read_text("utf-8"))


def unknown(found) -> list[Use]:
    return [one for one in found if not any(one.code in known().get(system, ()) for system in one.systems)]


def test_every_code_of_mappings_profiles_and_python_is_known():
    assert unknown(one for one in uses() if one.systems[0] not in WORDS) == []


def test_a_code_that_a_row_writes_lies_in_the_value_set_of_its_element():
    expansion = default_library().expansion
    assert [one for one in bound() if not any(one.code in codes for codes in expansion(one.value_set).values())] == []


def test_the_table_says_of_each_code_where_it_was_seen_and_holds_none_twice():
    assert all(row["seen"] and set(row) <= {"system", "code", "display", "seen"} for row in verified())
    assert len({(row["system"], row["code"]) for row in verified()}) == len(verified())


@pytest.mark.parametrize(
    "planted",
    [
        {"system": "http://loinc.org", "code": "99999-9"},
        {"include": [{"system": "http://snomed.info/sct", "concept": [{"code": "1234567100"}]}]},
        {"source": "http://loinc.org", "element": [{"code": "99999-9"}]},
        {"target": "http://hl7.org/fhir/address-use", "element": [{"code": "H", "target": [{"code": "house"}]}]},
        {"codes": ["99999-9"]},
    ],
)
def test_a_code_from_memory_in_a_file_is_found(planted):
    assert len(unknown(uses_in({"rows": [planted]}, "planted"))) == 1


@pytest.mark.parametrize(
    "planted",
    [
        '{"system": "http://loinc.org", "code": "unheard"}',
        '{"system": SYSTEM, "code": "unheard" if one else "57133-1"}',
        '_concept(SYSTEM, "unheard")',
        'ALL = {(f"{SYSTEM}", "unheard")}',
        'SECTIONS = "57133-1 99999-9"',
        'def made():\n    system = "http://loinc.org"\n    return {"system": system, "code": "unheard"}',
    ],
)
def test_a_code_from_memory_in_python_is_found(planted):
    assert unknown(uses_in_python(planted, {"SYSTEM": "http://loinc.org"}, "planted"))


@pytest.mark.parametrize(
    "planted",
    [
        {"when": ("MSH-9.2 in A01, Q99X",)},
        {"when": ("XYZ-1 = A",)},
        {"source": ("entryRelationship[@typeCode=UNHEARD]/act[code/@code=48767-8]",)},
        {"ignore": ("act[not code/@code=99999-9]",)},
        {"arguments": {"but": "4.19 99999-9"}},
        {"convert": "identifier", "arguments": {"type": "UNHEARD"}},
    ],
)
def test_a_code_from_memory_in_a_row_is_found(planted):
    assert len(unknown(of_row(table.Row("hl7v2.PID.Patient#1", 1, **planted), "Patient"))) == 1
