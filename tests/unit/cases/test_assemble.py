"""gateway/cases: from a referral and what belongs to it to Task, plan and activities; nothing else opens a case."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases import Case, assemble, is_referral, put_together
from gateway.cases.checklist import checklist, checklists
from gateway.cases.states import states
from gateway.core.submission import Sender
from gateway.validate import validate

RIVERBEND = Sender("riverbend")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AT = "2026-03-02T12:00:00.000000Z"
SO = {"system": "http://terminology.hl7.org/CodeSystem/v2-0282", "code": "SO"}
S = {"system": "http://terminology.hl7.org/CodeSystem/v2-0336", "code": "S"}
ACTIVITY = "https://fhir.second-opinion.example/CodeSystem/so-activity"
PATIENT = {"reference": "Patient/p"}


def referral(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "r",
        "status": "active",
        "intent": "order",
        "code": {"coding": [SO]},
        "subject": PATIENT,
        "requester": {"reference": "Practitioner/d"},
        "reasonCode": [{"text": "Is surgery possible?"}],
        **more,
    }


def asks(*activities: str) -> dict[str, Any]:
    return {"orderDetail": [{"coding": [{"system": ACTIVITY, "code": one}]} for one in activities]}


def drug(text: str, directions: str = "", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": text},
        "dosageInstruction": [{"text": directions}] if directions else [],
        "subject": PATIENT,
        **more,
    }


def stage(text: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c", "subject": PATIENT, "stage": [{"summary": {"text": text}}]}


PATHOLOGY = {"resourceType": "DocumentReference", "id": "path", "type": {"coding": [{"code": "11526-1"}]}}
COMPLETE = [
    referral(),
    {"resourceType": "Patient", "id": "p", "name": [{"family": "A"}], "birthDate": "1960", "telecom": [{"value": "1"}],
     "communication": [{"language": {"text": "German"}}], "generalPractitioner": [{"reference": "Practitioner/gp"}]},
    PATHOLOGY,
    {"resourceType": "DiagnosticReport", "id": "x", "code": {"coding": [{"code": "18748-4"}]}},
    drug("Ramipril"),
    {"resourceType": "AllergyIntolerance", "id": "a"},
    {"resourceType": "Coverage", "id": "i", "payor": [{"reference": "Organization/payer"}]},
]  # fmt: skip


def made(*resources: dict[str, Any], received: datetime | None = NOON) -> list[dict[str, Any]]:
    case = Case("r", "riverbend", opened=AT if received else "")
    return put_together(case, resources, at=case.opened).made[1:]


def task(*resources: dict[str, Any], received: datetime | None = NOON) -> dict[str, Any]:
    return made(*resources, received=received)[0]


def plan(*resources: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in made(*resources) if one["resourceType"] == "CarePlan")


def activities(*resources: dict[str, Any]) -> set[str]:
    concepts = [*(one.get("code", {}) for one in made(*resources)), *_categories(made(*resources))]
    return {c["code"] for concept in concepts for c in concept.get("coding", ()) if c.get("system") == ACTIVITY}


def _categories(resources):
    return [one for resource in resources for one in resource.get("category", ())]


def state_of(found: dict[str, Any]) -> str:
    return found["businessStatus"]["coding"][0]["code"]


def asked_for(found: list[dict[str, Any]]) -> dict[str, str]:
    """What is asked for, and where each request stands."""
    requests = [one for one in found if one["resourceType"] == "Task" and "input" in one and "focus" not in one]
    return {one["input"][0]["type"]["coding"][0]["code"]: one["status"] for one in requests}


# --- the Task -----------------------------------------------------------------------------------------------


def test_a_referral_gets_the_task_of_its_case_which_waits_for_records():
    found = task(referral())
    assert (found["status"], found["intent"], state_of(found)) == ("on-hold", "order", "needs-information")
    assert found["code"]["coding"][0]["code"] == "fulfill"
    assert found["focus"] == {"reference": "ServiceRequest/r"}
    assert (found["for"], found["requester"]) == (PATIENT, {"reference": "Practitioner/d"})


def test_everything_that_is_made_is_sound_by_its_profile():
    for resources in ([referral()], COMPLETE, [*COMPLETE, drug("Capecitabine 500 mg", "1500 mg PO"), stage("IV")]):
        for one in made(*resources):
            troubles = validate(one, profiles=one.get("meta", {}).get("profile", []))
            assert not [t for t in troubles if t.severity in ("error", "fatal")], one["resourceType"]


def test_a_submission_by_itself_gets_the_same_task_and_no_plan():
    [found] = assemble(COMPLETE, sender=RIVERBEND, received=NOON)[len(COMPLETE) :]
    assert found == task(*COMPLETE)


def test_ids_are_the_same_each_time_and_others_for_another_clinic():
    first, again = made(*COMPLETE), made(*COMPLETE, received=None)
    elsewhere = put_together(Case("r", "lakeside"), COMPLETE, at="").made[1:]
    assert [one["id"] for one in first] == [one["id"] for one in again]
    assert {one["id"] for one in first}.isdisjoint(one["id"] for one in elsewhere)
    assert len({(one["resourceType"], one["id"]) for one in first}) == len(first)


def test_a_time_is_only_the_one_of_receipt():
    assert task(referral())["authoredOn"] == AT
    assert not [key for one in made(referral(), received=None) for key in one if key in ("authoredOn", "created")]


@pytest.mark.parametrize(
    ("request_", "is_one"),
    [
        (referral(), True),
        (referral(code={"text": "x"}, reasonCode=[{"coding": [S]}]), True),
        (referral(code={"coding": [{"system": "http://loinc.org", "code": "57133-1"}]}), True),
        (referral(intent="plan"), False),
        (referral(code={"text": "second opinion please"}), False),
        (referral(code={"coding": [{"system": "https://other.example", "code": "SO"}]}), False),
        ({"resourceType": "Condition", "id": "c", "code": {"coding": [SO]}}, False),
    ],
)  # fmt: skip
def test_only_a_code_makes_a_referral_and_never_words(request_, is_one):
    assert is_referral(request_) is is_one
    assert len(assemble([request_], sender=RIVERBEND, received=None)) == (2 if is_one else 1)


def test_a_referral_of_nobody_still_gets_its_case():
    asked = referral()
    del asked["subject"], asked["requester"]
    assert task(asked)["for"] == {"display": "Unknown"}


def test_the_resources_themselves_are_not_changed():
    asked = referral()
    assert assemble([asked], sender=RIVERBEND, received=NOON)[0] == referral()


# --- what is missing, and the clock -------------------------------------------------------------------------


def test_a_complete_case_is_accepted_and_its_clock_starts():
    found = task(*COMPLETE)
    assert (found["status"], state_of(found)) == ("accepted", "records-complete")
    assert found["executionPeriod"] == {"start": AT}
    assert "input" not in found
    assert asked_for(made(*COMPLETE)) == {}


@pytest.mark.parametrize(
    ("left_out", "item"),
    [
        (1, "patient-2-identifiers"),
        (2, "pathology-report"),
        (3, "imaging-report"),
        (4, "medication-list"),
        (5, "allergies"),
        (6, "insurance-card"),
    ],
)
def test_each_thing_that_is_missing_is_asked_for_once(left_out, item):
    there = [one for place, one in enumerate(COMPLETE) if place != left_out]
    assert asked_for(made(*there))[item] == "requested"
    (said,) = [one for one in task(*there)["input"] if one["type"]["coding"][0]["code"] == item]
    assert said["valueString"] == "missing"


@pytest.mark.parametrize(
    "question", [[], [{"text": "why?"}], [{"coding": [S]}], [{"coding": [S], "text": "Second Opinion"}]]
)
def test_a_question_of_less_than_ten_characters_is_none(question):
    assert "clinical-question" in asked_for(made(referral(reasonCode=question)))


@pytest.mark.parametrize(
    ("more", "item"),
    [
        (asks("pathology-review"), "pathology-slides"),
        (asks("imaging-review"), "imaging-studies"),
        ({"note": [{"text": "Treatment: ongoing"}]}, None),
    ],
)
def test_what_is_needed_only_sometimes_is_asked_for_only_then(more, item):
    asked = asked_for(made(referral(**more), *COMPLETE[1:]))
    assert set(asked) == ({item} if item else {"treatment-summary"})


def test_who_pays_without_insurance_shows_no_card():
    pays = referral(note=[{"text": "The patient pays without insurance."}])
    assert asked_for(made(pays, *COMPLETE[1:6])) == {}


def without(*types: str) -> list[dict[str, Any]]:
    return [one for one in COMPLETE if one["resourceType"] not in types]


def none_of(code: str, reason: str) -> dict[str, Any]:
    return {"code": {"coding": [{"code": code}]}, "emptyReason": {"coding": [{"code": reason}]}}


@pytest.mark.parametrize(("reason", "is_answer"), [("nilknown", True), ("unavailable", False), ("notasked", False)])
def test_that_there_is_none_is_an_answer_and_that_nobody_knows_is_not(reason, is_answer):
    empty = {"resourceType": "List", "id": "l", **none_of("10160-0", reason)}
    assert (asked_for(made(empty, *without("MedicationRequest"))) == {}) is is_answer
    sections = [none_of("10160-0", reason), none_of("48765-2", reason)]
    note = {"resourceType": "Composition", "id": "n", "section": sections}
    assert (asked_for(made(note, *without("MedicationRequest", "AllergyIntolerance"))) == {}) is is_answer


@pytest.mark.parametrize("status", ["entered-in-error", "registered", "cancelled"])
def test_a_report_that_is_not_there_answers_nothing(status):
    imaging = {
        "resourceType": "DiagnosticReport",
        "id": "x",
        "status": status,
        "code": {"coding": [{"code": "18748-4"}]},
    }
    assert asked_for(made(imaging, *without("DiagnosticReport"))) == {"imaging-report": "requested"}


def test_a_problem_that_was_ruled_out_is_no_diagnosis_and_no_tumour_group():
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C83.30"}], "text": "Lymphoma"}
    refuted = {
        "resourceType": "Condition",
        "id": "c",
        "code": code,
        "verificationStatus": {"coding": [{"code": "refuted"}]},
    }
    found = plan(refuted, *COMPLETE)
    assert "Lymphoma" not in found["text"]["div"]
    assert "addresses" not in found
    assert asked_for(made(refuted, *COMPLETE)) == {}


def test_an_insurer_that_must_authorise_is_asked_for_also_where_a_clinic_refers():
    hmo = {
        "resourceType": "Coverage",
        "id": "i",
        "type": {"text": "HMO"},
        "payor": [{"reference": "Organization/payer"}],
    }
    assert asked_for(made(hmo, *without("Coverage"))) == {"authorisation": "requested"}


def test_a_group_of_tumours_may_need_more():
    lymphoma = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C83.30"}]}
    condition = {"resourceType": "Condition", "id": "c", "code": lymphoma, "subject": PATIENT}
    assert set(asked_for(made(*COMPLETE, condition))) == {"labs-markers"}
    labs = {"resourceType": "Observation", "id": "o", "category": [{"coding": [{"code": "laboratory"}]}]}
    assert asked_for(made(*COMPLETE, condition, labs)) == {}


def test_every_group_holds_the_base_and_no_category_stands_in_two():
    names = {item.item for item in checklist().items}
    assert all({item.item for item in group.items} == names for group in checklists())
    categories = [one for group in checklists() for one in group.categories]
    assert len(checklists()) == 8
    assert len(categories) == len(set(categories))


def case_over_time(*steps: list[dict[str, Any]]):
    """The case after each of several hours, in which more came."""
    case = Case("r", "riverbend", number="SO-2026-000001", opened=AT)
    held: dict[tuple[str, str], dict[str, Any]] = {}
    for hour, new in enumerate(steps):
        held |= {(one["resourceType"], one["id"]): one for one in new}
        together = put_together(case, list(held.values()), at=f"2026-03-02T{12 + hour}:00:00.000000Z")
        held |= {(one["resourceType"], one["id"]): one for one in together.made}
        case = together.case
        yield together


def test_the_clock_starts_with_the_last_thing_that_was_missing_and_never_again():
    first, second, third, fourth = case_over_time(
        [*COMPLETE[:2], *COMPLETE[3:]], [PATHOLOGY], [{**PATHOLOGY, "description": "corrected"}], []
    )
    assert [one.case.state for one in (first, second, third)] == ["needs-information", *["records-complete"] * 2]
    assert [one.row for one in (*first.steps, *second.steps, *third.steps)] == ["own-01", "own-02"]
    assert (first.case.complete, second.case.complete) == ("", "2026-03-02T13:00:00.000000Z")
    assert third.case.complete == fourth.case.complete == second.case.complete
    assert asked_for(first.made) == {"pathology-report": "requested"}
    assert asked_for(second.made) == asked_for(third.made) == {"pathology-report": "completed"}
    assert third.made == fourth.made


def test_a_sender_who_withdraws_is_heard_and_a_person_confirms():
    *_, last = case_over_time(COMPLETE, [referral(status="revoked")])
    assert (last.case.state, [one.row for one in last.steps]) == ("cancel-requested", ["07"])
    assert last.made[0]["status"] == "active"


def test_a_question_of_a_persons_own_is_not_answered_by_records():
    case = Case("r", "riverbend", state="needs-information", reason="Which drug came first?", opened=AT, complete=AT)
    assert put_together(case, COMPLETE, at=AT).case == case


@pytest.mark.parametrize("state", sorted(states()))
def test_in_every_state_the_four_resources_say_the_same_and_are_sound(state):
    case = Case("r", "riverbend", number="SO-2026-000007", state=state, reason="so", opened=AT, complete=AT)
    together = put_together(case, COMPLETE, at=AT)
    told = states()[together.case.state]
    request, task_ = together.made[:2]
    plan_ = next(one for one in together.made if one["resourceType"] == "CarePlan")
    assert (request["status"], task_["status"], plan_["status"]) == (told.request, told.task, told.plan)
    for one in (task_, plan_):
        troubles = validate(one, profiles=one["meta"]["profile"])
        assert not [t for t in troubles if t.severity in ("error", "fatal")]


# --- the plan -----------------------------------------------------------------------------------------------

ALWAYS = {"pathology-review", "tumor-board", "opinion-communication", "survivorship-plan"}


@pytest.mark.parametrize(
    ("more", "calls_for"),
    [
        ([referral()], set()),
        ([referral(), COMPLETE[3]], {"imaging-review"}),
        ([referral(), COMPLETE[6]], {"insurance-verification"}),
        ([referral(), stage("Stage IIIB")], {"genomic-testing"}),
        ([referral(), stage("IV")], {"genomic-testing", "clinical-trial-screen"}),
        ([referral(), stage("II")], set()),
        ([referral(), stage("T3 N1 M0")], set()),
        ([referral(**asks("clinical-trial-screen", "travel-lodging"))], {"clinical-trial-screen", "travel-lodging"}),
        ([referral(), drug("Capecitabine 500 mg tablet")], {"oral-chemo-delivery", "oral-chemo-teaching"}),
        ([referral(), drug("Etoposide 50 mg", "50 mg PO daily")], {"oral-chemo-delivery", "oral-chemo-teaching"}),
        ([referral(), drug("Etoposide 100 mg", "100 mg IV day 1")], set()),
        ([referral(), drug("Capecitabine", status="stopped")], set()),
        ([referral(), drug("Capecitabine", doNotPerform=True)], set()),
        (COMPLETE, {"imaging-review", "insurance-verification", "visit"}),
        (
            [referral(**asks("telehealth-visit")), *COMPLETE[1:]],
            {"imaging-review", "insurance-verification", "telehealth-visit"},
        ),
    ],
)
def test_a_plan_holds_what_its_rules_call_for_and_nothing_else(more, calls_for):
    assert activities(*more) == ALWAYS | calls_for


def test_an_activity_is_never_an_order_and_names_its_rule():
    for one in made(*COMPLETE, stage("IV")):
        if one["resourceType"] == "ServiceRequest":
            assert one["intent"] in ("plan", "proposal")
            assert one["basedOn"] == [{"reference": "ServiceRequest/r"}]
            (uri,) = one["instantiatesUri"]
            assert uri.startswith("https://fhir.second-opinion.example/care-plan-rule/")


def test_the_plan_refers_to_all_that_it_holds_and_to_the_cancer_drugs():
    everything = [*COMPLETE, drug("Oxaliplatin", id="ox")]
    named = {one["reference"]["reference"] for one in plan(*everything)["activity"]}
    own = {f"{one['resourceType']}/{one['id']}" for one in made(*everything)}
    assert named - own == {"MedicationRequest/ox"}
    assert "author" not in plan(*everything)
    assert all(set(one) == {"reference"} for one in plan(*everything)["activity"])


def test_the_plan_alone_says_what_who_when_and_what_is_missing():
    wanted = {"coding": [S], "text": "Second opinion"}
    asked = referral(
        reasonCode=[wanted, {"text": "Is <surgery> possible & wise?"}], requester={"reference": "PractitionerRole/d"}
    )
    role = {"resourceType": "PractitionerRole", "id": "d", "practitioner": {"reference": "Practitioner/n"}}
    doctor = {"resourceType": "Practitioner", "id": "n", "name": [{"given": ["Ida"], "family": "Quist"}]}
    role["telecom"] = [{"system": "phone", "value": "+1 555 0142"}]
    capecitabine = drug("Capecitabine 500 mg", "1500 mg twice a day, days 1 to 14")
    said = plan(asked, role, doctor, capecitabine, stage("IV"))["text"]["div"]
    assert "Second opinion;" not in said
    for words in (
        "Is &lt;surgery&gt; possible &amp; wise?",
        "Pathology report (by 2026-04-01)",
        "Tumour board (Tumour board): waits for the records",
        "Ida Quist, +1 555 0142",
        "Nurse care manager on duty",
        "Capecitabine 500 mg: 1500 mg twice a day, days 1 to 14 (active)",
        "2026-03-02",
    ):
        assert words in said


def test_the_plan_rests_on_the_stage_and_names_what_came_of_its_activities():
    staged = {"resourceType": "Observation", "id": "o", "code": {"coding": [{"code": "21908-9"}]}}
    answer = {"resourceType": "CoverageEligibilityResponse", "id": "e", "insurance": [{"inforce": True}]}
    found = plan(*COMPLETE, staged, answer)
    assert {"reference": "Observation/o"} in found["supportingInfo"]
    outcomes = [one["outcomeReference"] for one in found["activity"] if "outcomeReference" in one]
    assert outcomes == [[{"reference": "CoverageEligibilityResponse/e"}]]


def test_the_opinion_goes_to_who_asked_and_to_the_doctor_at_home():
    (sent,) = [one for one in made(*COMPLETE) if one["resourceType"] == "CommunicationRequest"]
    assert sent["recipient"] == [{"reference": "Practitioner/d"}, {"reference": "Practitioner/gp"}]


def test_a_case_has_one_owner_and_the_team_names_them():
    team = next(one for one in made(*COMPLETE) if one["resourceType"] == "CareTeam")
    assert team["participant"][0]["member"] == task(*COMPLETE)["owner"] == {"display": "Nurse care manager on duty"}


def test_a_treatment_under_way_makes_it_one_step_more_urgent():
    ongoing = referral(priority="urgent", note=[{"text": "Treatment: ongoing"}])
    assert (task(ongoing)["priority"], task(referral(priority="urgent"))["priority"]) == ("asap", "urgent")


def test_what_a_person_settled_stays_so():
    case = Case("r", "riverbend", state="under-review", opened=AT, complete=AT, settled={"tumor-board": "completed"})
    board = next(
        one
        for one in put_together(case, COMPLETE, at=AT).made
        if one.get("code", {}).get("coding", [{}])[0].get("code") == "tumor-board"
    )
    assert board["status"] == "completed"


@given(st.permutations(COMPLETE[1:]), st.integers(0, 6))
def test_the_order_in_which_records_come_does_not_change_what_is_missing(order, taken):
    found = [referral(), *order[:taken]]
    alike = [one for one in COMPLETE if one in found]
    assert asked_for(made(*found)) == asked_for(made(*alike))


def test_assembling_twice_changes_nothing():
    case = Case("r", "riverbend", number="SO-2026-000001", opened=AT)
    once = put_together(case, COMPLETE, at=AT)
    held = [*(one for one in COMPLETE if one["id"] != "r"), *once.made]
    twice = put_together(once.case, held, at="2026-03-09T12:00:00.000000Z")
    assert (twice.case, twice.steps, twice.made) == (replace(once.case), (), once.made)


OVER = [{"text": "Treatment: completed"}]
SUMMARY = {
    "resourceType": "DocumentReference",
    "id": "sum",
    "status": "current",
    "description": "Treatment summary of the outside clinic",
    "type": {"coding": [{"system": "http://loinc.org", "code": "34133-9"}]},
    "content": [{"attachment": {"title": "summary.pdf"}}],
    "subject": PATIENT,
}


def closed(*others: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    case = Case("r", "riverbend", state="closed", opened=AT, complete=AT, settled={"tumor-board": "completed"})
    return put_together(case, [referral(**more), *COMPLETE[1:], *others], at=AT).made


def drafts(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in made if one["resourceType"] == "CarePlan" and one["status"] == "draft"]


def test_a_survivorship_draft_is_made_when_a_case_closes_after_the_treatment():
    made = closed(SUMMARY, drug("Capecitabine", status="completed"), note=OVER)
    [draft] = drafts(made)
    assert draft["supportingInfo"][0] == {"reference": "DocumentReference/sum"}
    assert draft["category"][0]["coding"][0]["code"] == "survivorship"
    assert "Treatment summary of the outside clinic" in draft["text"]["div"]
    assert "Capecitabine (completed)" in draft["text"]["div"]
    assert [one for one in validate(draft) if one.severity == "error"] == []
    assert drafts(closed(SUMMARY)) == []
    open_still = Case("r", "riverbend", state="opinion-returned", opened=AT, complete=AT)
    assert drafts(put_together(open_still, [referral(note=OVER), *COMPLETE[1:]], at=AT).made) == []


def test_a_survivorship_draft_is_made_once_and_stays_as_it_is():
    [draft] = drafts(closed(note=OVER))
    edited = {**draft, "title": "Survivorship plan: reviewed"}
    assert edited in closed(edited, SUMMARY, note=OVER)


def test_what_nobody_said_to_be_done_is_not_done_because_the_case_is_closed():
    def ended(**more: Any) -> dict[str, str]:
        made = (one for one in closed(**more) if one["resourceType"] == "ServiceRequest" and one["id"] != "r")
        return {one["code"]["coding"][0]["code"]: one["status"] for one in made}

    assert ended() == dict.fromkeys(ended(), "revoked") | {"tumor-board": "completed"}
    assert ended(note=OVER)["survivorship-plan"] == "active"


NUMBERED = referral(identifier=[{"system": "urn:lake", "value": "LK-1"}])


def appointment(
    status: str, start: str = "2026-04-01T10:00:00Z", number: str = "LK-1", id: str = "v"
) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": id,
        "status": status,
        "start": start,
        "identifier": [{"system": "urn:lake", "value": number}],
        "participant": [{"actor": PATIENT, "status": "accepted"}],
    }


def after(case: Case, *visits: dict[str, Any]) -> Any:
    return put_together(case, [NUMBERED, *COMPLETE[1:], *visits], at=AT)


def test_an_appointment_moves_the_case_it_names_each_time_it_says_something_new():
    case, rows = Case("r", "riverbend", opened=AT), []
    for visit in (
        appointment("booked"),
        appointment("booked", "2026-04-08T10:00:00Z"),
        appointment("noshow", "2026-04-08T10:00:00Z"),
        appointment("booked", "2026-04-15T10:00:00Z"),
        appointment("fulfilled", "2026-04-15T10:00:00Z"),
    ):
        together = after(case, visit)
        case = together.case
        rows.append([one.row for one in together.steps])
        assert after(case, visit).steps == ()
    assert rows == [["02", "06"], ["11"], ["12"], ["18"], ["15"]]
    assert case.state == "visit-completed"


def test_an_appointment_elsewhere_or_before_the_records_are_complete_moves_nothing():
    waits = Case("r", "riverbend", state="needs-information", reason="Slides?", opened=AT)
    assert after(waits, appointment("booked")).steps == ()
    ready = Case("r", "riverbend", state="records-complete", opened=AT, complete=AT)
    assert after(ready, appointment("booked", number="OTHER")).steps == ()
    assert after(ready, appointment("noshow")).steps == ()


def test_a_person_moves_a_case_on_and_the_old_appointment_does_not_move_it_back():
    case = after(Case("r", "riverbend", state="records-complete", opened=AT, complete=AT), appointment("booked")).case
    assert case.state == "visit-scheduled"
    assert after(replace(case, state="visit-completed"), appointment("booked")).steps == ()


def test_the_task_of_a_case_leads_to_the_opinion_and_to_no_other_note():
    def note(id: str, **related: Any) -> dict[str, Any]:
        coding = {"system": "http://loinc.org", "code": "11488-4"}
        context = {"context": {"related": [related]}} if related else {}
        return {**SUMMARY, "id": id, "type": {"coding": [coding]}, **context}

    number = {"system": "urn:lake", "value": "LK-1"}
    notes = (note("before"), note("ours", identifier=number), {**note("mdm"), "identifier": [number]})
    case = Case("r", "riverbend", state="opinion-returned", opened=AT, complete=AT)
    told = put_together(case, [NUMBERED, *COMPLETE[1:], *notes], at=AT).made[1]
    assert [one["valueReference"] for one in told["output"]] == [
        {"reference": "DocumentReference/ours"},
        {"reference": "DocumentReference/mdm"},
    ]
    assert [one for one in validate(told) if one.severity == "error"] == []
