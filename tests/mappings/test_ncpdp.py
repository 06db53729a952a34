"""mappings/ncpdp: a new prescription keeps the prescriber's words, and is an order of ours to nobody."""

from pathlib import Path

import pytest

from gateway import pipeline
from gateway.core.submission import Sender
from gateway.parse import formats

SENT = (Path(__file__).parents[1] / "fixtures" / "ncpdp" / "new_prescription.xml").read_bytes()
SENT_OLDER = Path(__file__).parents[1] / "fixtures" / "ncpdp" / "new_prescription_10_6.xml"
SIG = b"<Sig><SigText>Take 1 tablet by mouth every 8 hours as needed for nausea</SigText></Sig>"


def converted(*changes):
    body = SENT
    for before, after in changes:
        assert before in body
        body = body.replace(before, after)
    return pipeline.process(body, sender=Sender(clinic="riverbend"))


def one(outcome, type):
    [found] = [e["resource"] for e in outcome.bundle["entry"] if e["resource"]["resourceType"] == type]
    return found


def test_a_prescription_is_told_from_other_xml():
    assert formats.detect(SENT).name == "ncpdp"
    assert formats.detect(SENT).name != formats.detect(b'<Patient xmlns="http://hl7.org/fhir"/>').name


def test_the_prescription_is_a_signed_order_in_the_prescribers_words():
    outcome = converted()
    request = one(outcome, "MedicationRequest")
    assert (request["status"], request["intent"], request["authoredOn"]) == ("active", "order", "2026-11-02")
    assert request["medicationCodeableConcept"]["text"] == "Ondansetron 8 mg tablet"
    assert request["medicationCodeableConcept"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/ndc"
    assert request["dosageInstruction"][0]["text"] == "Take 1 tablet by mouth every 8 hours as needed for nausea"
    assert str(request["dispenseRequest"]["quantity"]["value"]) == "30.0"
    assert request["dispenseRequest"]["numberOfRepeatsAllowed"] == 2
    assert outcome.sound


def test_who_prescribes_who_takes_it_and_who_dispenses_it_are_named():
    outcome = converted()
    request, patient, pharmacy = (one(outcome, type) for type in ("MedicationRequest", "Patient", "Organization"))
    assert (patient["birthDate"], patient["gender"], patient["address"][0]["state"]) == ("1958-06-14", "male", "VT")
    assert request["dispenseRequest"]["performer"]["reference"] == f"Organization/{pharmacy['id']}"
    assert request["requester"]["reference"] == f"Practitioner/{one(outcome, 'Practitioner')['id']}"


def test_a_prescription_of_the_older_version_says_as_much():
    outcome = pipeline.process(SENT_OLDER.read_bytes(), sender=Sender(clinic="riverbend"))
    request, patient = one(outcome, "MedicationRequest"), one(outcome, "Patient")
    assert (patient["birthDate"], patient["address"][0]["postalCode"]) == ("1966-09-30", "05001")
    assert request["medicationCodeableConcept"]["coding"][0] == {
        "system": "http://hl7.org/fhir/sid/ndc",
        "code": "00000111122",
    }
    assert request["dosageInstruction"][0]["text"] == "Take 3 tablets by mouth twice daily for 14 days"
    assert request["dispenseRequest"]["quantity"]["code"] == "C48542"
    assert [one["system"] for one in one(outcome, "Practitioner")["telecom"]] == ["phone", "fax"]
    assert {line.state for line in outcome.ledger} == {"mapped", "ignored"}


def test_directions_that_are_not_understood_stay_words():
    dosage = one(converted((SIG, b"<Directions>uad, as told by phone</Directions>")), "MedicationRequest")
    assert dosage["dosageInstruction"] == [{"text": "uad, as told by phone"}]


def test_a_code_whose_qualifier_is_not_known_is_not_given_a_system():
    outcome = converted((b"<Qualifier>ND</Qualifier>", b"<Qualifier>QQ</Qualifier>"))
    assert one(outcome, "MedicationRequest")["medicationCodeableConcept"]["text"] == "Ondansetron 8 mg tablet"
    assert "http://hl7.org/fhir/sid/ndc" not in str(one(outcome, "MedicationRequest"))
    states = {line.location: line.state for line in outcome.ledger}
    assert states["/Message/Body/NewRx/MedicationPrescribed/DrugCoded/ProductCode/Code/text()"] == "unmapped"


def test_what_no_row_knows_is_kept_and_accounted_for():
    outcome = converted((b"<Note>", b"<DrugCoverageStatusCode>CP</DrugCoverageStatusCode><Note>"))
    place = "/Message/Body/NewRx/MedicationPrescribed/DrugCoverageStatusCode/text()"
    assert {line.location: line.state for line in outcome.ledger}[place] == "unmapped"
    kept = next(one for one in one(outcome, "Provenance")["extension"] if place in str(one))
    assert kept["extension"][1]["valueString"] == "CP"


@pytest.mark.parametrize("other", [b"RxFill", b"CancelRx"])
def test_other_transactions_are_not_taken(other):
    assert converted((b"NewRx>", other + b">")).error.code == "unsupported-format"
