"""gateway/cases/consent.py"""

from dataclasses import replace

import pytest

from gateway.cases.consent import Recorded, consent_of, holds, is_yes, lifting, lifts, with_consents
from gateway.core.errors import ConsentMissingError, SensitiveHoldError
from gateway.core.issue import Severity
from gateway.core.labels import PART_2, label
from gateway.validate import validate

DAY = "2026-03-02"
RELATIVE, CLINICIAN = {"reference": "RelatedPerson/r"}, {"reference": "Practitioner/d"}
RECORDED = Recorded("s", "consent-missing", "2026-03-02T09:00:00.000000Z", "admin-1", "2026-03-01", "patient", "a form")
YES = consent_of(RECORDED, "p")
INFORMANT = {"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "informant"}


def told_by(who):
    return {"resourceType": "Provenance", "agent": [{"type": {"coding": [INFORMANT]}, "who": who}], "entity": [{}]}


@pytest.mark.parametrize(
    ("resource", "held"),
    [
        (told_by(RELATIVE), [ConsentMissingError]),
        (told_by({"type": "RelatedPerson", "display": "Caregiver"}), [ConsentMissingError]),
        (told_by({"display": "daughter in law"}), [ConsentMissingError]),
        (told_by({"reference": "Patient/p"}), []),
        ({"resourceType": "Composition", "author": [RELATIVE]}, [ConsentMissingError]),
        ({"resourceType": "Composition", "author": [CLINICIAN, RELATIVE]}, []),
        ({"resourceType": "ServiceRequest", "requester": RELATIVE}, [ConsentMissingError]),
        ({"resourceType": "QuestionnaireResponse", "author": RELATIVE}, [ConsentMissingError]),
        ({"resourceType": "RelatedPerson"}, []),
        ({"resourceType": "Condition", "meta": {"security": [PART_2 | {"display": "Part 2"}]}}, [SensitiveHoldError]),
        ({"resourceType": "Condition", "meta": {"security": [label("SUD"), label("R")]}}, []),
    ],
)
def test_what_waits_is_what_a_relative_sends_and_what_part_2_protects(resource, held):
    assert list(holds([resource])) == held


@pytest.mark.parametrize(
    "change",
    [
        {"status": "inactive"},
        {"scope": {"coding": [{"system": YES["scope"]["coding"][0]["system"], "code": "treatment"}]}},
        {"policyRule": {"text": "as agreed"}},
        {"provision": {"type": "deny"}},
        {"provision": {"period": {"end": "2026-03-01"}}},
        {"provision": {"period": {"start": "2026-03-03"}}},
        {"resourceType": "DocumentReference"},
    ],
)
def test_a_consent_counts_while_it_is_in_force_and_says_yes(change):
    assert is_yes(YES, DAY)
    assert not is_yes(YES | change, DAY)


def named(*labels, **provision):
    return YES | {"provision": {"securityLabel": list(labels), **provision}}


def test_part_2_content_needs_a_consent_that_covers_it():
    assert not lifts(SensitiveHoldError, YES, DAY)
    assert lifts(SensitiveHoldError, named(PART_2), DAY)
    assert not lifts(SensitiveHoldError, named(label("HIV")), DAY)
    permit = {"policyRule": {"coding": [PART_2]}, "provision": {"type": "permit"}}
    assert lifts(SensitiveHoldError, YES | permit, DAY)
    assert lifts(SensitiveHoldError, YES | {"meta": {"security": [PART_2]}}, DAY)  # such a programme's own


def test_a_consent_for_certain_labels_or_with_exceptions_does_not_settle_that_a_relative_may_send():
    assert not lifts(ConsentMissingError, named(PART_2), DAY)
    assert not lifts(ConsentMissingError, YES | {"provision": {"provision": [{"type": "deny"}]}}, DAY)
    sparing = {"provision": {"provision": [{"type": "deny", "securityLabel": [label("HIV")]}]}}
    assert lifts(ConsentMissingError, YES | sparing, DAY)
    assert not lifts(SensitiveHoldError, named(PART_2, provision=[{"type": "deny", "securityLabel": [PART_2]}]), DAY)


@pytest.mark.parametrize(
    ("no", "stands"),
    [
        ({"provision": {"type": "deny"}, "dateTime": "2026-03-02"}, False),
        ({"provision": {"type": "deny"}, "dateTime": "2026-03-01T08:00:00Z"}, False),
        ({"provision": {"type": "deny"}, "dateTime": "2026-02-28"}, True),
        ({"provision": {"type": "deny"}, "dateTime": ""}, False),
        ({"provision": {"type": "deny", "securityLabel": [label("HIV")]}, "dateTime": "2026-03-02"}, True),
        ({"provision": {"type": "deny", "securityLabel": [PART_2]}, "dateTime": ""}, True),
        ({"provision": {"type": "deny", "period": {"end": "2026-03-01"}}, "dateTime": "2026-03-02"}, True),
        ({"status": "rejected", "dateTime": "2026-03-02"}, False),
        ({"status": "inactive", "dateTime": "2026-03-02"}, False),
        ({"status": "inactive", "dateTime": ""}, True),
        ({"status": "entered-in-error", "dateTime": "2026-03-02"}, True),
    ],
)
def test_a_no_stands_against_every_yes_that_is_not_of_a_later_day(no, stands):
    assert (lifting(ConsentMissingError, [YES, YES | {"id": "no"} | no], DAY) is YES) is stands


def test_a_relatives_word_is_not_the_patients():
    assert lifts(ConsentMissingError, YES, DAY)
    assert not lifts(ConsentMissingError, YES | {"performer": [RELATIVE]}, DAY)


def test_what_a_person_recorded_is_a_consent_of_our_profile():
    for made in (YES, consent_of(replace(RECORDED, hold="sensitive-hold"), "p")):
        issues = validate(made, profiles=made["meta"]["profile"])
        assert [one for one in issues if one.severity in (Severity.ERROR, Severity.FATAL)] == []
    assert "performer" not in consent_of(Recorded("s", "h", RECORDED.at, "a", DAY, "representative", "a form"), "p")


def test_a_referral_names_the_consents_that_it_rests_on_once():
    referral = with_consents({"resourceType": "ServiceRequest"}, [YES, YES | {"id": "no", "status": "inactive"}], DAY)
    assert referral["supportingInfo"] == [{"reference": f"Consent/{YES['id']}"}]
    assert with_consents(referral, [YES], DAY) == referral
