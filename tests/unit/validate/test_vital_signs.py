"""The table of vital signs agrees with the profiles that it names."""

import json

import pytest

from gateway.validate import packages, vital_signs
from gateway.validate.definitions import default_library

pytestmark = pytest.mark.skipif(not packages.core_available(), reason="the R4 core package is not installed")
TABLE = json.loads(vital_signs.TABLE.read_text("utf-8"))
CORE = "http://hl7.org/fhir/StructureDefinition/"


def fixed(profile):
    """The codes that a profile of R4 fixes for the whole observation."""
    elements = profile["differential"]["element"]
    return [
        one["fixedCode"] for one in elements if one["path"] == "Observation.code.coding.code" and "fixedCode" in one
    ]


@pytest.mark.parametrize("name", TABLE["profiles"])
def test_the_code_that_a_profile_fixes_asks_for_that_profile(name):
    codes = fixed(default_library().profile(CORE + name))
    assert codes
    for code in codes:
        coding = {"system": "http://loinc.org", "code": code}
        assert vital_signs.profile_of({"code": {"coding": [coding]}}) == CORE + name


def test_no_code_asks_for_two_profiles_and_the_table_says_where_they_were_seen():
    rows = [(system, code) for row in TABLE["profiles"].values() for system, codes in row.items() for code in codes]
    assert len(rows) == len(set(rows))
    assert TABLE["seen"]


def test_an_observation_of_something_else_asks_for_none():
    other = {"system": "http://loinc.org", "code": "21908-9"}
    assert vital_signs.profile_of({"code": {"coding": [other, None]}}) == ""
