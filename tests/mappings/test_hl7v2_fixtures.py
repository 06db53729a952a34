"""Each message of ours with a sheet beside it: what a reader finds where in FHIR, what is counted, what is remarked.

NAME.hl7 stands beside NAME.yaml:

    about: what the message is an example of
    count: {MedicationRequest: 2, Goal: 0}
    issues: [status-unknown]        # all warnings there are, each code once
    expect:
      MedicationRequest[1].dosageInstruction[0].text: as sent    # an index is left out where only one stands
      MedicationRequest[1].requester.resolve().practitioner.resolve().name.family: Okafor
      ServiceRequest.extension(so-referral-status).valueCodeableConcept.coding.code: P
      ServiceRequest.doNotPerform: absent

Values are compared as they are written in JSON; concepts and lists may stand as YAML.
"""

import re
from decimal import Decimal

import pytest
import yaml

from gateway.core.issue import Severity
from gateway.pipeline import process
from gateway.translate.table import plain
from tests.mappings.hl7v2_fixtures import FOLDER, resources

SHEETS = sorted(FOLDER.glob("*.yaml"))
_STEP = re.compile(r"(?P<name>\w+)(?:\((?P<url>[\w-]*)\))?(?:\[(?P<index>\d+)\])?(?:\.|$)")


@pytest.fixture(scope="module", params=SHEETS, ids=lambda sheet: sheet.stem)
def example(request):
    """A sheet and what became of its message."""
    sheet = plain(request.param.name, yaml.compose(request.param.read_text("utf-8"), Loader=yaml.CBaseLoader))
    return sheet, process(request.param.with_suffix(".hl7").read_bytes())


def test_each_value_stands_where_the_sheet_says(example):
    sheet, found = example
    seen = {path: value(found, path) for path in sheet.get("expect", {})}
    assert seen == sheet.get("expect", {})


def test_the_resources_are_those_counted(example):
    sheet, found = example
    counted = {type: str(len(resources(found, type))) for type in sheet.get("count", {})}
    assert counted == sheet.get("count", {})


def test_the_warnings_are_those_named(example):
    sheet, found = example
    if "issues" in sheet:
        assert {one.code for one in found.issues if one.severity is Severity.WARNING} == set(sheet["issues"])


def test_what_comes_out_is_valid_and_every_leaf_accounted_for(example):
    _, found = example
    assert found.sound, [one for one in found.issues if one.severity in (Severity.ERROR, Severity.FATAL)]
    assert found.counts["failed"] == 0, [entry for entry in found.ledger if entry.state == "failed"]
    assert found.counts["leaves"] == sum(count for state, count in found.counts.items() if state != "leaves")


def value(found, path):
    """What stands at a path, as JSON writes it; `absent` when nothing does."""
    node, around = None, None
    for step in _STEP.finditer(path):
        name, url, index = step["name"], step["url"], step["index"]
        if name == "resolve":
            node = around = _resolved(found, node, around)
            continue
        node = resources(found, name) if around is None else node.get(name)
        if url:
            node = [one for one in node or () if one["url"].endswith(f"/{url}")]
        if isinstance(node, list) and (index or step.end() < len(path) or len(node) == 1):
            node = _chosen(node, index, path)
        around = node if around is None else around
        if node is None or node == []:
            return "absent"
    return _written(node)


def _chosen(nodes, index, path):
    if index:
        return nodes[int(index)] if int(index) < len(nodes) else None
    assert len(nodes) < 2, f"{path}: {len(nodes)} stand there; say which"
    return nodes[0] if nodes else None


def _resolved(found, node, around):
    type, _, id = node["reference"].partition("/")
    if type.startswith("#"):
        return next(one for one in around["contained"] if f"#{one['id']}" == type)
    return next(one for one in resources(found, type) if one["id"] == id)


def _written(node):
    match node:
        case dict():
            return {name: _written(inner) for name, inner in node.items()}
        case list():
            return [_written(one) for one in node]
        case bool():
            return str(node).lower()
        case int() | Decimal():
            return str(node)
    return node
