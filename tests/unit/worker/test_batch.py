"""A batch or a sheet of which one record is in conflict with what is known: the others are stored and sent on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway import pipeline
from gateway.core import fhirjson
from gateway.store import consents, deliveries, failures, matches, outcomes, submissions
from gateway.store.tables import resources as r
from gateway.worker import Worker

HEAD = "MSH|^~\\&|HIS|WEST|||20260301||{}|{}|P|2.5.1"
ASHGROVE = "PID|1||1^^^HIS^MR||Ashgrove^Robert||19610409|M"
CALLOWAY = "PID|1||2^^^HIS^MR||Calloway^Carla||19751130|F"
IVARSSON = "PID|1||3^^^HIS^MR||Ivarsson^Hugo||19310506|M"
NUMBER_OF_ONE_NAME_OF_ANOTHER = "PID|1||1^^^HIS^MR||Calloway^Carla||19751130|F"
ROWS = "Last name,First name,DOB,MRN,Question,Medicine 1"


def referral(number, patient):
    return [HEAD.format("REF^I12", number), f"RF1|P|R|||O|{number}", "PRD|RP|Brandauer^Odile", patient]


def admission(number, patient):
    return [HEAD.format("ADT^A04", number), patient]


PROTECTED = "ARV|1|A|42CFRPart2^^2.16.840.1.113883.5.4"


def batch(*messages):
    return "\r".join(["BHS|^~\\&|HIS", *(line for one in messages for line in one), f"BTS|{len(messages)}"]).encode()


@pytest.fixture
def desk(desk):
    return replace(desk, convert=pipeline.process)


@pytest.fixture
def send(desk, submit, clock):
    def act(body, again=None):
        id = again or submit(body=body)
        if again:
            clock.move(timedelta(hours=1))
            desk.store.write(lambda c: submissions.requeue(c, id, desk.now()))
        worker = Worker(desk)
        while worker.turn("process"):
            pass
        return id

    return act


@pytest.fixture
def names(desk):
    """The family names of all patients that are held."""

    def act():
        found = desk.store.read(lambda c: list(c.execute(select(r.c.body).where(r.c.type == "Patient", r.c.current))))
        return sorted(fhirjson.read_own(body)["name"][0]["family"] for (body,) in found)

    return act


def set_aside(desk, id):
    said = desk.store.read(lambda c: outcomes.load(c, id)).issues
    return [(one["location"], one["rule"]) for one in said if one["code"] == "record-refused"]


def test_a_referral_number_that_is_another_patients_sets_aside_its_message_alone(desk, send, state, names):
    send(batch(referral("R1", ASHGROVE)))
    id = send(batch(referral("R1", CALLOWAY), referral("R2", IVARSSON)))
    assert state(id) == ("routed", None)
    assert names() == ["Ashgrove", "Ivarsson"]
    assert set_aside(desk, id) == [("MSH[1]", "referral-conflict")]
    sent = [
        desk.store.read(lambda c, one=one: deliveries.bundle(c, one.id))
        for one in desk.store.read(lambda c: deliveries.listing(c, submission=id))
    ]
    assert b"Ivarsson" in b"".join(sent)
    assert b"Calloway" not in b"".join(sent)


def test_what_was_set_aside_is_in_the_inbox_and_is_taken_by_a_replay_once_nothing_stands_against_it(
    desk, send, state, names, monkeypatch
):
    judged = pipeline.validate_bundle
    faulty = batch(admission("1", ASHGROVE), admission("2", CALLOWAY))
    issue = pipeline.Issue(pipeline.Severity.ERROR, "value-format", "Bundle.entry[0].resource.birthDate")
    monkeypatch.setattr(
        pipeline, "validate_bundle", lambda it: [*judged(it), *[issue] * (b"Calloway" in fhirjson.write(it))]
    )
    id = send(faulty)
    assert (state(id), names()) == (("routed", None), ["Ashgrove"])
    assert set_aside(desk, id) == [("MSH[2]", "validation")]
    said = desk.store.read(lambda c: outcomes.load(c, id)).issues
    assert [one["location"] for one in said if one["code"] == "value-format"] == ["MSH[2]"]
    monkeypatch.setattr(pipeline, "validate_bundle", judged)
    send(None, again=id)
    assert (names(), set_aside(desk, id)) == (["Ashgrove", "Calloway"], [])


def test_a_number_of_one_beside_the_name_of_another_sets_aside_its_message_and_asks(desk, send, state, names):
    send(batch(admission("1", ASHGROVE), admission("2", CALLOWAY)))
    id = send(batch(admission("3", NUMBER_OF_ONE_NAME_OF_ANOTHER), admission("4", IVARSSON)))
    assert (state(id), set_aside(desk, id)) == (("routed", None), [("MSH[1]", "patient-conflict")])
    assert names() == ["Ashgrove", "Calloway", "Ivarsson"]
    [question] = desk.store.read(lambda c: matches.listing(c, ["aside"]))
    assert (question.submission, question.rule) == (id, "patient-conflict")


def test_a_row_of_a_sheet_costs_no_other(desk, send, state, names):
    send("\n".join([ROWS, "Ashgrove,Robert,1961-04-09,1,Why?,A", "Calloway,Carla,1975-11-30,2,Why?,A"]).encode())
    id = send("\n".join([ROWS, "Calloway,Carla,1975-11-30,1,Why?,B", "Ivarsson,Hugo,1931-05-06,3,Why?,B"]).encode())
    assert (state(id), names()) == (("routed", None), ["Ashgrove", "Calloway", "Ivarsson"])
    assert set_aside(desk, id) == [("row 2 / Last name", "patient-conflict")]


def test_when_every_message_is_in_conflict_the_submission_is(desk, send, state):
    send(batch(referral("R1", ASHGROVE), referral("R2", CALLOWAY)))
    id = send(batch(referral("R1", IVARSSON), referral("R2", IVARSSON)))
    assert state(id) == ("quarantined", "patient-conflict")
    assert desk.store.read(lambda c: failures.stopped_by(c, id))[0] == "referral-conflict"


def protected(number, patient):
    return [*referral(number, patient), PROTECTED]


def consents_to(desk, id, place, hold):
    said = {"at": desk.now(), "actor": "admin-1", "given": "2026-03-01", "given_by": "patient", "document": "a form"}
    desk.store.write(lambda c: consents.record(c, submission=id, hold=hold, place=place, **said))


def waiting(desk, id):
    return [(one.place, one.hold) for one in desk.store.read(lambda c: consents.of(c, id)) if one.waits]


def test_a_message_under_protection_waits_alone_and_is_taken_alone(desk, send, state, names):
    id = send(batch(referral("R1", ASHGROVE), protected("R2", CALLOWAY), referral("R3", IVARSSON)))
    assert (state(id), names()) == (("routed", None), ["Ashgrove", "Ivarsson"])
    assert (set_aside(desk, id), waiting(desk, id)) == (
        [("MSH[2]", "sensitive-hold")], [("MSH[2]", "sensitive-hold")]
    )  # fmt: skip
    stored = desk.store.read(lambda c: outcomes.load(c, id))
    assert not any("MSH[2]" in line["location"] for line in stored.ledger)
    assert b"Calloway" not in fhirjson.write(stored.bundle)
    before = versions(desk)
    consents_to(desk, id, "MSH[2]", "sensitive-hold")
    send(None, again=id)
    assert (state(id), names()) == (("routed", None), ["Ashgrove", "Calloway", "Ivarsson"])
    assert (set_aside(desk, id), waiting(desk, id)) == ([], [])
    assert {name: versions(desk)[name] for name in before} == before  # of the others nothing is new


def versions(desk):
    rows = desk.store.read(lambda c: list(c.execute(select(r.c.type, r.c.id, r.c.version).where(r.c.current))))
    return {(type, id): version for type, id, version in rows if type != "Provenance"}


def test_a_protected_message_that_is_not_sound_waits_and_tells_nothing_of_itself(desk, send, state, monkeypatch):
    judged = pipeline.validate_bundle
    issue = pipeline.Issue(pipeline.Severity.ERROR, "value-format", "Bundle.entry[0].resource.birthDate")
    monkeypatch.setattr(
        pipeline, "validate_bundle", lambda it: [*judged(it), *[issue] * (b"Calloway" in fhirjson.write(it))]
    )
    id = send(batch(referral("R1", ASHGROVE), protected("R2", CALLOWAY)))
    assert (state(id), waiting(desk, id)) == (("routed", None), [("MSH[2]", "sensitive-hold")])
    said = desk.store.read(lambda c: outcomes.load(c, id)).issues
    assert "value-format" not in [one["code"] for one in said]


def test_when_every_message_waits_the_submission_does_and_each_is_released_alone(desk, send, state, names):
    id = send(batch(protected("R1", ASHGROVE), protected("R2", CALLOWAY)))
    assert (state(id), names()) == (("quarantined", "sensitive-hold"), [])
    consents_to(desk, id, "MSH[1]", "sensitive-hold")
    send(None, again=id)
    assert (state(id), names(), waiting(desk, id)) == (
        ("routed", None), ["Ashgrove"], [("MSH[2]", "sensitive-hold")]
    )  # fmt: skip


def test_a_row_that_a_relative_filled_in_waits_and_the_other_rows_go_on(desk, send, state, names):
    told_by = zip(("clinic", "caregiver", "patient"), (ASHGROVE, CALLOWAY, IVARSSON), (1, 2, 3), strict=True)
    rows = [f"{who.split('|')[5].replace('^', ',')},1961-04-0{n},{n},Why?,A,{by}" for by, who, n in told_by]
    id = send("\n".join([f"{ROWS},Filled in by", *rows]).encode())
    assert (state(id), names()) == (("routed", None), ["Ashgrove", "Ivarsson"])
    assert set_aside(desk, id) == [("row 3 / Last name", "consent-missing")]
