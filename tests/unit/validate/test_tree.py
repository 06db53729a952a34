"""gateway/validate/tree.py: what it lays together is what HL7's own snapshots say."""

import os
from functools import lru_cache
from pathlib import Path

import pytest

from gateway.validate.definitions import Library, core_plan
from gateway.validate.packages import core_available, core_package, definitions
from gateway.validate.patterns import chosen
from gateway.validate.tree import tree

GUIDES = Path(__file__).resolve().parents[4] / "shared" / "definitions"


@lru_cache(maxsize=1)
def core():
    """Every type of R4 with its own snapshot, by path."""
    found = definitions(core_package(), "StructureDefinition")
    return {one["id"]: {row["path"]: row for row in one["snapshot"]["element"]} for one in found if "snapshot" in one}


def underneath(type_name, steps):
    """The element of R4 that a path leads to, through the datatypes on its way."""
    path, here = type_name, core()[type_name]
    for step in steps:
        if f"{path}.{step}" not in here and "contentReference" in here[path]:
            path = here[path]["contentReference"].lstrip("#")
        if f"{path}.{step}" not in here:
            codes = [one["code"] for one in here[path].get("type", [])]
            path = next(one for one in codes if f"{one}.{step}" in core().get(one, {}))
            here = core()[path]
        path = f"{path}.{step}"
    return here[path]


def layers(root, id, short):
    """The branches that speak of an element: of it as such, and of it in the slice that the id names."""
    plain, own = [root], [root]
    for step in id.split(".")[1:]:
        name, _, slice_name = step.partition(":")
        plain = [one for branch in plain for one in below(branch, name, slice_name, short)]
        own = [one for branch in own for one in below(branch, name, slice_name, short)]
        own = [one.slices[slice_name] for one in own if slice_name in one.slices] or own if slice_name else own
    return plain, own


def below(branch, name, slice_name, short):
    """The children of this name; a short form counts for its slice, and when asked for the choice itself."""
    keys = [name] + [key for key in forms(branch, name) if key == slice_name or (short and not slice_name)]
    return [branch.children[key] for key in keys if key in branch.children]


def forms(branch, name):
    """The short forms (`valueQuantity`) in which a branch speaks of a choice."""
    stem = name.removesuffix("[x]")
    return [key for key in branch.children if stem != name and key.startswith(stem) and key[len(stem) :][:1].isupper()]


def facts(said):
    """What matters of an ElementDefinition."""
    types = {
        (one["code"], frozenset(one.get("profile", ())), frozenset(one.get("targetProfile", ())))
        for one in said.get("type", ())
    }
    binding = said.get("binding", {})
    return {
        "min": said.get("min"),
        "max": said.get("max"),
        "type": types or None,
        "strength": binding.get("strength"),
        "valueSet": binding.get("valueSet"),
        "fixed": chosen(said, "fixed"),
        "pattern": chosen(said, "pattern"),
        "constraint": {one["key"] for one in said.get("constraint", ())},
    }


def together(base, branches):
    """The facts of the base, and what is said otherwise; constraints add up."""
    whole = facts(base)
    for layer in (facts(one.said) for one in branches):
        constraints = whole["constraint"] | layer["constraint"]
        whole |= {name: value for name, value in layer.items() if value is not None}
        whole["constraint"] = constraints
    return whole


def differences(profile, library):
    """The facts of its published snapshot that a profile's tree does not tell."""
    root = tree(profile["url"], library)
    for shipped in profile["snapshot"]["element"]:
        told, theirs = list(readings(profile["type"], root, shipped)), facts(shipped)
        for url in (url for one in shipped.get("type", ()) for url in one.get("profile", ())):
            if extension := library.profile(url):  # an element shows the rules of the extension that it holds
                theirs["constraint"] -= facts(extension["differential"]["element"][0])["constraint"]
        for name, value in theirs.items():
            if not any(value == one[name] for one in told):
                yield profile["id"], shipped["id"], name, [one[name] for one in told], value


def readings(type_name, root, shipped):
    """What the tree says of an element, in each of the ways that snapshots are written."""
    steps = shipped["id"].split(".")[1:]
    base = underneath(type_name, [step.partition(":")[0] for step in steps])
    for short in (True, False):
        plain, own = layers(root, shipped["id"], short)
        whole, alone = together(base, plain + own), together(base, own)
        if ":" in shipped["id"] and not any("min" in one.said for one in own):
            alone["min"] = 0  # a slice need not stand, whatever is asked of the element as such
        yield from (whole, alone)
    if steps and "[x]" in steps[-1]:  # the only short form, or the name of the slice, is the only type
        name, _, slice_name = steps[-1].partition(":")
        holders = layers(root, shipped["id"].rpartition(".")[0], True)[1]
        only = {slice_name} - {""} or {key for one in holders for key in forms(one, name)}
        wanted = {key.removeprefix(name[:-3]).lower() for key in only}
        yield whole | {"type": {one for one in whole["type"] if one[0].lower() in wanted}}


@pytest.mark.parametrize(("version", "elements"), [("6.1.0", 2906), ("7.0.0", 3156)])
def test_a_profile_laid_over_r4_says_what_its_published_snapshot_says(version, elements):
    package = GUIDES / f"hl7.fhir.us.core-{version}.tgz"
    if not (package.exists() and core_available()):
        assert not (os.environ.get("GATEWAY_CI") and GUIDES.exists())
        pytest.skip(f"{package.name} or the core package is not here")
    profiles = [one for one in definitions(package, "StructureDefinition") if one["derivation"] == "constraint"]
    library = Library(profiles, core_plan())
    found = [row for one in profiles for row in differences(one, library)]
    assert sum(len(one["snapshot"]["element"]) for one in profiles) == elements
    assert found == []
