"""gateway/translate/form: what becomes of a referral that people typed, in the form or in a sheet."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core import fhirjson
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.pipeline import process

FORM = json.loads(Path("tests/fixtures/form/referral.json").read_text())
RIVERBEND = Sender("riverbend")


def convert(sent: dict[str, Any] | str, judge: bool = False, sender: Sender = RIVERBEND) -> Outcome:
    body = sent if isinstance(sent, str) else json.dumps(sent)
    return process(body.encode(), sender=sender, judge=judge)


def answers(**sections: Any) -> Outcome:
    return convert({"form": "second-opinion-referral", "version": 1, **sections})


def all_of(outcome: Outcome, type: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in outcome.bundle["entry"] if entry["resource"]["resourceType"] == type]


def one(outcome: Outcome, type: str) -> dict[str, Any]:
    (found,) = all_of(outcome, type)
    return found


def test_the_form_gives_the_whole_referral():
    outcome = convert(FORM, judge=True)
    types = [entry["resource"]["resourceType"] for entry in outcome.bundle["entry"]]
    for type in (
        "Patient",
        "ServiceRequest",
        "Condition",
        "Coverage",
        "RelatedPerson",
        "CarePlan",
        "Procedure",
        "Task",
    ):
        assert types.count(type) == 1
    assert types.count("MedicationRequest") == 2
    assert outcome.sound


def test_every_resource_is_sound_r4():
    for sent in (FORM, Path("tests/fixtures/csv/referrals.csv").read_text()):
        for entry in convert(sent).bundle["entry"]:
            type = entry["resource"]["resourceType"]
            module = importlib.import_module(f"fhir.resources.R4B.{type.lower()}")
            getattr(module, type).model_validate_json(fhirjson.write(entry["resource"]))


def test_the_same_form_gives_the_same_bytes():
    assert fhirjson.write(convert(FORM).bundle) == fhirjson.write(convert(FORM).bundle)


def test_the_form_asks_for_a_second_opinion_and_says_so_in_code():
    request = one(convert(FORM), "ServiceRequest")
    assert request["code"]["coding"] == [{"system": "http://terminology.hl7.org/CodeSystem/v2-0282", "code": "SO"}]
    assert request["reasonCode"][0]["text"] == FORM["question"]["question"]
    assert [one["coding"][0]["code"] for one in request["orderDetail"]] == [
        "pathology-review", "clinical-trial-screen", "telehealth-visit", "travel-lodging",
    ]  # fmt: skip


def test_a_number_of_the_clinic_stays_in_the_clinics_own_namespace():
    identifier = one(convert(FORM), "Patient")["identifier"][0]
    assert identifier["system"] == "https://fhir.second-opinion.example/sid/sender/riverbend/mrn"
    assert identifier["value"] == "QU-20418"


def test_a_drug_and_its_directions_stay_word_for_word():
    sig = "  1500 mg/m2 bid, d1-14 q21d;  .5 mg extra "
    outcome = answers(
        patient={"family": "A"}, medicines={"medicine": [{"name": " Cape-citabine  500", "directions": sig}]}
    )
    request = one(outcome, "MedicationRequest")
    assert request["medicationCodeableConcept"] == {"text": "Cape-citabine  500"}
    assert request["dosageInstruction"] == [{"text": sig.strip()}]
    assert (request["status"], request["intent"], request["reportedBoolean"]) == ("unknown", "plan", True)
    assert {"status-unknown", "drug-uncoded"} <= {issue.code for issue in outcome.issues}


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80).filter(str.strip))
@settings(max_examples=100)
def test_directions_stay_word_for_word_whatever_they_are(sig):
    outcome = answers(patient={"family": "A"}, medicines={"medicine": [{"name": "B", "directions": sig}]})
    assert one(outcome, "MedicationRequest")["dosageInstruction"][0]["text"] == sig.strip()


def test_bounds_of_the_directions_stand_and_the_days_of_the_course_beside_them():
    row = {"name": "B", "directions": "850 mg/m2 PO BID d1-14 q21d", "started": "2026-03-01"}
    outcome = answers(patient={"family": "A"}, medicines={"medicine": [row]})
    [dosage] = one(outcome, "MedicationRequest")["dosageInstruction"]
    assert dosage["timing"]["repeat"]["boundsDuration"]["value"] == 14
    assert dosage["extension"][0]["valuePeriod"] == {"start": "2026-03-01"}
    path = next(entry.path for entry in outcome.ledger if entry.location.endswith("started"))
    assert path.endswith("dosageInstruction[0].extension[0].valuePeriod.start")


def test_a_regimen_is_what_the_columns_tell_and_its_days_bound_the_directions():
    head = "Last name,MRN,Drug,Sig,Regimen,Cycle,Cycles,Cycle length,Cycle days,Line of therapy,Drug intent"
    row = "A,1,Capecitabine,850 mg/m2 PO BID,CAPOX,2,8,21 days,1-14,1,palliative"
    request = one(sheet(head, row), "MedicationRequest")
    cycle = next(one["extension"] for one in request["extension"] if one["url"].endswith("so-regimen-cycle"))
    told = {one["url"]: value for one in cycle for name, value in one.items() if name.startswith("value")}
    assert (told["regimen"], told["cycleNumber"], told["cyclesPlanned"], told["daysOfCycle"]) == ("CAPOX", 2, 8, "1-14")
    assert (told["cycleLength"]["value"], told["cycleLength"]["code"], told["lineOfTherapy"]) == (21, "d", 1)
    repeat = request["dosageInstruction"][0]["timing"]["repeat"]
    assert (repeat["frequency"], repeat["boundsDuration"]["value"]) == (2, 14)
    intent = next(
        one["valueCodeableConcept"] for one in request["extension"] if one["url"].endswith("procedure-intent")
    )
    assert (intent["coding"][0]["code"], intent["text"]) == ("363676003", "palliative")


def test_the_drugs_of_one_regimen_belong_to_one_course():
    head = "Last name,MRN,Drug 1,Sig 1,Regimen 1,Drug 2,Sig 2,Regimen 2,Drug 3,Regimen 3"
    row = "A,1,Capecitabine,850 mg/m2 PO BID,CAPOX,Oxaliplatin,130 mg/m2 IV,capox,Docetaxel,Docetaxel"
    groups = [request["groupIdentifier"]["value"] for request in all_of(sheet(head, row), "MedicationRequest")]
    assert groups[0] == groups[1] != groups[2]


def test_directions_that_name_another_cycle_than_the_columns_stay_text():
    head = "Last name,MRN,Drug,Sig,Cycle length,Cycle days"
    row = "A,1,Capecitabine,850 mg/m2 PO BID d1-14 q21d,28 days,1-21"
    assert one(sheet(head, row), "MedicationRequest")["dosageInstruction"] == [{"text": "850 mg/m2 PO BID d1-14 q21d"}]


def test_a_drug_that_was_stopped_says_why_in_code_and_in_words():
    row = {"name": "B", "status": "stopped", "stop_reason": "Toxicity"}
    reason = one(answers(patient={"family": "A"}, medicines={"medicine": [row]}), "MedicationRequest")["statusReason"]
    assert (reason["coding"][0]["code"], reason["text"]) == ("407563006", "Toxicity")


def test_the_clinic_that_fills_in_the_form_reports_the_drug():
    request = one(sheet("Last name,MRN,Facility,Drug", "A,1,Lakeside,Ramipril"), "MedicationRequest")
    assert request["reportedReference"]["reference"].startswith("Organization/")
    assert "reportedBoolean" not in request


def test_a_strength_is_no_dose():
    outcome = sheet("Last name,MRN,Drug,Strength,Frequency", "A,1,Capecitabine,500 mg,BID")
    assert one(outcome, "MedicationRequest")["dosageInstruction"] == [{"text": "500 mg BID"}]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("active", "active"),
        ("planned", "draft"),
        ("stopped", "stopped"),
        ("taking", "active"),
        ("sometimes", "unknown"),
    ],
)
def test_a_status_is_only_what_was_said(said, status):
    outcome = answers(patient={"family": "A"}, medicines={"medicine": [{"name": "B", "status": said}]})
    assert one(outcome, "MedicationRequest")["status"] == status


def test_no_medicines_and_no_allergies_are_answers():
    outcome = answers(patient={"family": "A"}, medicines={"none": True, "no_known_allergies": True})
    assert one(outcome, "List")["emptyReason"]["coding"][0]["code"] == "nilknown"
    assert one(outcome, "AllergyIntolerance")["code"]["coding"][0]["code"] == "716186003"
    assert all_of(outcome, "MedicationRequest") == []


def test_a_treatment_that_was_told_is_an_outside_plan_in_its_own_words():
    plan = one(convert(FORM), "CarePlan")
    assert "Tolerated with neuropathy grade 1." in plan["text"]["div"]
    assert (plan["status"], plan["intent"]) == ("active", "plan")
    assert len(plan["activity"]) == 2
    assert plan["meta"]["tag"][0]["code"] == "outside-reported"


def test_markup_in_an_answer_is_only_words():
    outcome = answers(patient={"family": "A"}, treatment={"status": "ongoing", "summary": "<script>x</script>\n& more"})
    assert "&lt;script&gt;x&lt;/script&gt;<br/>&amp; more" in one(outcome, "CarePlan")["text"]["div"]


def test_no_treatment_is_no_plan():
    assert all_of(answers(patient={"family": "A"}, treatment={"status": "none"}), "CarePlan") == []


def test_two_of_a_family_with_one_member_number_keep_their_own_coverage():
    made = [
        one(answers(patient={"family": "A", "given": given}, wishes={"payer": "P", "member_id": "1"}), "Coverage")
        for given in ("Bo", "Cy")
    ]
    assert made[0]["id"] != made[1]["id"]


# --- what only sheets have ------------------------------------------------------------------------------------


def sheet(header: str, *rows: str, sender: Sender = RIVERBEND) -> Outcome:
    return convert("\n".join((header, *rows)) + "\n", sender=sender)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1961-04-09", "1961-04-09"),
        ("1961-04", "1961-04"),
        ("19610409", "1961-04-09"),
        ("9.4.1961", "1961-04-09"),
        ("4/25/1961", "1961-04-25"),
        ("25/4/1961", "1961-04-25"),
        ("1961-04-09 00:00:00", "1961-04-09"),
        ("9-Apr-1961", "1961-04-09"),
        ("April 9 1961", "1961-04-09"),
        ("Apr 1961", "1961-04"),
        ("4/1961", "1961-04"),
        ("9 Marsupial 1961", None),
        ("4/9/1961", None),
        ("4/9/61", None),
        ("1961-02-29", None),
        ("unknown", None),
    ],
)
def test_a_date_is_read_only_where_it_can_be_one_day(sent, kept):
    outcome = sheet("Last name,MRN,DOB", f"A,1,{sent}")
    assert one(outcome, "Patient").get("birthDate") == kept
    state = next(entry.state.value for entry in outcome.ledger if entry.location == "row 2 / DOB")
    assert state == ("mapped" if kept else "failed")


def test_what_a_neighbour_proves_reads_a_date():
    outcome = sheet("Last name,MRN,DOB", "A,1,04/09/1961", "B,2,04/25/1961")
    assert [one["birthDate"] for one in all_of(outcome, "Patient")] == ["1961-04-09", "1961-04-25"]


def test_a_date_that_nothing_proves_is_read_as_its_sender_agreed():
    sender = Sender(policies={"dates_in_numbers": "day-first"})
    assert one(sheet("Last name,MRN,DOB", "A,1,04/09/1961", sender=sender), "Patient")["birthDate"] == "1961-09-04"


@pytest.mark.parametrize(
    ("cell", "code"), [("NKDA", "409137002"), ("no known drug allergies", "409137002"), ("NKA", "716186003")]
)
def test_no_known_drug_allergy_does_not_say_that_no_allergy_is_known(cell, code):
    said = one(sheet("Last name,MRN,Allergies", f"A,1,{cell}"), "AllergyIntolerance")["code"]
    assert said == {"coding": [{"system": "http://snomed.info/sct", "code": code}], "text": cell}


def test_a_person_is_known_by_all_that_the_sheet_tells():
    outcome = sheet(
        "Last,First,MI,Suffix,MRN,Work Phone,Referring Fax,Referral Date", "A,Bo,K,Jr,1,555 1,555 2,2026-03-01"
    )
    [patient] = all_of(outcome, "Patient")
    assert patient["name"] == [{"family": "A", "given": ["Bo", "K"], "suffix": ["Jr"]}]
    assert patient["telecom"] == [{"system": "phone", "use": "work", "value": "555 1"}]
    assert one(outcome, "Practitioner")["telecom"] == [{"system": "fax", "value": "555 2"}]
    assert one(outcome, "ServiceRequest")["authoredOn"] == "2026-03-01"


def test_a_dose_in_parts_is_read_in_its_order():
    outcome = sheet("Last name,MRN,Drug,Dose,Route,Frequency,RxNorm", "A,1,Oxaliplatin,85 mg/m2,IV,every 14 days,32592")
    request = one(outcome, "MedicationRequest")
    [dosage] = request["dosageInstruction"]
    assert (dosage["text"], dosage["route"]["text"]) == ("85 mg/m2 IV every 14 days", "IV")
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 14, "periodUnit": "d"}
    assert request["medicationCodeableConcept"]["coding"][0]["code"] == "32592"


def test_a_whole_name_is_taken_apart_only_at_a_comma():
    outcome = sheet("Name,MRN,Question", '"Quill, Ana Maria",1,Why?', "Bo Holt,2,Why?")
    assert [one["name"][0] for one in all_of(outcome, "Patient")] == [
        {"text": "Quill, Ana Maria", "family": "Quill", "given": ["Ana", "Maria"]},
        {"text": "Bo Holt"},
    ]


def test_two_rows_are_two_patients_with_two_cases():
    outcome = convert(Path("tests/fixtures/csv/referrals.csv").read_text())
    patients = {f"Patient/{one['id']}" for one in all_of(outcome, "Patient")}
    assert {one["for"]["reference"] for one in all_of(outcome, "Task")} == patients
    assert {one["subject"]["reference"] for one in all_of(outcome, "MedicationRequest")} == patients
    assert len(patients) == 2


@pytest.mark.parametrize(
    ("sent", "kept"), [("c509", "C50.9"), ("C43.72", "C43.72"), ("D0511", "D05.11"), ("C50", "C50"), ("breast", None)]
)
def test_a_diagnosis_code_gets_its_point(sent, kept):
    outcome = sheet("Last name,MRN,dx_code,Diagnosis", f"A,1,{sent},Cancer")
    coding = one(outcome, "Condition")["code"].get("coding")
    assert coding == ([{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": kept}] if kept else None)
