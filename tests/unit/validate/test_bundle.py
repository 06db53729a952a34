"""gateway/validate/bundle.py and references.py"""

import copy

import pytest

from gateway.core.issue import Severity
from gateway.validate import validate_bundle

BASE = "http://a.example/fhir"
PATIENT = {"resourceType": "Patient", "id": "p"}
LETTER = {
    "resourceType": "Composition",
    "id": "c",
    "status": "final",
    "type": {"text": "Letter"},
    "subject": {"reference": "Patient/p"},
    "date": "2026-01-01",
    "author": [{"reference": "Patient/p"}],
    "title": "Letter",
    "section": [{"entry": [{"reference": "Patient/p"}]}],
}


def entry(resource, **more):
    return {
        "fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}",
        "resource": copy.deepcopy(resource),
        **more,
    }


def bundle(type, *entries):
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def document(*entries):
    return {
        **bundle("document", *entries),
        "identifier": {"system": "urn:x", "value": "1"},
        "timestamp": "2026-01-01T00:00:00Z",
    }


def found(bundle, *severities):
    return {
        (issue.rule, issue.path)
        for issue in validate_bundle(bundle)
        if issue.severity in (severities or (Severity.ERROR,))
    }


def test_a_sound_collection_and_a_sound_document_pass():
    assert found(bundle("collection", entry(PATIENT), entry(LETTER))) == set()
    assert found(document(entry(LETTER), entry(PATIENT))) == set()


def test_an_issue_in_an_entry_is_placed_in_the_bundle():
    assert found(bundle("collection", entry(PATIENT | {"gender": "f"}))) == {
        ("binding.required", "Bundle.entry[0].resource.gender")
    }


def test_what_a_document_points_to_must_be_inside_it():
    assert found(document(entry(LETTER))) == {
        ("bundle.inside", "Bundle.entry[0].resource.subject"),
        ("bundle.inside", "Bundle.entry[0].resource.author[0]"),
        ("bundle.inside", "Bundle.entry[0].resource.section[0].entry[0]"),
    }


def test_a_reference_to_one_version_finds_that_version_and_no_other():
    first, second = (entry(PATIENT | {"meta": {"versionId": number}}) for number in ("1", "2"))
    letter = copy.deepcopy(LETTER)
    letter["section"] = [{"entry": [{"reference": f"Patient/p/_history/{number}"} for number in ("1", "2", "3")]}]
    letter["subject"] = letter["author"][0] = {"reference": "Patient/p/_history/1"}
    assert found(document(entry(letter), first, second)) == {
        ("bundle.inside", "Bundle.entry[0].resource.section[0].entry[2]")
    }


def test_a_reference_that_fits_two_entries_is_no_reference():
    first, second = (entry(PATIENT | {"meta": {"versionId": number}}) for number in ("1", "2"))
    assert ("bundle.several-matches", "Bundle.entry[0].resource.subject") in found(
        document(entry(LETTER), first, second)
    )


def test_the_target_in_the_bundle_decides_its_type():
    url = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
    plan = {"resourceType": "CarePlan", "id": "l", "status": "active", "intent": "plan", "subject": {"reference": url}}
    sound = bundle("collection", entry(plan), {"fullUrl": url, "resource": PATIENT})
    assert found(sound) == set()
    sound["entry"][1]["resource"] = {"resourceType": "Device", "id": "d"}
    assert found(sound) == {("reference.target", "Bundle.entry[0].resource.subject")}


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (bundle("collection", {"fullUrl": "Patient/p", "resource": PATIENT}), "bundle.full-url-absolute"),
        (bundle("collection", entry(PATIENT), entry(PATIENT)), "bundle.id-repeated"),
        (bundle("searchset", {"resource": {"resourceType": "Patient"}}), "bundle.search-id"),
        (bundle("collection", entry(PATIENT), {"resource": {"resourceType": "Nobody"}}), "json.resource"),
    ],
)
def test_a_rule_of_bundles_is_named(broken, rule):
    assert rule in {rule for rule, _ in found(broken)}


def test_a_full_url_that_names_another_id_is_a_warning():
    other = {"fullUrl": f"{BASE}/Patient/q", "resource": PATIENT}
    assert ("bundle.full-url-id", "Bundle.entry[0]") in found(bundle("collection", other), Severity.WARNING)


def test_contained_resources_have_ids_and_each_its_own():
    team = {
        "resourceType": "CareTeam",
        "contained": [{"resourceType": "Organization", "name": "x"}]
        + [{"resourceType": "Organization", "id": "o", "name": "x"}] * 2,
        "managingOrganization": [{"reference": "#o"}],
    }
    rules = found(bundle("collection", {"resource": team}))
    assert ("extra.contained-id", "Bundle.entry[0].resource.contained[0].id") in rules
    assert ("extra.contained-id", "Bundle.entry[0].resource.contained[2]") in rules
