"""gateway/worker/demographics.py, and test data in process.py: the real corridor over a store of each kind."""

from dataclasses import replace

import pytest

from gateway import pipeline
from gateway.core import fhirjson
from gateway.store import cases, deliveries, matches, outcomes, resources, submissions
from gateway.worker import Worker

NUMBER = "M-77^^^RIVER&2.999.1&ISO^MR"
FULL = f"PID|1||{NUMBER}||Okafor^Amara||19610409|F|||12 Mill Lane^^Riverbend||^PRN^PH^^^312^5550142"
OTHER = f"PID|1||{NUMBER}||Okafor^Amira||19610409|F||||||||M"


@pytest.fixture
def agree(tmp_path):
    """Agree something with the clinic."""

    def act(said):
        (tmp_path / "a.yaml").write_text(f"clinic: a\n{said}")

    return act


@pytest.fixture
def desk(desk, tmp_path):
    senders = type(desk.senders)(tmp_path)
    return replace(desk, convert=pipeline.process, senders=senders)


@pytest.fixture
def send(desk, submit):
    """Take in a message and process it; gives the submission's id."""

    def act(kind, *segments, test="P", clinic="a"):
        act.count += 1
        header = rf"MSH|^~\&|HIS|WEST|||2026030209{act.count:02}||{kind}|{act.count}|{test}|2.5.1"
        id = submit(body="\r".join([header, *segments]).encode(), clinic=clinic)
        while Worker(desk).turn("process"):
            pass
        return id

    act.count = 0
    return act


@pytest.fixture
def patient(desk):
    """The newest version of the one patient that is not for test."""

    def look(id):
        bundle = desk.store.read(lambda c: outcomes.load(c, id)).bundle
        of = next(e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
        return fhirjson.read_own(desk.store.read(lambda c: resources.read(c, "Patient", of)).body)

    return look


def remarks(desk, id):
    issues = desk.store.read(lambda c: outcomes.load(c, id)).issues
    return {issue["path"] for issue in issues if issue["code"] == "demographics-kept"}


@pytest.mark.parametrize("kind", ["ORU^R01", "REF^I12", "RDE^O11"])
def test_an_order_or_result_fills_what_admission_left_open_and_overwrites_nothing(desk, send, patient, kind):
    send("ADT^A08", FULL)
    id = send(kind, OTHER)
    found = patient(id)
    assert found["name"][0]["given"] == ["Amara"]
    assert found["address"][0]["city"] == "Riverbend"
    assert found["maritalStatus"]["coding"][0]["code"] == "M"
    assert remarks(desk, id) == {"Patient.name"}


def test_a_leaf_that_does_not_stand_is_not_said_to_be_mapped(desk, send):
    send("ADT^A08", FULL)
    id = send("ORU^R01", OTHER)
    states = {entry["location"]: entry["state"] for entry in desk.store.read(lambda c: outcomes.load(c, id)).ledger}
    assert (states["PID-5.2"], states["PID-16"]) == ("ignored", "mapped")


def test_admission_corrects_what_an_order_said_first(send, patient):
    send("ORU^R01", OTHER)
    found = patient(send("ADT^A08", FULL))
    assert found["name"][0]["given"] == ["Amara"]
    assert found["maritalStatus"]["coding"][0]["code"] == "M"


def test_an_empty_field_of_a_message_is_no_statement(send, patient):
    send("ADT^A08", FULL)
    assert patient(send("ADT^A08", OTHER))["address"][0]["city"] == "Riverbend"


@pytest.mark.parametrize("kind", ["ADT^A08", "ADT^A31"])
def test_two_quotation_marks_clear_what_is_known_and_nothing_else(send, patient, kind):
    send("ADT^A08", f"{FULL}|^WPN^PH^^^312^5550143|en|M|CHR")
    before = patient(send("ADT^A08", f"PID|1||{NUMBER}||Okafor^Amara"))
    found = patient(send(kind, f'PID|1||{NUMBER}||Okafor^Amara||""|||""|""^""||""||""|""|""'))
    assert {"birthDate", "address", "maritalStatus", "communication", "extension"} <= before.keys()
    assert not {"birthDate", "address", "maritalStatus", "communication", "extension"} & found.keys()
    assert [one["use"] for one in found["telecom"]] == ["work"]
    assert (found["gender"], found["name"]) == ("female", before["name"])


def test_a_source_that_may_not_change_the_record_clears_nothing(desk, send, patient):
    send("ADT^A08", FULL)
    id = send("ORU^R01", f'PID|1||{NUMBER}||Okafor^Amara||""||||""')
    assert {"birthDate", "address"} <= patient(id).keys()
    assert "clear-asked" in {one["code"] for one in desk.store.read(lambda c: outcomes.load(c, id)).issues}


def test_the_whole_record_of_an_authoritative_sender_is_the_record(agree, send, patient):
    agree("authoritative: true")
    send("ADT^A08", FULL)
    found = patient(send("ADT^A08", OTHER))
    assert (found["name"][0]["given"], "address" in found) == (["Amira"], False)


def test_admission_without_authority_overwrites_nothing_of_one_that_has_it(agree, send, patient):
    agree("applications: [HIS]\nauthoritative: true")
    send("ADT^A08", FULL)
    agree("authoritative: false")
    assert patient(send("ADT^A08", OTHER))["name"][0]["given"] == ["Amara"]


def test_a_merge_stays_whatever_is_said_after_it(agree, send, patient):
    agree("authoritative: true")
    send("ADT^A08", FULL)
    send("ADT^A40", FULL, "MRG|M-12^^^RIVER&2.999.1&ISO^MR")
    found = patient(send("ADT^A08", OTHER))
    assert [link["type"] for link in found["link"]] == ["replaces"]
    prior = patient(send("ORU^R01", OTHER.replace("M-77", "M-12")))
    assert (prior["active"], [link["type"] for link in prior["link"]]) == (False, ["replaced-by"])


def test_one_statement_has_one_form(send, patient):
    send("ADT^A08", f"{FULL}|||||||||||||||||Y")
    found = patient(send("ORU^R01", f"{OTHER}|||||||||||||20260301"))
    assert (found["deceasedBoolean"], "deceasedDateTime" in found) == (True, False)


@pytest.mark.parametrize(("value", "name"), [("all", "Amira"), ("none", "Amara"), ("by-source", "Amira")])
def test_who_may_change_a_patient_is_a_policy(agree, send, patient, value, name):
    agree(f"policies: {{V6: {value}}}")
    send("ORU^R01", FULL)
    assert patient(send("ORU^R01", OTHER))["name"][0]["given"] == [name]


def test_a_replay_changes_nothing(desk, send, patient):
    first, second = send("ADT^A08", FULL), send("ORU^R01", OTHER)
    before = patient(second)
    for id in (first, second):
        desk.store.write(lambda c, id=id: submissions.requeue(c, id, desk.now()))
        while Worker(desk).turn("process"):
            pass
    assert patient(second) == before


REFERRAL = ["PRD|RP|Okafor^Daniel", "PRD|RT|Centre^Second", FULL]


@pytest.mark.parametrize(
    ("event", "status", "state"), [("I15", "on-hold", "needs-information"), ("I14", "active", "cancel-requested")]
)
def test_a_question_after_a_referral_takes_nothing_back_and_a_cancellation_is_a_wish(desk, send, event, status, state):
    send("REF^I12", "RF1|A|||SO||RF-1^HIS", *REFERRAL)
    id = send(f"REF^{event}", "RF1||||SO||RF-1^HIS", *REFERRAL)
    bundle = desk.store.read(lambda c: outcomes.load(c, id)).bundle
    [referral] = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "ServiceRequest"]
    held = desk.store.read(lambda c: resources.read(c, "ServiceRequest", referral["id"]))
    assert fhirjson.read_own(held.body)["status"] == referral["status"] == status
    [case] = desk.store.read(cases.listing)
    assert case.state == state


def test_what_is_for_test_touches_no_patient_opens_no_case_and_goes_nowhere(desk, send, patient, state):
    real = send("ADT^A08", FULL)
    before = patient(real)
    deliveries_before = desk.store.read(lambda c: deliveries.listing(c))
    id = send("REF^I12", "RF1|P||||SO|RF-1", OTHER, test="T")
    assert state(id) == ("routed", None)
    assert patient(real) == before
    assert patient(id)["meta"]["security"][-1]["code"] == "HTEST"
    assert desk.store.read(lambda c: deliveries.listing(c)) == deliveries_before
    assert desk.store.read(lambda c: cases.listing(c)) == []
    assert desk.store.read(lambda c: matches.decisions(c, patient(id)["id"])) == []


def test_a_batch_with_a_test_message_delivers_the_others(desk, send, submit):
    lines = [
        r"BHS|^~\&|HIS|WEST", r"MSH|^~\&|HIS|WEST|||202603020900||ADT^A08|1|T|2.5.1", OTHER,
        r"MSH|^~\&|HIS|WEST|||202603020900||ADT^A08|2|P|2.5.1", FULL, "BTS|2",
    ]  # fmt: skip
    id = submit(body="\r".join(lines).encode())
    Worker(desk).turn("process")
    (sent,) = desk.store.read(lambda c: deliveries.listing(c, submission=id))
    body = desk.store.read(lambda c: deliveries.bundle(c, sent.id))
    assert b"Amara" in body
    assert b"Amira" not in body


def test_a_refused_test_message_is_set_aside_with_its_reason(agree, send, state):
    agree("policies: {V15: refuse}")
    assert state(send("ADT^A08", FULL, test="T")) == ("quarantined", "test-message")
