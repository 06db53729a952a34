"""Results, plans, documents, visits and vaccines."""

import base64

import pytest

from gateway.translate.hl7v2.absent import UNKNOWN
from tests.mappings.hl7v2_fixtures import codes, only, outcome, resources


def test_a_result_keeps_its_digits_its_unit_and_its_flag():
    found = outcome("ORU_R01_results")
    hemoglobin, leukocytes, organisms, _ = resources(found, "Observation")
    assert str(hemoglobin["valueQuantity"]["value"]) == "10.50"
    assert hemoglobin["valueQuantity"]["code"] == "g/dL"
    assert codes(hemoglobin["interpretation"][0])[0] == ("v3-ObservationInterpretation", "L")
    assert hemoglobin["note"] == [{"text": "Checked twice,\nsecond sample agreed."}]
    assert leukocytes["valueQuantity"]["comparator"] == "<"
    assert str(leukocytes["valueQuantity"]["value"]) == "0.50"
    assert leukocytes["status"] == "preliminary"
    assert [one["valueCodeableConcept"]["text"] for one in organisms["component"]] == [
        "Escherichia coli",
        "Klebsiella",
    ]


def test_a_corrected_result_is_a_new_version_of_the_same_observation():
    corrected = resources(outcome("ORU_R01_corrections"), "Observation")
    wrong = ("OBX|1|NM|WBC^Leukocytes^99LAB||2.10|", "OBX|1|NM|WBC^Leukocytes^99LAB||21.0|")
    before = resources(outcome("ORU_R01_corrections", wrong, ("Low^HL70078|||C|", "Low^HL70078|||F|")), "Observation")
    assert [one["id"] for one in before] == [one["id"] for one in corrected]
    assert [before[0]["status"], corrected[0]["status"]] == ["final", "corrected"]
    assert resources(outcome("ORU_R01_corrections", ("FL-1", "FL-2")), "Observation")[0]["id"] != before[0]["id"]


def test_results_of_one_code_are_told_apart_by_their_sub_id_or_their_order():
    twice = ("OBX|2|SN|PLT^Platelets^99LAB||", "OBX|2|SN|WBC^Leukocytes^99LAB|2|")
    found = resources(outcome("ORU_R01_corrections", twice), "Observation")
    assert len({one["id"] for one in found}) == 3
    assert found[1]["note"] == [{"text": "sub-id: 2"}]
    [alone, _, _] = resources(outcome("ORU_R01_corrections", ("99LAB||2.10", "99LAB|1|2.10")), "Observation")
    assert "note" not in alone


def test_a_report_holds_its_results_its_specimen_and_its_document():
    found = outcome("ORU_R01_results")
    report = only(found, "DiagnosticReport")
    assert report["status"] == "final"
    assert len(report["result"]) == 4
    assert report["specimen"] == [{"reference": f"Specimen/{only(found, 'Specimen')['id']}"}]
    [form] = report["presentedForm"]
    assert form["contentType"] == "application/pdf"
    assert base64.b64decode(form["data"]) == b"%PDF-1.4\n"
    assert form["size"] == 9


def test_a_document_that_is_no_base64_is_said_and_not_made_up():
    found = outcome("ORU_R01_results", ("JVBERi0xLjQK", "%%%%"))
    assert "presentedForm" not in only(found, "DiagnosticReport")
    assert "value-unreadable" in {issue.code for issue in found.issues}


def test_problems_with_goals_and_orders_are_a_plan_from_outside():
    found = outcome("PPR_PC1_problems")
    plan, goal = only(found, "CarePlan"), only(found, "Goal")
    assert (plan["status"], plan["intent"]) == ("unknown", "plan")
    assert len(plan["addresses"]) == 2
    assert plan["goal"] == [{"reference": f"Goal/{goal['id']}"}]
    assert plan["activity"][0]["reference"]["reference"].startswith("ServiceRequest/")
    assert [one["code"] for one in plan["meta"]["tag"]] == ["outside-reported"]


def test_a_goal_has_its_state_its_dates_and_the_problem_it_is_for():
    found = outcome("PPR_PC1_problems")
    goal, first = only(found, "Goal"), resources(found, "Condition")[0]
    assert (goal["lifecycleStatus"], goal["startDate"]) == ("active", "2026-03-09")
    assert goal["description"] == {"text": "Finish four cycles without delay"}
    assert goal["addresses"] == [{"reference": f"Condition/{first['id']}"}]
    assert codes(first["clinicalStatus"]) == [("condition-clinical", "active")]
    assert codes(first["verificationStatus"]) == [("condition-ver-status", "confirmed")]


def test_problems_alone_are_no_plan():
    text = "GOL|A|20260301|^Finish four cycles without delay|GOL-1^LAKEEHR|||20260309|20260601||||||||||active\r"
    orders = "ORC|NW|VIS-1^LAKEEHR\rOBR|1|VIS-1^LAKEEHR||11429006^Consultation^SCT\r"
    found = outcome("PPR_PC1_problems", (text + orders, ""))
    assert resources(found, "CarePlan") == []
    assert len(resources(found, "Condition")) == 2


def test_lines_of_a_document_are_one_content_and_a_file_is_another():
    found = outcome("MDM_T02_document")
    document = resources(found, "DocumentReference")[0]
    assert (document["status"], document["docStatus"]) == ("current", "final")
    text, file = (one["attachment"] for one in document["content"])
    assert base64.b64decode(text["data"]) == b"First line.\nSecond line."
    assert file["contentType"] == "application/pdf"


@pytest.mark.parametrize(("event", "status"), [("S12", "booked"), ("S15", "cancelled"), ("S26", "noshow")])
def test_the_event_is_the_status_of_a_visit_when_the_filler_gives_none(event, status):
    found = outcome("SIU_S12_visit", ("SIU^S12^", f"SIU^{event}^"), ("Booked^Booked^HL70278", ""))
    assert only(found, "Appointment")["status"] == status


def test_a_visit_has_its_time_its_place_and_its_people():
    found = outcome("SIU_S12_visit")
    visit = only(found, "Appointment")
    assert (visit["start"], visit["end"]) == ("2026-03-20T14:00:00-05:00", "2026-03-20T14:30:00-05:00")
    kinds = {one["actor"]["reference"].partition("/")[0] for one in visit["participant"]}
    assert kinds == {"Patient", "Practitioner", "Location", "PractitionerRole"}


def test_a_vaccine_is_an_immunization():
    found = only(outcome("VXU_V04_vaccine"), "Immunization")
    assert (found["status"], found["lotNumber"], found["primarySource"]) == ("completed", "LOT77", True)
    assert codes(found["vaccineCode"]) == [("cvx", "141")]
    assert str(found["doseQuantity"]["value"]) == "0.5"


def test_a_type_without_a_table_is_read_by_its_segments():
    found = outcome("ADT_A08_update", ("ADT^A08^ADT_A01", "ZDT^Z99"))
    assert only(found, "Patient")["name"][0]["family"] == "Sandoval"
    assert "message-type-generic" in {issue.code for issue in found.issues}


def test_what_was_given_to_nobody_that_is_named_says_so():
    patient = "PID|1||8801^^^HAZEL&2.16.840.1.113883.19.7.1&ISO^MR||Larkin^Odette||19610412|F\r"
    found = outcome("RAS_O17_reasons", (patient, ""))
    assert found.sound
    assert {str(one["subject"]) for one in resources(found, "MedicationAdministration")} == {str(UNKNOWN)}
