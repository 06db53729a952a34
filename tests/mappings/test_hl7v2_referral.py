"""A referral for a second opinion (REF^I12) becomes a ServiceRequest with everybody and everything around it."""

import pytest

from tests.mappings.hl7v2_fixtures import codes, only, outcome, resources, states

NAME = "REF_I12_second_opinion"


@pytest.fixture(scope="module")
def referral():
    return outcome(NAME)


@pytest.fixture(scope="module")
def request_(referral):
    return next(one for one in resources(referral, "ServiceRequest") if one["identifier"][0]["value"] == "LK-REF-881")


def test_the_code_of_a_second_opinion_is_the_code_of_the_request(request_):
    assert codes(request_["code"]) == [("v2-0282", "SO")]
    assert (request_["status"], request_["intent"], request_["priority"]) == ("active", "order", "asap")


def test_words_alone_suggest_a_second_opinion_and_add_no_code():
    found = outcome(NAME, ("SO^Second Opinion^HL70282", "WR^Send written report^HL70282"))
    request = only(found, "ServiceRequest")
    assert ("v2-0282", "SO") not in codes(request["code"])
    assert codes(request["orderDetail"][0]) == [("v2-0282", "WR")]
    assert "second-opinion-suspected" in {issue.code for issue in found.issues}


def test_the_clinical_question_and_the_reason_are_kept(request_):
    assert codes(request_["reasonCode"][0]) == [("v2-0336", "S")]
    assert request_["reasonCode"][1] == {"text": "Is dose-dense therapy advisable for this tumour?"}


def test_providers_stand_where_their_role_puts_them(referral, request_):
    roles = {f"PractitionerRole/{one['id']}": one for one in resources(referral, "PractitionerRole")}
    asked = roles[request_["requester"]["reference"]]
    assert codes(asked["code"][0]) == [("v2-0286", "RP")]
    assert [codes(roles[one["reference"]]["code"][0]) for one in request_["performer"]] == [[("v2-0286", "RT")]]
    primary = only(referral, "Patient")["generalPractitioner"][0]["reference"]
    assert codes(roles[primary]["code"][0]) == [("v2-0286", "PP")]
    assert only(referral, "CareTeam")["participant"][0]["member"] == {"reference": primary}


def test_diagnosis_insurance_allergy_and_results_belong_to_the_request(referral, request_):
    condition = only(referral, "Condition")
    assert request_["reasonReference"] == [{"reference": f"Condition/{condition['id']}"}]
    assert request_["insurance"] == [{"reference": f"Coverage/{only(referral, 'Coverage')['id']}"}]
    kinds = {one["reference"].partition("/")[0] for one in request_["supportingInfo"]}
    assert {"AllergyIntolerance", "DiagnosticReport", "Observation", "Procedure"} <= kinds


def test_lines_of_one_note_are_one_note(request_):
    assert request_["note"][-2:] == [
        {"text": "Slides follow by courier."},
        {"text": "Please call before 10 am.\nThe patient travels by train."},
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("RF1|P^Pending^HL70283", "RF1|A^Accepted^HL70283"), "active"),
        (("RF1|P^Pending^HL70283", "RF1|R^Rejected^HL70283"), "revoked"),
        (("RF1|P^Pending^HL70283", "RF1|"), "active"),
        (("REF^I12^REF_I12", "REF^I14^REF_I12"), "revoked"),
        (("Slides follow by courier.|A", "Slides follow by courier.|D"), "entered-in-error"),
    ],
)
def test_the_status_is_what_the_message_says(change, status):
    assert only(outcome(NAME, change), "ServiceRequest")["status"] == status


def test_a_status_message_without_a_status_is_unknown():
    found = outcome(NAME, ("RF1|P^Pending^HL70283", "RF1|"), ("REF^I12^REF_I12", "REF^I15^REF_I12"))
    assert only(found, "ServiceRequest")["status"] == "unknown"
    assert "status-unknown" in {issue.code for issue in found.issues}


def test_the_insured_who_is_the_patient_is_no_other_person(referral):
    coverage = only(referral, "Coverage")
    assert coverage["subscriber"]["reference"].startswith("Patient/")
    assert codes(coverage["relationship"])[0] == ("subscriber-relationship", "self")


def test_values_keep_their_digits_and_lines(referral):
    receptor, report = resources(referral, "Observation")
    assert str(receptor["valueQuantity"]["value"]) == "92.50"
    assert report["valueString"] == "Invasive carcinoma, grade 2.\nMargins clear."


def test_every_leaf_is_accounted_for_and_none_is_lost(referral):
    assert referral.sound
    assert set(states(referral).values()) <= {"mapped", "ignored", "not-applicable"}


def test_a_sender_that_asks_for_nothing_else_asks_for_a_second_opinion():
    found = outcome("REF_I12_without_disposition", empty_rf1_4="second-opinion")
    assert codes(only(found, "ServiceRequest")["code"]) == [("v2-0282", "SO")]
