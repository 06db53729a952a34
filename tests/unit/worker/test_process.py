"""gateway/worker/process.py, known_patient.py, known_status.py and the edge in loop.py"""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.cases import care_plan
from gateway.core import fhirjson
from gateway.core.errors import NotFoundError, StoreFullError
from gateway.route import Destination
from gateway.store import cases, deliveries, failures, inbox, matches, outcomes, resources, submissions, work
from gateway.store.inbox import Filters
from gateway.store.tables import metadata
from gateway.worker import Worker
from gateway.worker.isolation import patience
from gateway.worker.loop import CRASHES, DEATHS

MEDICAL_RECORD = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"type": {"coding": [MEDICAL_RECORD]}, "system": "urn:oid:1.2.3", "value": "M-77"}],
    "name": [{"family": "Okafor", "given": ["Amara"]}],
    "birthDate": "1961-04-09",
    "gender": "female",
}
REFERRAL = {
    "resourceType": "ServiceRequest",
    "id": "s1",
    "status": "active",
    "intent": "order",
    "code": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0282", "code": "SO"}]},
    "subject": {"reference": "Patient/p1"},
}


def read(desk, type, id):
    return fhirjson.read_own(desk.store.read(lambda c: resources.read(c, type, id)).body)


def steps(desk, id):
    return [event.event for event in desk.store.read(lambda c: submissions.events(c, id))]


def test_a_good_submission_is_stored_and_on_its_way_in_one_step(desk, worker, submit, state):
    id = submit(PATIENT, REFERRAL)
    assert worker.turn("process") == 1
    assert state(id) == ("routed", None)
    assert steps(desk, id) == ["receive", "parsed", "mapped", "validated", "matched", "routed"]
    assert read(desk, "Patient", "p1")["birthDate"] == "1961-04-09"
    (sent,) = desk.store.read(lambda c: deliveries.listing(c, submission=id))
    assert (sent.destination, sent.patient, sent.state) == ("home", "p1", "waiting")
    assert desk.store.read(work.depths) == {"process": 0, "deliver": 1}


def test_a_case_has_a_number_on_its_task_wherever_the_task_is_seen(desk, worker, submit):
    id = submit(PATIENT, REFERRAL)
    worker.turn("process")
    number = {"system": "https://fhir.second-opinion.example/sid/case", "value": "SO-2026-000001"}
    case = desk.store.read(lambda c: cases.find(c, "SO-2026-000001"))
    assert (case.patient, case.question, case.clinic) == ("p1", "s1", "a")
    assert number in read(desk, "Task", case.task)["identifier"]
    stored = desk.store.read(lambda c: outcomes.load(c, id)).bundle["entry"]
    assert [number in one["resource"]["identifier"] for one in stored if one["resource"]["id"] == case.task] == [True]
    (sent,) = desk.store.read(lambda c: deliveries.listing(c, submission=id))
    assert b"SO-2026-000001" in desk.store.read(lambda c: deliveries.bundle(c, sent.id))


def test_a_referral_number_that_is_another_patients_is_set_aside_and_touches_nothing(desk, worker, submit, state):
    submit(PATIENT, REFERRAL)
    worker.turn("process")
    plan = read(desk, "ServiceRequest", "s1")
    somebody = PATIENT | {"id": "p9", "identifier": [], "name": [{"family": "Lindqvist"}], "birthDate": "1940-01-01"}
    id = submit(somebody, REFERRAL | {"subject": {"reference": "Patient/p9"}})
    worker.turn("process")
    assert state(id) == ("quarantined", "patient-conflict")
    assert read(desk, "ServiceRequest", "s1") == plan
    with pytest.raises(NotFoundError):
        read(desk, "Patient", "p9")
    assert desk.store.read(lambda c: matches.decisions(c, "p9")) == []
    assert desk.store.read(lambda c: failures.stopped_by(c, id))[0] == "referral-conflict"


def test_the_provenance_of_a_case_goes_where_its_plan_goes(desk, worker, submit):
    id = submit(PATIENT, REFERRAL)
    worker.turn("process")
    (sent,) = desk.store.read(lambda c: deliveries.listing(c, submission=id))
    bundle = fhirjson.read_own(desk.store.read(lambda c: deliveries.bundle(c, sent.id)))
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert {"CarePlan", "CareTeam", "Task", "Provenance"} <= set(kinds)
    urls = [entry["request"]["url"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))


def test_a_replay_of_what_did_not_change_changes_nothing(desk, worker, submit, state):
    submit(PATIENT | {"id": "p0"}, clinic="b")
    id = submit(PATIENT, REFERRAL)
    other = submit(PATIENT | {"id": "p2"}, clinic="b")
    while worker.turn("process"):
        pass
    counted = ("resources", "deliveries", "match_decisions", "matches", "cases")

    def rows():
        asked = {name: text(f"SELECT count(*) FROM {metadata.tables[name]}") for name in counted}  # noqa: S608
        return desk.store.read(lambda c: {name: c.execute(one).scalar() for name, one in asked.items()})

    before = rows()
    for again in (id, other):
        desk.store.write(lambda c, again=again: submissions.requeue(c, again, desk.now()))
    while worker.turn("process"):
        pass
    assert rows() == before
    assert state(id) == ("routed", None)


def test_a_replay_of_an_old_submission_leaves_alone_what_was_said_since(desk, worker, submit):
    old = submit(PATIENT)
    submit(PATIENT | {"gender": "male"}, REFERRAL)
    while worker.turn("process"):
        pass
    before = desk.store.read(lambda c: deliveries.listing(c))
    desk.store.write(lambda c: submissions.requeue(c, old, desk.now()))
    worker.turn("process")
    assert read(desk, "Patient", "p1")["gender"] == "male"
    assert desk.store.read(lambda c: deliveries.listing(c)) == before


def test_a_replay_sends_to_a_destination_that_is_new(desk, worker, submit):
    id = submit(PATIENT)
    worker.turn("process")
    desk.destinations["archive"] = Destination("archive", "https://archive.example/fhir")
    desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
    worker.turn("process")
    sent = desk.store.read(lambda c: deliveries.listing(c, submission=id))
    assert [one.destination for one in sent] == ["archive", "home"]


@pytest.mark.parametrize(("body", "reason"), [(b"malformed", "parse-error"), (b" []", "profile-invalid")])
def test_content_that_is_bad_is_set_aside_at_once_and_nothing_of_it_is_stored(
    desk, worker, submit, state, body, reason
):
    id = submit(body=body)
    worker.turn("process")
    assert state(id) == ("quarantined", reason)
    assert desk.store.read(work.depths) == {"process": 0, "deliver": 0}
    assert desk.store.read(lambda c: submissions.original(c, id, "a"))[0] == body
    assert desk.store.read(lambda c: outcomes.load(c, id)) is not None


def test_a_known_patient_of_another_clinic_is_linked_and_not_merged(desk, worker, submit):
    submit(PATIENT)
    submit(PATIENT | {"id": "p2"}, clinic="b")
    while worker.turn("process"):
        pass
    assert read(desk, "Patient", "p2")["link"] == [{"other": {"reference": "Patient/p1"}, "type": "seealso"}]
    assert "link" not in read(desk, "Patient", "p1")
    judged, linked = desk.store.read(lambda c: matches.decisions(c, "p2"))
    assert (judged.candidate, linked.decision, linked.grade, linked.actor) == ("p1", "same", "certain", "gateway")


def test_what_is_less_than_certain_is_left_to_a_person(desk, worker, submit):
    submit(PATIENT)
    twin = PATIENT | {"id": "p2", "name": [{"family": "Okafor", "given": ["Adaeze"]}]}
    submit(twin, clinic="b")
    while worker.turn("process"):
        pass
    assert "link" not in read(desk, "Patient", "p2")
    [question] = desk.store.read(lambda c: matches.listing(c, matches.ASKED))
    assert (question.patient, question.candidate, question.state) == ("p2", "p1", "open")


def test_a_submission_that_the_program_fails_on_three_times_is_set_aside_and_the_next_goes_on(
    desk, worker, submit, state
):
    bad, good = submit(body=b"crash"), submit(PATIENT)
    for _ in range(CRASHES):
        worker.turn("process")
    assert state(bad) == ("quarantined", "translator-failed")
    [line] = desk.store.read(lambda c: inbox.lines(c, Filters(), days=()))
    assert (line.trouble, line.effect, line.submissions) == ("translator-failed", "blocked", 1)
    worker.turn("process")
    assert state(good)[0] == "routed"


def test_a_submission_that_takes_the_process_with_it_again_and_again_is_set_aside(desk, worker, clock, submit, state):
    id = submit(PATIENT)
    for _ in range(DEATHS):
        desk.store.write(lambda c: work.claim(c, task="process", worker="died", now=clock.now(), limit=1))
        clock.move(2 * work.LEASES["process"])
    worker.turn("process")
    assert state(id) == ("quarantined", "translator-failed")


def test_an_outage_of_the_store_is_never_a_quarantine(desk, worker, clock, submit, state, monkeypatch):
    id = submit(PATIENT)

    def full(*_, **__):
        raise StoreFullError

    with monkeypatch.context() as broken:
        broken.setattr(resources, "save", full)
        for _ in range(10):
            worker.turn("process")
            clock.move(timedelta(seconds=2))
    assert state(id) == ("received", None)
    worker.turn("process")
    assert state(id) == ("routed", None)


def test_no_other_worker_begins_a_large_submission_while_it_may_still_be_converted(desk, worker, clock, submit, state):
    id, convert = submit(body=b" " * 30 * 1024**2 + b"[]"), desk.convert

    def slowly(*words, **said):
        clock.move(timedelta(seconds=patience(30 * 1024**2)))
        assert not desk.store.read(lambda c: work.ready(c, task="process", now=clock.now()))
        return convert(*words, **said)

    object.__setattr__(desk, "convert", slowly)
    worker.turn("process")
    assert state(id)[0] == "quarantined"
    assert state(id)[1] != "translator-failed"


def test_a_worker_that_lost_its_lease_writes_nothing(desk, worker, clock, submit, state):
    id = submit(PATIENT)
    slow = desk.convert

    def slept(*words, **said):
        clock.move(2 * work.LEASES["process"])
        desk.store.write(lambda c: work.claim(c, task="process", worker="other", now=clock.now(), limit=1))
        return slow(*words, **said)

    object.__setattr__(desk, "convert", slept)
    worker.turn("process")
    assert state(id) == ("received", None)
    with pytest.raises(NotFoundError):
        read(desk, "Patient", "p1")


def test_a_message_number_that_was_used_before_is_an_issue_of_the_submission(desk, worker, state):
    def incoming(resource):
        return submissions.Incoming("a", fhirjson.write([resource]), control_id="HIS\x1fM1")

    with_number = [incoming(PATIENT), incoming({**PATIENT, "gender": "male"})]
    first, second = (
        receipt.id for receipt, _ in desk.store.write(lambda c: submissions.keep_all(c, with_number, desk.now()))
    )
    while worker.turn("process"):
        pass
    told = {id: desk.store.read(lambda c, id=id: outcomes.load(c, id)).issues for id in (first, second)}
    codes = {id: [issue["code"] for issue in issues] for id, issues in told.items()}
    assert codes == {first: [], second: ["control-id-reused"]}
    assert state(second) == ("routed", None)


def test_what_does_not_end_in_time_is_given_back_when_the_worker_leaves(desk, submit):
    begun, go = threading.Event(), threading.Event()

    def endless(body, **_):
        begun.set()
        go.wait()

    id, worker = submit(PATIENT), Worker(replace(desk, convert=endless))
    worker.start()
    assert begun.wait(20)
    assert not worker.stop(0)
    (job,) = desk.store.write(lambda c: work.claim(c, task="process", worker="next", now=desk.clock.now(), limit=1))
    assert job.subject == id
    go.set()
    assert worker.stop(20)
    desk.store.write(lambda c: work.finish(c, job))


def test_a_case_that_would_break_its_profile_is_not_served_and_its_submission_waits(
    desk, worker, submit, state, monkeypatch
):
    narrative = care_plan.narrative
    monkeypatch.setattr(care_plan, "narrative", lambda *_, **__: {"status": "made up"})
    first = submit(PATIENT, REFERRAL)
    worker.turn("process")
    assert state(first) == ("quarantined", "profile-invalid")
    assert desk.store.read(cases.listing) == []
    monkeypatch.setattr(care_plan, "narrative", narrative)
    desk.store.write(lambda c: submissions.requeue(c, first, desk.now()))
    worker.turn("process")
    assert state(first) == ("routed", None)
