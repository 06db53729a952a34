"""gateway/store/failures.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.store import failures, submissions
from gateway.store.engine import open_store
from gateway.store.tables import clinics
from gateway.store.tables import failures as f
from gateway.store.tables import signatures as s

AT = "2026-03-01T10:00:00.000000Z"
LATER = "2026-03-02T10:00:00.000000Z"
UNKNOWN_DRUG = Issue(
    Severity.WARNING, "code-untranslated", "MedicationRequest.medicationCodeableConcept",
    "hl7v2.RXE.MedicationRequest#2", "RXE[2]-2", system="99RB", concept="RB-77",
)  # fmt: skip
UNKEPT = Entry("RF1-5", State.UNMAPPED)


def outcome(*issues, ledger=(), error=None):
    return Outcome("hl7v2:REF^I12", None if error else {}, tuple(issues), tuple(ledger), error)


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path}/gateway.db")
    opened.write(lambda connection: connection.execute(clinics.insert().values(id="c", name="C", created=AT)))
    yield opened
    opened.close()


def keep(store, body):
    receipt, _ = store.write(
        lambda connection: submissions.keep(
            connection, clinic="c", body=body, media_type=None, file_name=None, idempotency_key=None, at=AT
        )
    )
    return receipt.id


def record(store, submission, outcome, at=AT):
    store.write(lambda connection: failures.record(connection, submission, "hl7v2", outcome, at))


def signatures(store):
    return {row.trouble: row for row in store.read(lambda connection: connection.execute(select(s)).all())}


def test_one_fault_of_many_messages_is_one_line(store):
    for number in range(3):
        record(store, keep(store, b"%d" % number), outcome(UNKNOWN_DRUG.at(f"RXE[{number + 1}]-2")))
    assert len(signatures(store)) == 1
    assert len(store.read(lambda connection: connection.execute(select(f)).all())) == 3


def test_another_code_is_another_line(store):
    other = UNKNOWN_DRUG._replace(concept="RB-78")
    record(store, keep(store, b"1"), outcome(UNKNOWN_DRUG, other))
    codes = store.read(lambda connection: connection.execute(select(s.c.code)).scalars().all())
    assert sorted(codes) == ["RB-77", "RB-78"]


def test_words_of_a_sender_are_no_part_of_a_signature(store):
    words = Issue(Severity.WARNING, "drug-uncoded", location="RXE-2", concept="Canarysson wants the red pills")
    record(store, keep(store, b"1"), outcome(words))
    assert signatures(store)["drug-uncoded"].code == ""


def test_a_leaf_that_nobody_read_is_a_line(store):
    record(
        store, keep(store, b"1"), outcome(ledger=[UNKEPT, Entry("PID-5", State.MAPPED), Entry("PID-1", State.IGNORED)])
    )
    assert set(signatures(store)) == {"unmapped"}


def test_a_leaf_whose_field_has_an_issue_is_not_a_second_line(store):
    row = UNKNOWN_DRUG.rule
    leaves = [Entry("RXE[2]-2.1", State.UNTRANSLATED, row), Entry("RXE[2]-21", State.UNTRANSLATED, row)]
    record(store, keep(store, b"1"), outcome(UNKNOWN_DRUG, ledger=leaves))
    found = store.read(lambda connection: connection.execute(select(s.c.trouble, s.c.location)).all())
    assert sorted(map(tuple, found)) == [("code-untranslated", "RXE-2"), ("untranslated", "RXE-21")]


def test_what_stopped_a_submission_is_a_line(store):
    record(store, keep(store, b"1"), outcome(error=MalformedMessageError("MSH")))
    assert signatures(store)["malformed-message"].severity == "fatal"


def test_remarks_for_information_are_no_failures(store):
    record(store, keep(store, b"1"), outcome(Issue(Severity.INFORMATION, "plan-unstructured")))
    assert signatures(store) == {}


def test_a_signature_is_fixed_when_its_last_submission_loses_it(store):
    one, two = keep(store, b"1"), keep(store, b"2")
    for submission in (one, two):
        record(store, submission, outcome(UNKNOWN_DRUG))
    record(store, one, outcome())
    assert signatures(store)["code-untranslated"].state == "open"
    record(store, two, outcome())
    assert signatures(store)["code-untranslated"].state == "fixed"


def test_a_fixed_signature_that_comes_back_is_open_and_says_so(store):
    submission = keep(store, b"1")
    for said in (outcome(UNKNOWN_DRUG), outcome(), outcome(UNKNOWN_DRUG)):
        record(store, submission, said, LATER)
    row = signatures(store)["code-untranslated"]
    assert (row.state, row.reason) == ("open", failures.CAME_BACK)


def test_a_signature_that_survives_its_replay_is_open_again_and_says_so(store):
    submission = keep(store, b"1")
    record(store, submission, outcome(UNKNOWN_DRUG))
    [signature] = [row.signature for row in signatures(store).values()]
    store.write(lambda connection: failures.set_state(connection, signature, failures.FIXING, owner="k"))
    record(store, submission, outcome(UNKNOWN_DRUG), LATER)
    row = signatures(store)["code-untranslated"]
    assert (row.state, row.reason) == ("open", failures.STILL_THERE)


def test_an_ignored_signature_stays_ignored(store):
    submission = keep(store, b"1")
    record(store, submission, outcome(ledger=[UNKEPT]))
    [signature] = [row.signature for row in signatures(store).values()]
    assert store.write(
        lambda connection: failures.set_state(connection, signature, failures.IGNORED, owner="k", reason="test field")
    )
    for said in (outcome(), outcome(ledger=[UNKEPT])):
        record(store, submission, said, LATER)
    assert signatures(store)["unmapped"].state == "ignored"


def test_recording_twice_changes_nothing(store):
    submission = keep(store, b"1")
    for _ in range(2):
        record(store, submission, outcome(UNKNOWN_DRUG, UNKNOWN_DRUG))
    [row] = store.read(lambda connection: connection.execute(select(f)).all())
    assert row.times == 2


@pytest.mark.parametrize(
    ("place", "without"),
    [
        ("RXE[2]-3", "RXE-3"),
        ("PID-3[2].1", "PID-3.1"),
        ("OBX[3]-5(2).1", "OBX-5.1"),
        ("row 12 / dx_code", "row / dx_code"),
        ("/entry/3/resource/name/0/family", "/entry/*/resource/name/*/family"),
        ("CarePlan.activity[0].detail", "CarePlan.activity.detail"),
    ],
)
def test_a_place_of_any_format_loses_its_indices(place, without):
    assert failures.without_indices(place) == without


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_repetitions_of_one_place_are_one_place(segment, repetition, other):
    one, two = f"RXE[{segment}]-3[{repetition}].1", f"RXE[{other}]-3[{segment}].1"
    assert failures.without_indices(one) == failures.without_indices(two) == "RXE-3.1"
