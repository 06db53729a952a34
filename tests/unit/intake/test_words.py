"""gateway/intake/words.py"""

from dataclasses import replace

import pytest

from gateway.core.submission import SubmissionState
from gateway.intake import words
from gateway.store.submissions import Event, Submission

SENT = Submission(1, "id", "c", "received", None, None, None, None, "", 1, "t0", "t0", None, None)


def event(state, at, name=None):
    return Event(1, at, name or state, state, "worker", None)


def marks(found, events=()):
    return [step.done for step in words.steps(found, list(events))]


@pytest.mark.parametrize("state", SubmissionState)
def test_every_state_is_told_in_five_steps(state):
    assert len(marks(replace(SENT, state=state))) == 5


def test_what_is_on_its_way_says_what_comes_next():
    assert marks(replace(SENT, state="received")) == ["yes", "now", "no", "no", "no"]
    assert words.is_under_way(SENT)


def test_what_arrived_says_when_each_step_was_made():
    events = [
        event(state, f"t{n}")
        for n, state in enumerate(["received", "parsed", "mapped", "validated", "matched", "routed"])
    ]
    steps = words.steps(replace(SENT, state="routed"), events)
    assert [step.at for step in steps] == ["t0", "t2", "t3", "t4", "t5"]
    assert not words.is_under_way(replace(SENT, state="routed"))


def test_a_replay_begins_again_after_the_receipt():
    events = [
        event("received", "t0"),
        event("parsed", "t1"),
        event("quarantined", "t2"),
        event("quarantined", "t3", "replay"),
    ]
    steps = words.steps(replace(SENT, state="parsed"), [*events, event("parsed", "t4")])
    assert [step.at for step in steps][:2] == ["t0", "t4"]


@pytest.mark.parametrize(
    ("reason", "stopped_at"), [("parse-error", 1), ("profile-invalid", 2), ("patient-ambiguous", 3)]
)
def test_what_was_set_aside_says_where_it_stopped(reason, stopped_at):
    found = marks(replace(SENT, state="quarantined", reason=reason))
    assert found.index("wrong") == stopped_at
    assert "now" not in found


def test_a_clinic_is_asked_to_act_only_when_it_can():
    assert words.act(SENT).who == "nobody"
    assert words.act(replace(SENT, state="quarantined", reason="encoding")).who == "clinic"
    assert words.act(replace(SENT, state="quarantined", reason="unmapped-code")).who == "care-team"
    assert words.act(replace(SENT, state="quarantined", reason="translator-failed")).who == "care-team"


def test_issues_of_one_kind_stand_together_the_heaviest_first():
    issues = [
        {"severity": "warning", "code": "drug-uncoded", "location": "RXE[1]-2"},
        {"severity": "fatal", "code": "unsafe-xml", "location": ""},
        {"severity": "warning", "code": "drug-uncoded", "location": "RXE[2]-2"},
    ]
    assert [(one.code, one.places) for one in words.troubles(issues)] == [
        ("unsafe-xml", []),
        ("drug-uncoded", ["RXE[1]-2", "RXE[2]-2"]),
    ]
    assert all(one.text for one in words.troubles(issues))
