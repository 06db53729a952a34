"""gateway/store/parameters.py: the registry holds what US Core asks of a server."""

import json
import re
from pathlib import Path

import pytest

from gateway.store.parameters import registry

ASKED = Path(__file__).parents[4] / "shared/reference/us-core/server-requirements-6.1.0.json"
# What we do not hold: nothing that we translate makes it.
ABSENT = {"ValueSet"}


@pytest.fixture(scope="module")
def asked():
    if not ASKED.exists():
        pytest.skip("the table of US Core's requirements is not here")
    return json.loads(ASKED.read_text())["resources"]


def test_every_search_that_us_core_names_is_there(asked):
    for type in asked.keys() - ABSENT:
        ours = registry()[type]
        for one in asked[type].get("search", []):
            if one["name"] == "_id":
                assert ours.id_rank == one["expectation"]
                continue
            parameter = ours.parameters[one["name"]]
            assert (parameter.kind, parameter.rank) == (one["type"], one["expectation"]), (type, one["name"])


def test_every_combination_that_us_core_names_is_advertised_as_it_asks(asked):
    for type in asked.keys() - ABSENT:
        wanted = {(one["expectation"], frozenset(one["params"])) for one in asked[type].get("combinations", [])}
        assert {(rank, frozenset(names)) for rank, names in registry()[type].together} == wanted


def test_a_combination_names_parameters_that_are_there():
    for served in registry().values():
        for _, names in served.together:
            assert served.parameters.keys() >= set(names)


def test_what_us_core_wants_included_can_be_included(asked):
    for type in asked.keys() - ABSENT:
        for names in asked[type].get("include", {}).values():
            for name in names:
                assert registry()[type].parameters[name.split(":")[1]].kind == "reference"


def test_every_type_that_a_mapping_table_makes_is_served():
    tables = Path(__file__).parents[3] / "mappings"
    made = {
        found[1]
        for table in tables.rglob("*.yaml")
        for found in re.finditer(
            r"^map: [a-z0-9]+\.[^.\s]+\.([A-Z][A-Za-z]+)(?:[.\s]|$)", table.read_text(), re.MULTILINE
        )
    }
    datatypes = {"Address", "Bundle", "ContactPoint", "Dosage", "HumanName", "Identifier", "Reference"}
    assert made
    assert made - datatypes <= registry().keys()
