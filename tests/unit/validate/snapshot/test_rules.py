"""gateway/validate/snapshot/rules.py: a differential that breaks a rule is told, with the element and never used."""

import copy
from pathlib import Path

import pytest

from gateway.core.issue import Severity
from gateway.validate.definitions import Library, core_plan, default_library
from gateway.validate.judge import Judge
from gateway.validate.packages import definitions
from gateway.validate.snapshot import Generator

URL = "https://a.example/StructureDefinition/"
CORE = "http://hl7.org/fhir/StructureDefinition/"
OWN = Path(__file__).resolve().parents[4] / "fhir_profiles"
BY_TEXT = {"discriminator": [{"type": "value", "path": "text"}], "rules": "open"}
RULE = {"key": "it-1", "severity": "error", "human": "x", "expression": "code.exists()"}
GENDER = {"valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}


def profile(name, *elements, base=CORE + "Observation"):
    return {
        "resourceType": "StructureDefinition",
        "url": URL + name,
        "name": "It",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Observation",
        "derivation": "constraint",
        "baseDefinition": base,
        "differential": {"element": [{"id": "Observation", "path": "Observation"}, *elements]},
    }


def element(id, **said):
    path = ".".join(step.partition(":")[0] for step in id.split("."))
    name = id.rpartition(".")[2].partition(":")[2]
    return {"id": id, "path": path, **({"sliceName": name} if name else {}), **said}


BASE = profile(
    "base",
    element("Observation.status", fixedCode="final"),
    element("Observation.category", slicing={**BY_TEXT, "rules": "closed"}, max="2"),
    element("Observation.category:a", min=1, max="1"),
    element("Observation.code", mustSupport=True, constraint=[RULE], binding={"strength": "required", **GENDER}),
    element("Observation.subject", type=[{"code": "Reference", "targetProfile": [CORE + "Patient"]}]),
    element("Observation.value[x]", type=[{"code": "integer"}, {"code": "string"}], maxLength=5),
    element("Observation.component.value[x]", type=[{"code": "integer"}], minValueInteger=1),
)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (element("Observation.nickname", min=1), "element-unknown"),
        (element("Observation.value[x].family", min=1), "element-unknown"),
        (element("Observation.category", min=0, max="3"), "cardinality-wider"),
        (element("Observation.category:a", min=0), "cardinality-wider"),
        (element("Observation.note", min=2, max="1"), "cardinality-empty"),
        (element("Observation.category", min=3), "cardinality-empty"),
        (element("Observation.category:b", min=2, max="2"), "slices-beyond"),
        (element("Observation.category", slicing=BY_TEXT), "slicing-wider"),
        (element("Observation.category", slicing={"discriminator": [], "rules": "closed"}), "slicing-changed"),
        (element("Observation.performer:a", max="1"), "slicing-missing"),
        (element("Observation.code", mustSupport=False), "must-support-lifted"),
        (element("Observation.status", isModifier=False), "modifier-lifted"),
        (element("Observation.code", binding={"strength": "preferred", **GENDER}), "binding-weaker"),
        (element("Observation.issued", binding={"strength": "required", **GENDER}), "binding-misplaced"),
        (element("Observation.code", constraint=[{**RULE, "expression": "true"}]), "constraint-changed"),
        (element("Observation.status", fixedCode="amended"), "value-changed"),
        (element("Observation.method", fixedCodeableConcept={}, patternCodeableConcept={}), "value-changed"),
        (element("Observation.code", patternString="x"), "value-of-other-type"),
        (element("Observation.value[x]", maxLength=6), "range-wider"),
        (element("Observation.component.value[x]", minValueInteger=0), "range-wider"),
        (element("Observation.value[x]", type=[{"code": "Quantity"}]), "type-wider"),
        (element("Observation.method", type=[{"code": "Reference"}]), "type-wider"),
        (element("Observation.subject", type=[{"code": "Reference", "targetProfile": [CORE + "Group"]}]),
         "target-wider"),
        (element("Observation.subject", type=[{"code": "Reference", "profile": [URL + "base"]}]),
         "profile-of-other-type"),
    ],
)  # fmt: skip
def test_what_widens_its_base_is_told_at_its_element(said, code):
    definition = profile("it", said, base=URL + "base")
    judge = Judge(Library([BASE, definition], core_plan()))
    told = [one for one in judge.judge(definition) if one.code.startswith("differential-")]
    assert (f"differential-{code}", "StructureDefinition.differential.element[1]") in {(i.code, i.path) for i in told}
    assert {one.rule for one in told} == {
        said["id"] if code not in ("slices-beyond", "slicing-missing") else said["path"]
    }


def test_a_profile_that_breaks_a_rule_is_refused_and_not_used_half():
    broken = profile("it", element("Observation.nickname", min=1), element("Observation.note", min=1))
    resource = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    issues = Judge(Library([broken], core_plan())).judge(resource, [URL + "it"])
    assert [(one.severity, one.code, one.rule, one.profile) for one in issues] == [
        (Severity.INFORMATION, "not-checked", "profile.not-checked", URL + "it"),
        (Severity.ERROR, "differential-element-unknown", "Observation.nickname", URL + "it"),
    ]


def test_an_element_that_is_spoken_of_twice_is_told():
    twice = profile("it", element("Observation.note", min=1), element("Observation.note", max="1"))
    assert [one.code for one in Generator(Library([twice], core_plan())).faults(twice)] == ["element-repeated"]


def test_parts_without_a_word_on_how_they_are_told_apart_are_a_warning():
    definition = profile("it", element("Observation.performer:a", max="1"))
    issues = Judge(Library([definition], core_plan())).judge(definition)
    assert [one.severity for one in issues if one.code.startswith("differential-")] == [Severity.WARNING]


def mutants(definition):
    """A definition with one fault in one element, for every element and every fault that it lets us make."""
    for number, one in enumerate(definition["differential"]["element"]):
        if "." not in one["path"]:
            continue
        faults = {
            "name": {key: f"{one[key]}zz" for key in ("id", "path")},
            "bounds": {"min": 2, "max": "1"},
            "type": {"type": [{"code": "NoSuchType"}]},
            "value": {"patternNoSuchType": "x"},
        }
        for name, fault in faults.items():
            if name == "name" and (":" in one["id"] or "sliceName" in one):
                continue
            broken = copy.deepcopy(definition)
            broken["differential"]["element"][number] |= fault
            yield name, one["id"], broken


def test_every_single_fault_put_into_one_of_our_differentials_is_noticed():
    generator = Generator(default_library())
    rows = [row for one in definitions(OWN, "StructureDefinition") for row in mutants(one)]
    assert len(rows) > 500
    missed = [(broken["id"], name, id) for name, id, broken in rows if not generator.faults(broken)]
    assert missed == []
