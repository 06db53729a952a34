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
