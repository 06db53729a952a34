"""gateway/admin/words.py"""

import pytest

from gateway.admin import words
from gateway.core.issue import MESSAGES
from gateway.core.ledger import State
from gateway.store.deliveries import Delivery
from gateway.store.submissions import Event, Submission

AT = "2026-03-01T10:00:00.000000Z"


def submission(state, reason=None):
    return Submission(1, "s", "c", state, reason, None, None, None, "h", 1, AT, AT, None, None)


def delivery(state):
    return Delivery(1, "d", "s", "care", "p", state, "h", AT, AT, 1, None, None)


@pytest.mark.parametrize("trouble", [*MESSAGES, "malformed-message", "unmapped", State.FAILED, State.UNTRANSLATED])
def test_every_trouble_has_a_sentence_of_its_own_and_a_next_step(trouble):
    assert words.what_is_wrong(trouble) != words.what_is_wrong("never heard of")
    assert words.what_to_do(trouble).endswith("replay every submission that has it.")


def test_a_way_that_is_gone_is_gone_to_its_end():
    steps = words.steps(submission("routed"), [Event(1, AT, "routed", "routed", "w", None)], [delivery("delivered")])
    assert [step.done for step in steps] == ["yes"] * 7
    assert steps[5].at == AT


def test_a_way_under_way_names_the_step_where_it_is():
    steps = words.steps(submission("received"), [], [])
    assert [step.done for step in steps] == ["now", "no", "no", "no", "no", "no"]


def test_a_submission_that_was_set_aside_says_where_and_why():
    assert words.steps(submission("quarantined", "parse-error"), [], [])[-1].note == "parse-error"


def test_a_dead_letter_is_not_called_delivered():
    last = words.steps(submission("routed"), [], [delivery("delivered"), delivery("dead")])[-1]
    assert (last.done, last.note) == ("wrong", "1 of 2, 1 dead")


@pytest.mark.parametrize(
    ("said", "begins"), [("replay:1", "Replay is under way for one"), ("replay:12", "Replay is under way for 12")]
)
def test_a_press_is_told_with_its_count(said, begins):
    assert words.outcome_of_press(said)[0].startswith(begins)


def test_what_no_button_says_is_not_repeated():
    assert words.outcome_of_press("canary") is None
