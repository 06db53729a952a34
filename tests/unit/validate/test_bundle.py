"""gateway/validate/bundle.py and references.py"""

import copy

import pytest

from gateway.core.issue import Severity
from gateway.validate import validate, validate_bundle

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

MATCH = {"mode": "match"}
ASKED_FOR_PLANS = {"link": [{"relation": "self", "url": f"{BASE}/CarePlan?status=active"}]}


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
        (bundle("searchset", {"resource": {"resourceType": "Patient"}, "search": MATCH}), "bundle.search-id"),
        (bundle("searchset", entry(PATIENT, search=MATCH)) | ASKED_FOR_PLANS, "bundle.search-type"),
        (bundle("searchset", entry(PATIENT, search={"mode": "outcome"})), "bundle.search-outcome"),
        (bundle("searchset", {"fullUrl": f"{BASE}/Patient/p"}), "bundle.search-resource"),
        (bundle("collection") | {"link": [{"relation": "next", "url": BASE}]}, "bundle.link"),
        (bundle("searchset") | {"link": [{"relation": "self", "url": BASE}] * 2}, "bundle.link-repeated"),
        (bundle("collection", entry(PATIENT), {"resource": {"resourceType": "Nobody"}}), "json.resource"),
    ],
)
def test_a_rule_of_bundles_is_named(broken, rule):
    assert rule in {rule for rule, _ in found(broken)}


@pytest.mark.parametrize(
    ("doubtful", "expected"),
    [
        (
            bundle("collection", {"fullUrl": f"{BASE}/Patient/q", "resource": PATIENT}),
            ("bundle.full-url-id", "Bundle.entry[0]"),
        ),
        (bundle("collection", {"resource": PATIENT}), ("bundle.full-url", "Bundle.entry[0].fullUrl")),
        (
            document(entry(LETTER), entry(PATIENT), entry({"resourceType": "Basic", "id": "b", "code": {"text": "x"}})),
            ("bundle.reachable", "Bundle.entry[2]"),
        ),
    ],
)
def test_what_breaks_the_standard_and_harms_nobody_is_a_warning_at_the_door_and_an_error_to_the_validator(
    doubtful, expected
):
    assert expected in found(doubtful, Severity.WARNING)
    assert not found(doubtful)
    assert expected in {(one.rule, one.path) for one in validate(doubtful) if one.severity is Severity.ERROR}


@pytest.mark.parametrize(
    ("type", "reference", "sound"),
    [
        ("transaction", "Patient/p", False),
        ("transaction", "#o", True),
        ("transaction-response", "Patient/p", True),
    ],
)
def test_what_refers_to_others_needs_a_full_url_to_the_validator(type, reference, sound):
    team = {"resourceType": "CareTeam", "subject": {"reference": reference}}
    sent = bundle(type, {"resource": team})
    expected = ("bundle.full-url-base", "Bundle.entry[0].fullUrl")
    assert (expected not in {(one.rule, one.path) for one in validate(sent)}) is sound
    assert expected not in found(sent)


def test_an_entry_of_a_document_may_point_to_what_the_document_leads_to():
    about = {"resourceType": "Flag", "id": "f", "status": "active", "code": {"text": "x"}}
    flag = entry(about | {"subject": {"reference": "Patient/p"}})
    assert found(document(entry(LETTER), entry(PATIENT), flag), Severity.WARNING) == set()


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
