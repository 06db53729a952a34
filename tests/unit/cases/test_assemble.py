"""gateway/cases: a referral gets its Task, nothing else does."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.cases import assemble, is_referral, missing
from gateway.cases.checklist import checklist
from gateway.core.submission import Sender
from gateway.validate import validate

RIVERBEND = Sender("riverbend")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SO = {"system": "http://terminology.hl7.org/CodeSystem/v2-0282", "code": "SO"}

S = {"system": "http://terminology.hl7.org/CodeSystem/v2-0336", "code": "S"}


def referral(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": "r",
        "status": "active",
        "intent": "order",
        "code": {"coding": [SO]},
        "subject": {"reference": "Patient/p"},
        "requester": {"reference": "Practitioner/d"},
        **more,
    }


def task(*resources: dict[str, Any], received: datetime | None = NOON) -> dict[str, Any]:
    return assemble(list(resources), sender=RIVERBEND, received=received)[-1]


def test_a_referral_gets_the_task_of_its_case_in_its_first_state():
    found = task(referral())
    assert (found["status"], found["intent"]) == ("received", "order")
    assert found["businessStatus"]["coding"][0]["code"] == "case-received"
    assert found["code"]["coding"][0]["code"] == "fulfill"
    assert found["focus"] == {"reference": "ServiceRequest/r"}
    assert found["for"] == {"reference": "Patient/p"}
    assert found["requester"] == {"reference": "Practitioner/d"}


def test_the_task_is_sound_by_its_profile():
    profile = "https://fhir.second-opinion.example/StructureDefinition/so-case-task"
    assert not [one for one in validate(task(referral()), profiles=[profile]) if one.severity in ("error", "fatal")]


def test_the_task_has_the_same_id_each_time_and_another_for_another_clinic():
    elsewhere = assemble([referral()], sender=Sender("lakeside"), received=NOON)[-1]
    assert task(referral())["id"] == task(referral(), received=None)["id"] != elsewhere["id"]


def test_a_time_is_only_the_one_of_receipt():
    assert task(referral())["authoredOn"].startswith("2026-03-02T12:00:00")
    assert "authoredOn" not in task(referral(), received=None)


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


def test_a_referral_of_nobody_still_gets_its_task():
    asked = referral()
    del asked["subject"], asked["requester"]
    assert "for" not in task(asked)


def test_the_resources_themselves_are_not_changed():
    asked = referral()
    assert assemble([asked], sender=RIVERBEND, received=NOON)[0] == referral()


# --- the checklist --------------------------------------------------------------------------------------------

COMPLETE = [
    referral(reasonCode=[{"text": "Is surgery possible?"}]),
    {"resourceType": "Patient", "id": "p", "name": [{"family": "A"}], "birthDate": "1960", "telecom": [{"value": "1"}],
     "communication": [{"language": {"text": "German"}}]},
    {"resourceType": "DocumentReference", "type": {"coding": [{"code": "11526-1"}]}},
    {"resourceType": "DiagnosticReport", "code": {"coding": [{"code": "18748-4"}]}},
    {"resourceType": "MedicationRequest"},
    {"resourceType": "AllergyIntolerance"},
    {"resourceType": "Coverage"},
]  # fmt: skip


def test_a_complete_case_misses_nothing():
    assert missing(COMPLETE) == []
    assert "input" not in task(*COMPLETE)


@pytest.mark.parametrize(
    ("left_out", "item"),
    [
        (0, "clinical-question"),
        (1, "patient-2-identifiers"),
        (2, "pathology-report"),
        (3, "imaging-report"),
        (4, "medication-list"),
        (5, "allergies"),
        (6, "insurance-card"),
    ],
)
def test_what_is_missing_is_named(left_out, item):
    there = [one for place, one in enumerate(COMPLETE) if place != left_out]
    assert item in [one.item for one in missing(there)]


def test_an_empty_list_of_medicines_is_an_answer():
    none = {"resourceType": "List", "code": {"coding": [{"code": "10160-0"}]}}
    assert missing([none, *(one for one in COMPLETE if one["resourceType"] != "MedicationRequest")]) == []


def test_the_task_says_what_is_missing():
    asked = [one["type"]["coding"][0]["code"] for one in task(referral())["input"]]
    assert asked == [
        item.item for item in checklist() if item.need == "required" and item.item != "referring-clinician"
    ]
