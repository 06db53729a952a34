"""gateway/validate/snapshot/generator.py: what it makes from differentials is what the guides have published."""

import os
from collections import Counter
from pathlib import Path

import pytest

from gateway.validate.definitions import Library, core_plan, default_library
from gateway.validate.packages import core_available, definitions
from gateway.validate.patterns import chosen
from gateway.validate.snapshot import NO_BASE, Generator

GUIDES = Path(__file__).resolve().parents[5] / "shared" / "definitions"
URL = "https://a.example/StructureDefinition/"
CORE = "http://hl7.org/fhir/StructureDefinition/"
OWN = "https://fhir.second-opinion.example/StructureDefinition/"


def profiles(name):
    package = GUIDES / f"hl7.fhir.us.{name}.tgz"
    if not (package.exists() and core_available()):
        assert not (os.environ.get("GATEWAY_CI") and GUIDES.exists())
        pytest.skip(f"{package.name} or the core package is not here")
    return list(definitions(package, "StructureDefinition"))


def facts(said):
    """What matters of an ElementDefinition."""
    types = {
        (one["code"], frozenset(one.get("profile", ())), frozenset(one.get("targetProfile", ())))
        for one in said.get("type", ())
    }
    return {
        "min": said["min"],
        "max": said["max"],
        "type": types,
        "binding": (said.get("binding", {}).get("strength"), said.get("binding", {}).get("valueSet")),
        "fixed": chosen(said, "fixed"),
        "pattern": chosen(said, "pattern"),
        "constraint": {one["key"] for one in said.get("constraint", ())},
    }


def differences(generator, published):
    """Every fact that differs from the published snapshot, and every element that stands elsewhere."""
    made = generator.snapshot(published["url"])
    assert made.faults == []
    theirs = published["snapshot"]["element"]
    assert [one["id"] for one in made.elements] == [one["id"] for one in theirs]
    for ours, shipped in zip(made.elements, theirs, strict=True):
        wanted = facts(shipped)
        yield from ((published["id"], ours["id"], key) for key, one in facts(ours).items() if one != wanted[key])


@pytest.mark.parametrize(("guide", "elements"), [("core-6.1.0", 2906), ("core-7.0.0", 3156)])
def test_a_differential_of_us_core_gives_the_snapshot_that_was_published(guide, elements):
    published = profiles(guide)
    generator = Generator(Library(published, core_plan()))
    assert sum(len(one["snapshot"]["element"]) for one in published) == elements
    assert [row for one in published for row in differences(generator, one)] == []


def test_a_differential_of_mcode_gives_its_snapshot_but_for_two_habits_of_its_compiler():
    # It lays what is said of the inside of all repetitions into each slice too, and shows no rules of an extension.
    published = profiles("mcode-4.0.0")
    generator = Generator(Library([*profiles("core-6.1.0"), *published], core_plan()))
    found = [row for one in published for row in differences(generator, one)]
    assert Counter((profile, key) for profile, _, key in found) == {
        ("mcode-patient-bundle", "min"): 9,
        ("mcode-radiotherapy-course-summary", "constraint"): 1,
    }


def test_our_own_profiles_break_no_rule_and_rest_on_their_bases():
    generator = Generator(default_library())
    for one in definitions(Path(__file__).resolve().parents[4] / "fhir_profiles", "StructureDefinition"):
        made = generator.snapshot(one["url"])
        assert made.faults == [], one["id"]
        assert len(made.elements) > len(one["differential"]["element"])


def profile(name, *elements, base="Observation", **more):
    return {
        "resourceType": "StructureDefinition",
        "url": URL + name,
        "type": "Observation",
        "derivation": "constraint",
        "baseDefinition": base if ":" in base else CORE + base,
        "differential": {"element": [{"id": "Observation", "path": "Observation"}, *elements]},
        **more,
    }


def element(id, **said):
    path = ".".join(step.partition(":")[0] for step in id.split("."))
    name = id.rpartition(".")[2].partition(":")[2]
    return {"id": id, "path": path, **({"sliceName": name} if name else {}), **said}


def made(*definitions, name="it"):
    snapshot = Generator(Library(definitions, core_plan())).snapshot(URL + name)
    return {one["id"]: one for one in snapshot.elements}, snapshot.faults


def test_elements_stand_in_the_order_of_the_base_whatever_the_order_of_the_differential():
    found, faults = made(profile("it", element("Observation.note", max="1"), element("Observation.code", min=1)))
    ids = list(found)
    assert ids.index("Observation.code") < ids.index("Observation.note")
    assert faults == []


def test_an_element_that_has_the_content_of_another_is_unfolded_as_that_one():
    found, faults = made(profile("it", element("Observation.component.referenceRange.text", min=1)))
    assert found["Observation.component.referenceRange.text"]["min"] == 1
    assert found["Observation.component.referenceRange.low"]["type"][0]["code"] == "Quantity"
    assert faults == []


def test_an_element_is_unfolded_into_the_profile_of_its_datatype():
    money = {
        **profile("money", element("Quantity.unit", min=1), base="Quantity"),
        "type": "Quantity",
        "differential": {"element": [{"path": "Quantity"}, element("Quantity.unit", min=1)]},
    }
    said = profile(
        "it",
        element("Observation.value[x]", type=[{"code": "Quantity", "profile": [URL + "money"]}]),
        element("Observation.value[x].code", min=1),
    )
    found, faults = made(money, said)
    assert (found["Observation.value[x].unit"]["min"], found["Observation.value[x].code"]["min"]) == (1, 1)
    assert faults == []


def test_a_slice_of_a_slice_begins_as_that_slice_and_stands_behind_it():
    by_text = {"discriminator": [{"type": "value", "path": "text"}], "rules": "open"}
    found, faults = made(
        profile(
            "it",
            element("Observation.category", slicing=by_text),
            element("Observation.category:a", max="3"),
            element("Observation.category:b", max="1"),
            element("Observation.category:a/x", min=1),
        )
    )
    assert (found["Observation.category:a/x"]["min"], found["Observation.category:a/x"]["max"]) == (1, "3")
    assert faults == []


def test_a_profile_on_a_profile_of_another_package_narrows_its_slices_in_place():
    by_text = {"discriminator": [{"type": "value", "path": "text"}], "rules": "open"}
    base = profile("base", element("Observation.category", slicing=by_text), element("Observation.category:a", max="3"))
    found, faults = made(base, profile("it", element("Observation.category:a", min=2), base=URL + "base"))
    assert (found["Observation.category:a"]["min"], found["Observation.category:a"]["max"]) == (2, "3")
    assert faults == []


def test_a_form_of_a_choice_is_a_slice_by_type_and_alone_when_it_must_stand():
    found, _ = made(profile("it", element("Observation.valueQuantity", min=1), element("Observation.effectivePeriod")))
    assert found["Observation.value[x]:valueQuantity"]["type"] == [{"code": "Quantity"}]
    assert [one["code"] for one in found["Observation.value[x]"]["type"]] == ["Quantity"]
    assert len(found["Observation.effective[x]"]["type"]) == 4


def test_three_dots_add_to_the_text_of_the_base_and_rules_add_up():
    rule = {"key": "it-1", "severity": "error", "human": "x", "expression": "code.exists()"}
    base = profile("base", element("Observation.code", comment="First.", constraint=[rule]))
    said = element("Observation.code", comment="...Then.", constraint=[{**rule, "key": "it-2"}])
    found, _ = made(base, profile("it", said, base=URL + "base"))
    assert found["Observation.code"]["comment"] == "First.\nThen."
    assert {"it-1", "it-2"} < {one["key"] for one in found["Observation.code"]["constraint"]}


def test_a_profile_that_rests_on_itself_or_on_nothing_has_no_snapshot():
    for base in ("it", "absent"):
        assert made(profile("it", base=URL + base))[1] == [NO_BASE]
