"""fhir_profiles/: what we publish is sound, and its examples are judged as they should be."""

import json
from pathlib import Path

import pytest

from gateway.cases.checklist import checklist
from gateway.core.issue import Severity
from gateway.core.outcome import BASE
from gateway.validate import fhirpath, validate
from gateway.validate.published import FILE, code_system

FOLDER = Path(__file__).resolve().parents[2] / "fhir_profiles"
PUBLISHED = sorted(FOLDER.glob("*.json"))
EXAMPLES = sorted((FOLDER / "examples").glob("*.json"))
# Which states of a case go with which status of its Task.
CASE_STATES = {
    "received": ("case-received",),
    "on-hold": ("needs-information",),
    "accepted": ("records-complete",),
    "in-progress": (
        "under-review", "visit-scheduled", "no-show", "visit-cancelled", "visit-completed", "cancel-requested",
    ),
    "completed": ("opinion-returned", "closed"),
    "cancelled": ("cancelled",),
    "rejected": ("declined",),
    "failed": ("expired",),
}  # fmt: skip


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


def errors(resource, **asked):
    return [issue for issue in validate(resource, **asked) if issue.severity is Severity.ERROR]


def codes(name):
    return [one["code"] for one in read(FOLDER / f"CodeSystem-{name}.json")["concept"]]


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_every_published_definition_is_valid_r4_and_named_as_its_url(file):
    found = read(file)
    assert errors(found) == []
    assert file.stem == f"{found['resourceType']}-{found['id']}"
    assert found["url"] == f"{BASE}/{found['resourceType']}/{found['id']}"


@pytest.mark.parametrize("file", [one for one in EXAMPLES if one.stem.startswith("valid-")], ids=lambda file: file.stem)
def test_a_valid_example_has_nothing_said_against_it(file):
    found = read(file)
    assert found["meta"]["profile"] == [f"{BASE}/StructureDefinition/{file.stem.removeprefix('valid-')}"]
    # an extensible binding of R4 advises against each code beyond its set, also where a guide asks for that code
    assert [issue for issue in validate(found) if issue.rule != "binding.extensible"] == []


@pytest.mark.parametrize("file", [one for one in EXAMPLES if "invalid-" in one.stem], ids=lambda file: file.stem)
def test_an_invalid_example_is_valid_r4_and_breaks_only_its_profile(file):
    found = read(file)
    assert any(issue.profile.startswith(BASE) for issue in errors(found))
    del found["meta"]
    assert [issue for issue in errors(found) if not issue.profile] == []


def test_every_profile_has_a_valid_and_an_invalid_example():
    names = [read(one)["id"] for one in PUBLISHED if read(one).get("kind") == "resource"]
    for name in names:
        assert any(one.stem == f"valid-{name}" for one in EXAMPLES), name
        assert any(one.stem.startswith(f"invalid-{name}-") for one in EXAMPLES), name


def test_every_invariant_of_a_profile_has_an_expression_that_compiles():
    for file in PUBLISHED:
        for element in read(file).get("differential", {}).get("element", ()):
            for rule in element.get("constraint", ()):
                assert fhirpath.compile(rule["expression"]), rule["key"]


def test_the_published_rule_codes_are_those_that_we_say():
    assert FILE.read_text(encoding="utf-8") == code_system(), "run: python -m gateway.validate.published"


def test_the_states_of_a_case_are_those_that_go_with_a_task():
    states = [state for group in CASE_STATES.values() for state in group]
    bound = read(FOLDER / "ValueSet-so-case-state.json")["compose"]["include"][0]["concept"]
    assert sorted(one["code"] for one in bound) == sorted(states)
    assert set(states) < set(codes("so-case-status"))
    assert len(codes("so-case-status")) == 18


def test_the_checklist_asks_for_nothing_that_has_no_code():
    assert {item.item for item in checklist().items} == set(codes("so-checklist"))


@pytest.mark.parametrize("status", sorted(CASE_STATES))
def test_a_case_has_a_state_that_fits_its_status(status):
    task = read(FOLDER / "examples" / "valid-so-case-task.json") | {"status": status, "statusReason": {"text": "why"}}
    for fitting, states in CASE_STATES.items():
        for state in states:
            task["businessStatus"]["coding"][0]["code"] = state
            assert ("so-tsk-1" in {issue.rule for issue in errors(task)}) == (fitting != status)


def test_an_incomplete_referral_passes_with_what_it_lacks_as_warnings():
    referral = read(FOLDER / "examples" / "valid-so-referral.json")
    bare = {key: referral[key] for key in ("resourceType", "id", "meta", "status", "intent", "subject")}
    bare["code"] = {"text": "please have a look"}
    issues = validate(bare)
    assert {issue.rule for issue in issues} == {"so-ref-2", "so-ref-3", "so-ref-4", "so-ref-5"}
    assert {issue.severity for issue in issues} == {Severity.WARNING}
