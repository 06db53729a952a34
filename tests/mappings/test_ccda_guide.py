"""HL7's own pairs of a C-CDA fragment and the FHIR that it should become: our leaves, and where and why ours differ.

Every leaf of the published resource that R4 has is looked for at its path in ours. What is not there stands in
`guide_pairs.yaml` with its reason, as a fault of the sample or as a choice of ours; a new difference fails, and so
does a reason that nothing needs any more.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from gateway.core import r4
from gateway.pipeline import process
from tests.mappings.hl7v2_fixtures import FOLDER
from tests.mappings.test_ccda_rules import document

PAIRS = Path(__file__).parents[3] / "shared" / "reference" / "ccda-on-fhir" / "pairs"
DEVIATIONS = yaml.safe_load((FOLDER.parent / "ccda" / "guide_pairs.yaml").read_text("utf-8"))
FAULTS, CHOICES = DEVIATIONS["faults"], DEVIATIONS["choices"]
SECTIONS = {
    "allergies": "48765-2",
    "encounters": "46240-8",
    "immunizations": "11369-6",
    "medications": "10160-0",
    "notes": "34109-9",
    "problems": "11450-4",
    "procedures": "47519-4",
    "results": "30954-2",
    "social": "29762-2",
    "vitals": "8716-3",
}
# Ids of the example's own, words of the narrative, which no fragment has, and a terminology's words for a code.
PASSED_OVER = re.compile(r"^(id|meta|text|contained)\b|\.(id|text)$|(coding|class)\.display$")
# What is no JSON in the published files: remarks, and commas that nothing follows.
REMARK = re.compile(r"/\*.*?\*/|^\s*//.*?$|,(?=\s*[}\]])", re.S | re.M)
# What the published fragments leave out.
LEFT_OUT = '<id root="1.2.3.9" extension="left-out"/>'

pytestmark = pytest.mark.skipif(not PAIRS.is_dir(), reason="the published pairs are not here")


def pairs():
    return sorted(file.name.removesuffix(".cda.xml") for file in PAIRS.glob("*.cda.xml"))


@pytest.mark.parametrize("name", pairs())
def test_each_published_leaf_is_ours_or_its_absence_has_a_reason(name):
    assert missing(name) == {*FAULTS.get(name, {}), *CHOICES.get(name, {})}


def test_nearly_all_published_leaves_that_are_right_are_ours():
    right = sum(len(leaves(one)) for name in pairs() for one in published(name)) - sum(map(len, FAULTS.values()))
    assert sum(map(len, CHOICES.values())) <= right * 0.05


def missing(name):
    """The published leaves that our nearest resource of the type does not have."""
    ours, found = converted(name), set()
    for one in published(name):
        type, theirs = one["resourceType"], leaves(one)
        mine = (_open(leaves(held)) for held in ours if held["resourceType"] == type)
        nearest = max(mine, key=lambda held: len(theirs & held), default=set())
        found |= {f"{type}.{path}: {value}" for path, value in theirs - nearest}
    return found


def published(name):
    """The published resources."""
    found = json.loads(REMARK.sub("", (PAIRS / f"{name}.fhir.json").read_text("utf-8")))
    entries = found.get("entry")
    whole = [entry["resource"] for entry in entries] if entries else [found]
    return [one for outer in whole for one in (outer, *outer.get("contained", []))]


def converted(name):
    """What our frame around the fragment becomes."""
    fragment = re.sub(r"<!--.*?-->", "", (PAIRS / f"{name}.cda.xml").read_text("utf-8"), flags=re.S)
    fragment = re.sub(r">\s*\.\.\.\s*<", f">{LEFT_OUT}<", fragment)
    fragment = re.sub(r"</?entry\b[^>]*>", "", fragment).strip()
    case = {"section": SECTIONS.get(name.rpartition("-")[0], "30954-2")}
    match re.match(r"<(\w+)", fragment)[1]:
        case "recordTarget":
            whole = re.search(rb"<recordTarget>.*</recordTarget>", document(case), re.S)[0].decode()
            case["instead"] = {whole: fragment}
        case "encompassingEncounter":
            case["header"] = f"<componentOf>{fragment}</componentOf>"
        case "Organization":
            keeper = fragment.replace("Organization>", "representedCustodianOrganization>")
            case["header"] = f"<custodian><assignedCustodian>{keeper}</assignedCustodian></custodian>"
        case _:
            case["entry"] = fragment
    outcome = process(document(case), judge=False)
    assert outcome.error is None
    made = [entry["resource"] for entry in outcome.bundle["entry"]]
    return [one for outer in made for one in (outer, *outer.get("contained", []))]


def leaves(resource):
    """Path and value of each leaf that R4 has; places in lists do not count, of a reference only the type."""
    type = resource["resourceType"]
    return {(path, value) for path, value in _walked(resource, "") if _counts(type, path)}


def _counts(type, path):
    return not PASSED_OVER.search(path) and r4.element(f"{type}.{path.replace('_', '')}") is not None


def _open(leaves):
    """References also as those that tell no type."""
    return leaves | {(path, "") for path, _ in leaves if path.endswith("reference")}


def _walked(node, path):
    if isinstance(node, dict):
        for name, inner in node.items():
            if name == "reference" and isinstance(inner, str):
                yield f"{path}.{name}", "" if inner.startswith(("#", "urn:")) else inner.partition("/")[0]
            elif name != "resourceType" and not (name == "display" and "reference" in node):
                yield from _walked(inner, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for inner in node:
            yield from _walked(inner, path)
    else:
        yield path, _moment(str(node).lower() if isinstance(node, bool) else str(node))


def _moment(value):
    """A time as that of Greenwich, so that two ways to write it are one; anything else as it is."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)", value):
        return value
    return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC).isoformat()
