"""gateway/intake/summary.py"""

from gateway.intake.summary import CASE_NUMBER, case_number, missing, summary


def bundle(*resources):
    return {"entry": [{"resource": resource} for resource in resources]}


def test_the_patient_is_shown_by_initials_and_year():
    patient = {
        "resourceType": "Patient",
        "name": [{"given": ["Marta", "Ilse"], "family": "Quellwein"}],
        "birthDate": "1961-04-09",
    }
    assert summary(bundle(patient)).patient == "M… I… Q…, born 1961"


def test_what_was_asked_and_how_much_was_found_is_told():
    asked = {
        "resourceType": "ServiceRequest",
        "reasonCode": [{"coding": [{"code": "S"}]}, {"text": "Is surgery possible?"}],
    }
    found = summary(bundle(asked, {"resourceType": "MedicationRequest"}, {"resourceType": "MedicationRequest"}))
    assert found.question == "Is surgery possible?"
    assert found.found == (("Medicines", 2),)


def test_the_case_and_what_it_lacks_are_read_from_its_task():
    task = {
        "resourceType": "Task",
        "identifier": [{"system": CASE_NUMBER, "value": "SO-2026-000012"}],
        "input": [{"type": {"text": "Pathology report"}, "valueString": "missing"}],
    }
    assert (case_number([task]), missing([task])) == ("SO-2026-000012", ("Pathology report",))


def test_nothing_read_is_nothing_shown():
    found = summary({"resourceType": "Bundle"})
    assert (found.patient, found.question, found.found) == ("", "", ())


def test_the_question_is_what_the_sender_asks_and_not_the_kind_of_its_request():
    kind = {"coding": [{"code": "S", "display": "Second Opinion"}], "text": "Second Opinion"}
    asked = [{"resourceType": "ServiceRequest", "reasonCode": [kind, {"text": "Is surgery possible?"}]}]
    assert summary({"entry": [{"resource": one} for one in asked]}).question == "Is surgery possible?"
    asked[0]["reasonCode"].pop()
    assert summary({"entry": [{"resource": one} for one in asked]}).question == "Second Opinion"
