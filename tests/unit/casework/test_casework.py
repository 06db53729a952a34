"""gateway/casework: a case over several submissions and steps, as the store keeps it; on both engines."""

import pytest
from sqlalchemy import insert, select

from gateway import casework
from gateway.cases.centre import Centre
from gateway.core import fhirjson
from gateway.core.errors import (
    IllegalTransitionError,
    NotFoundError,
    PreconditionFailedError,
    ReferralConflictError,
    UnreadableValueError,
)
from gateway.core.labels import label
from gateway.store import cases, resources
from gateway.store.tables import clinics
from gateway.store.tables import resources as r

AT = "2026-03-02T{:02}:00:00.000000Z"
SO = {"system": "http://terminology.hl7.org/CodeSystem/v2-0282", "code": "SO"}
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:mrn", "value": "1"}],
    "name": [{"family": "Okafor"}],
    "birthDate": "1961-04-09",
    "communication": [{"language": {"text": "English"}}],
}
REFERRAL = {
    "resourceType": "ServiceRequest",
    "id": "r",
    "status": "active",
    "intent": "order",
    "code": {"coding": [SO]},
    "subject": {"reference": "Patient/p"},
    "requester": {"reference": "Practitioner/d"},
    "reasonCode": [{"text": "Is surgery possible?"}],
}


def of_patient(kind, id, patient="p", /, **more):
    return {"resourceType": kind, "id": id, "subject": {"reference": f"Patient/{patient}"}, **more}


RECORDS = [
    of_patient("DiagnosticReport", "img", code={"coding": [{"code": "18748-4"}]}),
    of_patient("MedicationRequest", "m", medicationCodeableConcept={"text": "Capecitabine"}, status="active"),
    {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}},
    {"resourceType": "Coverage", "id": "i", "beneficiary": {"reference": "Patient/p"}},
]
PATHOLOGY = of_patient("DocumentReference", "path", "q", type={"coding": [{"code": "11526-1"}]})
# The same person at another clinic, linked by us to the first.
THE_SAME = {**PATIENT, "id": "q", "link": [{"other": {"reference": "Patient/p"}, "type": "seealso"}]}


@pytest.fixture
def submit(store):
    """A clinic sends resources at an hour; gives how many new versions that made."""
    at = {"created": AT.format(1)}
    store.write(lambda c: c.execute(insert(clinics), [{"id": one, "name": one, **at} for one in "ab"]) and None)

    def act(*sent, clinic="a", hour=9, nurses=()):
        def change(connection):
            at, centre = AT.format(hour), Centre(nurses)
            opened = casework.reassemble(connection, sent, clinic=clinic, at=at, centre=centre)
            told = {(one.made[0]["resourceType"], one.made[0]["id"]): one.made[0] for one in opened}
            words = {"submission": f"s{hour}", "clinic": clinic, "at": at}
            new = sum(
                resources.save(connection, told.get((one["resourceType"], one["id"]), one), **words) for one in sent
            )
            return new + sum(len(casework.keep(connection, one, submission=f"s{hour}", at=at)) for one in opened)

        return store.write(change)

    return act


@pytest.fixture
def case(store):
    """The one case, and its Task."""

    def look():
        (found,) = store.read(cases.listing)
        task = store.read(lambda c: resources.read(c, "Task", found.task))
        return found, fhirjson.read_own(task.body), task.version

    return look


@pytest.fixture
def take(store):
    """A nurse takes a step."""

    def act(event, version, number="SO-2026-000001", hour=12, **words):
        words = {"actor": "nurse", "at": AT.format(hour)} | words
        return store.write(lambda c: casework.take(c, number, event, version=version, **words))

    return act


def test_a_late_report_of_another_clinic_completes_the_case_and_starts_its_clock(store, submit, case):
    submit(PATIENT, REFERRAL, *RECORDS)
    found, task, _ = case()
    assert (found.number, found.state, task["status"]) == ("SO-2026-000001", "needs-information", "on-hold")
    submit(THE_SAME, PATHOLOGY, clinic="b", hour=11)
    found, task, _ = case()
    assert (found.state, found.complete) == ("records-complete", AT.format(11))
    assert (task["status"], task["executionPeriod"]) == ("accepted", {"start": AT.format(11)})
    request = fhirjson.read_own(store.read(lambda c: resources.read(c, "ServiceRequest", "r")).body)
    assert request["status"] == "active"
    history = store.read(lambda c: cases.history(c, found.number))
    assert [(one.row, one.at) for one in history] == [("own-01", AT.format(9)), ("own-02", AT.format(11))]


def test_what_one_clinic_sent_is_not_shown_to_another_in_the_words_of_a_plan(store, submit):
    def plan(clinic):
        (found,) = store.read(cases.listing)
        made = store.read(lambda c: cases.holdings(c, {found.patient}))
        id = next(one["id"] for one in made if one["resourceType"] == "CarePlan")
        return store.read(lambda c: resources.read(c, "CarePlan", id, clinic=clinic))

    submit(PATIENT, REFERRAL)
    assert b"surgery" in plan("a").body
    drug = of_patient("MedicationRequest", "x", "q", medicationCodeableConcept={"text": "Olaparib"}, status="active")
    submit(THE_SAME, drug, clinic="b", hour=11)
    assert b"Olaparib" in plan(None).body
    for clinic in "ab":
        with pytest.raises(NotFoundError):
            plan(clinic)


def test_sending_everything_again_makes_no_new_version(submit):
    first = (PATIENT, REFERRAL, *RECORDS)
    assert submit(*first) > 0
    assert submit(THE_SAME, PATHOLOGY, clinic="b", hour=11) > 0
    assert submit(*first, hour=12) == submit(THE_SAME, PATHOLOGY, clinic="b", hour=13) == 0


def test_a_step_moves_task_referral_and_plan_together_with_its_provenance(store, submit, case, take):
    submit(PATIENT, REFERRAL, *RECORDS, {**PATHOLOGY, "subject": {"reference": "Patient/p"}})
    _, _, version = case()
    taken = take("decline", version, reason="Not a cancer")
    made = {one["resourceType"]: one for one in taken.changed}
    assert made["ServiceRequest"]["status"] == "revoked"
    found, task, _ = case()
    assert (found.state, found.reason) == ("declined", "Not a cancer")
    assert (task["status"], task["statusReason"]) == ("rejected", {"text": "Not a cancer"})
    stored = fhirjson.read_own(store.read(lambda c: resources.read(c, "Provenance", made["Provenance"]["id"])).body)
    assert f"Task/{found.task}" in [one["reference"] for one in stored["target"]]
    assert "https://fhir.second-opinion.example/case-step/05" in stored["policy"]
    assert stored["agent"][0]["who"]["identifier"]["value"] == "nurse"
    assert store.read(lambda c: cases.history(c, found.number))[-1].actor == "nurse"


def test_of_two_who_saw_the_same_task_one_is_too_late(submit, case, take):
    submit(PATIENT, REFERRAL)
    _, _, version = case()
    take("decline", version, reason="first")
    with pytest.raises(PreconditionFailedError):
        take("expire", version, reason="second")
    assert case()[0].state == "declined"


@pytest.mark.parametrize(
    ("event", "words", "error"),
    [
        ("start-review", {}, IllegalTransitionError),
        ("request-cancel", {}, IllegalTransitionError),
        ("nonsense", {}, IllegalTransitionError),
        ("decline", {}, UnreadableValueError),
        ("decline", {"reason": "  "}, UnreadableValueError),
    ],
)
def test_a_step_that_is_not_allowed_changes_nothing(store, submit, case, take, event, words, error):
    submit(PATIENT, REFERRAL)
    before = case()
    with pytest.raises(error):
        take(event, before[2], **words)
    assert case() == before
    assert len(store.read(lambda c: cases.history(c, before[0].number))) == 1


def test_a_clinic_may_ask_to_cancel_and_only_a_person_of_ours_confirms(submit, case, take):
    submit(PATIENT, REFERRAL)
    submit({**REFERRAL, "status": "revoked"}, hour=10)
    found, task, version = case()
    assert (found.state, task["status"]) == ("cancel-requested", "in-progress")
    take("confirm-cancel", version, reason="As the clinic asked")
    assert case()[1]["status"] == "cancelled"


def test_a_case_changes_hands_and_an_activity_is_ended(store, submit, case):
    submit(PATIENT, REFERRAL)
    words = {"actor": "nurse", "at": AT.format(12)}
    number = case()[0].number
    store.write(lambda c: casework.assign(c, number, "N. Abara, RN", version=case()[2], **words))
    assert case()[1]["owner"] == {"display": "N. Abara, RN"}
    taken = store.write(lambda c: casework.settle(c, number, "tumor-board", "revoked", version=case()[2], **words))
    assert {one["status"] for one in taken.changed if one["resourceType"] == "ServiceRequest"} == {"revoked"}
    for change in (
        lambda c: casework.assign(c, number, " ", version=case()[2], **words),
        lambda c: casework.settle(c, number, "dancing", "revoked", version=case()[2], **words),
        lambda c: casework.settle(c, number, "visit", "active", version=case()[2], **words),
    ):
        with pytest.raises(UnreadableValueError):
            store.write(change)


def test_what_one_submission_says_of_several_patients_stays_apart(store, submit):
    other = {**PATIENT, "id": "z", "name": [{"family": "Lindqvist"}]}
    asks = {**REFERRAL, "id": "rz", "subject": {"reference": "Patient/z"}}
    theirs = of_patient("MedicationRequest", "mz", "z", medicationCodeableConcept={"text": "Olaparib"}, status="active")
    submit(PATIENT, REFERRAL, *RECORDS, other, asks, theirs)
    plans = {
        one["subject"]["reference"]: one["text"]["div"]
        for one in store.read(lambda c: cases.holdings(c, {"p", "z"}))
        if one["resourceType"] == "CarePlan"
    }
    assert len(store.read(cases.listing)) == len(plans) == 2
    for patient, own, foreign in (("p", "Capecitabine", "Olaparib"), ("z", "Olaparib", "Capecitabine")):
        assert own in plans[f"Patient/{patient}"]
        assert foreign not in plans[f"Patient/{patient}"]
        assert ("Okafor" in plans[f"Patient/{patient}"]) is (patient == "p")


def test_a_referral_number_that_is_known_for_somebody_else_opens_and_changes_nothing(store, submit, case):
    submit(PATIENT, REFERRAL, *RECORDS)
    before = case()
    somebody = {**PATIENT, "id": "z", "name": [{"family": "Lindqvist"}]}
    with pytest.raises(ReferralConflictError):
        submit(somebody, {**REFERRAL, "subject": {"reference": "Patient/z"}}, hour=10)
    assert case() == before


def test_a_referral_of_nobody_has_a_case_that_can_be_moved(store, submit, case, take):
    nobody = {name: value for name, value in REFERRAL.items() if name != "subject"}
    submit(nobody)
    _, _, version = case()
    take("decline", version, reason="Nobody is named")
    assert case()[1]["status"] == "rejected"


def test_a_step_with_one_case_leaves_the_patients_other_case_alone(store, submit, take):
    submit(PATIENT, REFERRAL, {**REFERRAL, "id": "r2"})
    first, second = sorted(store.read(cases.listing), key=lambda one: one.number)
    task = store.read(lambda c: resources.read(c, "Task", first.task))
    take("decline", task.version, number=first.number, reason="Asked twice")
    assert store.read(lambda c: cases.find(c, second.number)) == second


def test_a_case_is_closed_only_when_it_is_said_how_the_opinion_went_out(store, submit, case, take):
    summary = of_patient("DocumentReference", "sum", type={"coding": [{"code": "34133-9"}]})
    referral = {**REFERRAL, "note": [{"text": "Treatment: completed"}]}
    submit(PATIENT, referral, summary, *RECORDS, {**PATHOLOGY, "subject": {"reference": "Patient/p"}})
    number = case()[0].number
    take("outcome", case()[2])
    with pytest.raises(IllegalTransitionError):
        take("close", case()[2])

    def settle(activity, how, reason=""):
        words = {"actor": "nurse", "at": AT.format(13), "reason": reason}
        store.write(lambda c: casework.settle(c, number, activity, how, version=case()[2], **words))

    settle("opinion-communication", "completed")
    take("close", case()[2])
    settle("survivorship-plan", "revoked", "The patient moves abroad")
    with pytest.raises(IllegalTransitionError):
        settle("tumor-board", "completed")
    history = store.read(lambda c: cases.history(c, number))
    assert history[-1].reason == "survivorship-plan: The patient moves abroad"
    plans = [one for one in store.read(lambda c: cases.holdings(c, {"p"})) if one["resourceType"] == "CarePlan"]
    assert sorted(one["status"] for one in plans) == ["completed", "draft"]


def test_each_new_case_goes_to_the_nurse_with_the_fewest_open_ones_and_stays_there(store, submit, take):
    nurses = ("N. Abara, RN, +1 555 0100", "O. Lind, RN")
    for number in range(4):
        patient = {**PATIENT, "id": f"p{number}"}
        asks = {**REFERRAL, "id": f"r{number}", "subject": {"reference": f"Patient/p{number}"}}
        submit(patient, asks, nurses=nurses)
        submit(patient, asks, nurses=nurses[1:], hour=10)
        if number == 1:
            version = store.read(lambda c: resources.read(c, "Task", cases.find(c, "SO-2026-000002").task)).version
            take("decline", version, number="SO-2026-000002", reason="No cancer")
    found = store.read(cases.listing)
    assert [one.owner for one in reversed(found)] == [nurses[0], nurses[1], nurses[1], nurses[0]]
    task = fhirjson.read_own(store.read(lambda c: resources.read(c, "Task", found[-1].task)).body)
    assert task["owner"] == {"display": nurses[0]}
    history = store.read(lambda c: cases.history(c, found[-1].number))
    assert [(one.event, one.actor) for one in history] == [("assign", "gateway"), ("ask-for-records", "gateway")]


def test_a_case_that_waited_too_long_for_records_expires_once(store, submit, case):
    submit(PATIENT, REFERRAL)
    for before, expired in ((AT.format(9), 0), (AT.format(10), 1), (AT.format(11), 0)):
        ended = store.write(lambda c, before=before: casework.expire(c, before=before, at=AT.format(12)))
        assert len(ended) == expired
    found, task, _ = case()
    assert (found.state, task["status"], found.reason) == ("expired", "failed", "The records did not come in time")


@pytest.mark.parametrize(
    ("in_force", "told"), [((), "pending"), ((False,), "failed"), ((False, True), "verified")], ids=str
)
def test_an_insurance_that_is_not_in_force_keeps_from_a_visit_and_never_from_the_review(
    store, submit, case, take, in_force, told
):
    answers = [
        {
            "resourceType": "CoverageEligibilityResponse",
            "id": f"e{n}",
            "status": "active",
            "patient": {"reference": "Patient/p"},
            "insurance": [{"coverage": {"reference": "Coverage/i"}, "inforce": said}],
        }
        for n, said in enumerate(in_force)
    ]
    submit(PATIENT, REFERRAL, *RECORDS, *answers, of_patient("DocumentReference", "path", type=PATHOLOGY["type"]))
    tasks = [one for one in store.read(lambda c: cases.holdings(c, {"p"})) if one["resourceType"] == "Task"]
    [task] = [one for one in tasks if one["code"]["coding"][0]["code"] == "insurance-verification"]
    assert task["businessStatus"]["coding"][0]["code"] == f"eligibility-{told}"
    take("start-review", case()[2])
    if told == "failed":
        with pytest.raises(IllegalTransitionError):
            take("schedule-visit", case()[2], hour=13)
    else:
        take("schedule-visit", case()[2], hour=13)
        assert case()[0].state == "visit-scheduled"


def test_what_is_made_of_a_labelled_insurance_is_labelled_and_so_is_the_account_of_it(store, submit):
    marked = {"meta": {"security": [label("SUD")]}, "payor": [{"display": "Wing of the clinic"}]}
    submit(PATIENT, REFERRAL, *RECORDS[:-1], {**RECORDS[-1], **marked})
    shown = frozenset({"SUD"})
    held = store.read(lambda c: cases.holdings(c, {"p"}))
    [asked] = [one for one in held if one["resourceType"] == "CoverageEligibilityRequest"]
    assert asked["insurer"] == {"display": "Wing of the clinic"}
    with pytest.raises(NotFoundError):
        store.read(lambda c: resources.read(c, "CoverageEligibilityRequest", asked["id"], clinic=shown))
    made = store.read(lambda c: list(c.execute(select(r.c.body).where(r.c.type == "Provenance")).scalars()))
    [account] = [fhirjson.read_own(body) for body in made if asked["id"].encode() in body]
    assert account["meta"]["security"] == [label("SUD")]
