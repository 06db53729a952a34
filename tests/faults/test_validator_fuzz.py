"""Whatever stands where something else should, the validator gives its verdict and never breaks."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.validate import packages
from gateway.validate.definitions import Library, core_plan, default_library
from gateway.validate.judge import Judge

pytestmark = pytest.mark.skipif(not packages.core_available(), reason="the R4 core package is not installed")
ROOT = Path(__file__).parents[2]
US_CORE = ROOT.parent / "shared" / "definitions" / "hl7.fhir.us.core-7.0.0.tgz"
PUBLIC = ROOT.parent / "shared" / "corpora" / "fhir" / "us-core-examples"
THO = "http://terminology.hl7.org/CodeSystem"
MINE = "https://a.example/StructureDefinition/sliced"
JUNK = st.one_of(
    st.sampled_from([None, True, 0, -1, "", " ", "#a", "Patient/1", "urn:a:1", "<b>", [], {}, [None], [[]], {"id": 1}]),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=3),
)  # fmt: skip


def sliced(kind, path, **said):
    """A profile of observations whose categories are told apart in one way."""
    rows = [
        {"path": "Observation"},
        {"id": "Observation.category", "path": "Observation.category",
         "slicing": {"discriminator": [{"type": kind, "path": path}], "rules": "closed"}},
        {"id": "Observation.category:one", "path": "Observation.category", "sliceName": "one", "min": 1, **said},
    ]  # fmt: skip
    base = "http://hl7.org/fhir/StructureDefinition/Observation"
    return {"resourceType": "StructureDefinition", "url": MINE, "type": "Observation", "derivation": "constraint",
            "baseDefinition": base, "differential": {"element": rows}}  # fmt: skip


BOUND = {"binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/observation-category"}}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    "category": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "exam"}]}
    ],
    "subject": {"reference": "#p"},
    "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1970", "_birthDate": {"id": "b"}}],
    "valueQuantity": {"value": 1, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
}


def places(node):
    """Every holder of a value inside, with its name or index there."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from places(node[key])


def spoiled(draw, resource):
    """The resource with some of its values put out of place."""
    made = copy.deepcopy(resource)
    for _ in range(draw(st.integers(1, 3))):
        found = [(holder, key) for holder, key in places(made) if key != "resourceType"]
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        way = draw(st.sampled_from(("junk", "list", "partner")))
        if way == "partner" and isinstance(holder, dict):
            holder[f"_{key.lstrip('_')}"] = copy.deepcopy(draw(JUNK))
        else:
            holder[key] = [holder[key]] if way == "list" else copy.deepcopy(draw(JUNK))
    return made


@pytest.mark.parametrize(
    "definition",
    [
        sliced("value", "$this", **BOUND),
        sliced("value", "coding", patternCodeableConcept=OBSERVATION["category"][0]),
        sliced("exists", "text", min=0),
        sliced("type", "$this", type=[{"code": "CodeableConcept"}]),
    ],
    ids=lambda one: one["differential"]["element"][1]["slicing"]["discriminator"][0]["path"],
)
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_slices_are_told_apart_whatever_stands_there(definition, data):
    judge = Judge(Library([definition], core_plan()))
    resource = spoiled(data.draw, OBSERVATION)
    assert isinstance(judge.judge(resource, [MINE], strict=data.draw(st.booleans())), list)


EXAMPLES = [json.loads(one.read_text("utf-8")) for one in sorted((ROOT / "fhir_profiles" / "examples").rglob("*.json"))]
OURS = Judge(default_library())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_our_profiles_judge_whatever_stands_there(data):
    resource = spoiled(data.draw, data.draw(st.sampled_from(EXAMPLES)))
    assert isinstance(OURS.judge(resource, strict=data.draw(st.booleans())), list)


@pytest.mark.skipif(not US_CORE.exists(), reason="the public packages are not here")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_published_profiles_judge_whatever_stands_there(data):
    resource = json.loads(data.draw(st.sampled_from(sorted(PUBLIC.rglob("*.json")))).read_text("utf-8"))
    assert isinstance(published().judge(spoiled(data.draw, resource)), list)


def published(_held=[]):  # noqa: B006 - one for all runs
    if not _held:
        _held.append(Judge(default_library([US_CORE])))
    return _held[0]
