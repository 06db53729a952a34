"""gateway/cases/states.py: the table of states is the whole law."""

import itertools

import pytest

from gateway.cases.states import FIRST, NONE, events, states, step, transitions
from gateway.core.errors import IllegalTransitionError

# The harmonised transitions of the referral guide, as from, event, to (the states under the names that we give them).
RECEIVED, ACCEPTED, DECLINED, ACTIVE = "case-received", "records-complete", "declined", "under-review"
SCHEDULED, NO_SHOW, VISIT_CANCELLED, SEEN = "visit-scheduled", "no-show", "visit-cancelled", "visit-completed"
ASKED, CANCELLED, RETURNED = "cancel-requested", "cancelled", "opinion-returned"
GUIDE = {
    "01": (NONE, "send-referral", RECEIVED),
    "02": (RECEIVED, "accept", ACCEPTED),
    "03": (RECEIVED, "decline", DECLINED),
    "04": (RECEIVED, "request-cancel", ASKED),
    "05": (ACCEPTED, "decline", DECLINED),
    "06": (ACCEPTED, "schedule-visit", SCHEDULED),
    "07": (ACCEPTED, "request-cancel", ASKED),
    "08": (ACCEPTED, "interim-note", SEEN),
    "09": (ACCEPTED, "outcome", RETURNED),
    "10": (SCHEDULED, "decline", DECLINED),
    "11": (SCHEDULED, "reschedule-visit", SCHEDULED),
    "12": (SCHEDULED, "no-show", NO_SHOW),
    "13": (SCHEDULED, "cancel-visit", VISIT_CANCELLED),
    "14": (SCHEDULED, "request-cancel", ASKED),
    "15": (SCHEDULED, "interim-note", SEEN),
    "16": (SCHEDULED, "outcome", RETURNED),
    "17": (NO_SHOW, "decline", DECLINED),
    "18": (NO_SHOW, "reschedule-visit", SCHEDULED),
    "19": (NO_SHOW, "cancel-visit", VISIT_CANCELLED),
    "20": (NO_SHOW, "request-cancel", ASKED),
    "21": (VISIT_CANCELLED, "schedule-visit", SCHEDULED),
    "22": (VISIT_CANCELLED, "request-cancel", ASKED),
    "23": (ASKED, "confirm-cancel", CANCELLED),
    "24": (ASKED, "outcome", RETURNED),
    "25": (SEEN, "decline", DECLINED),
    "26": (SEEN, "schedule-visit", SCHEDULED),
    "27": (SEEN, "cancel-visit", VISIT_CANCELLED),
    "28": (SEEN, "request-cancel", ASKED),
    "29": (SEEN, "interim-note", SEEN),
    "30": (SEEN, "outcome", RETURNED),
    "31": (ACCEPTED, "schedule-visit", ACTIVE),
    "32": (ACCEPTED, "interim-note", ACTIVE),
    "33": (ACTIVE, "decline", DECLINED),
    "34": (ACTIVE, "request-cancel", ASKED),
}
ALL = list(transitions())
EVERYBODY = ("initiator", "recipient")


def test_the_rows_of_the_guide_are_the_guides_and_every_other_is_marked_as_ours():
    assert {one.row: (one.source, one.event, one.to) for one in ALL if one.row in GUIDE} == GUIDE
    assert all(one.row.startswith("own-") for one in ALL if one.row not in GUIDE)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.row)
def test_every_row_can_be_taken_and_leads_where_it_says(one):
    assert step(one.source, one.event, by=one.by, to=one.to, complete=True) == one


@pytest.mark.parametrize("event", sorted({one.event for one in ALL}))
def test_no_other_step_is_taken_from_any_state_by_anybody_to_any_end(event):
    legal = {(one.source, one.event, one.by, one.to) for one in ALL}
    ends = ("", *states())
    for source, by, to in itertools.product((NONE, *states(), "nonsense"), EVERYBODY, ends):
        own = any((one.source, one.event, one.by) == (source, event, by) and not one.partner for one in ALL)
        if (source, event, by, to) in legal or (not to and own):
            continue
        with pytest.raises(IllegalTransitionError):
            step(source, event, by=by, to=to, complete=True)


def test_without_an_end_we_take_our_own_step_and_a_partner_may_name_the_other():
    assert step(ACCEPTED, "schedule-visit").row == "06"
    assert step(ACCEPTED, "schedule-visit", to=ACTIVE).row == "31"


def test_a_review_is_resumed_only_where_one_may_have_been_under_way():
    assert step("needs-information", "resume-review", complete=True).to == ACTIVE
    with pytest.raises(IllegalTransitionError):
        step("needs-information", "resume-review")
    assert "resume-review" not in events("needs-information")


def test_a_sender_may_only_ask_to_cancel():
    assert {event for state in states() for event in events(state, by="initiator")} == {"request-cancel"}


def test_nothing_leads_out_of_an_end_and_out_of_a_wish_to_cancel_only_two_ways_lead():
    assert {name for name, one in states().items() if not events(name)} == {"closed", CANCELLED, DECLINED, "expired"}
    assert sorted(events(ASKED)) == ["confirm-cancel", "outcome"]
    assert all(states()[name].ended for name in ("closed", CANCELLED, DECLINED, "expired"))


def test_every_state_can_be_reached():
    reached, new = {FIRST}, {FIRST}
    while new:
        new = {one.to for one in ALL if one.source in new} - reached
        reached |= new
    assert reached == set(states())
