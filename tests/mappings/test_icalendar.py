"""mappings/icalendar: an event is an appointment as the calendar says it, and no zone, person or status is guessed."""

from pathlib import Path

import pytest

from gateway import pipeline
from gateway.core.ledger import State
from gateway.core.submission import Sender

SENT = (Path(__file__).parents[1] / "fixtures" / "icalendar" / "visit.ics").read_text("utf-8")
START, END = "DTSTART;TZID=Eastern Standard Time:20260420T090000", "DTEND;TZID=Eastern Standard Time:20260420T100000"
TIMES = f"{START}\n{END}"
CASE = {"system": "https://fhir.second-opinion.example/sid/case", "value": "SO-2026-000001"}


def converted(*changes):
    body = SENT
    for before, after in changes:
        assert before in body
        body = body.replace(before, after)
    outcome = pipeline.process(body.encode(), sender=Sender(clinic="harbor"))
    assert outcome.error is None
    assert outcome.sound
    return outcome


def visit(*changes):
    [found] = [
        e["resource"] for e in converted(*changes).bundle["entry"] if e["resource"]["resourceType"] == "Appointment"
    ]
    return found


def test_an_event_says_what_when_where_and_of_which_case():
    found = visit()
    assert (found["status"], found["start"], found["end"]) == (
        "booked", "2026-04-20T09:00:00-04:00", "2026-04-20T10:00:00-04:00",
    )  # fmt: skip
    assert found["comment"] == "Case SO-2026-000001\nPlease bring the slides, if you have them."
    assert CASE in found["identifier"]
    people = [(one.get("actor", {}).get("display"), one["status"]) for one in found["participant"]]
    assert ("M. Quendler", "accepted") in people
    assert (None, "needs-action") in people  # the patient, whom a calendar does not name


def test_every_property_and_parameter_is_accounted_for():
    ledger = converted().ledger
    assert len(ledger) == 38
    assert [one.location for one in ledger if one.state is State.UNMAPPED] == ["VEVENT[1]/X-RIVERBEND-ROOM"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ([("STATUS:CONFIRMED", "STATUS:TENTATIVE")], "pending"),
        ([("STATUS:CONFIRMED", "STATUS:CANCELLED")], "cancelled"),
        ([("METHOD:REQUEST", "METHOD:CANCEL")], "cancelled"),
        ([("STATUS:CONFIRMED\n", "")], "pending"),
        ([("STATUS:CONFIRMED\n", ""), ("METHOD:REQUEST\n", "")], "proposed"),
    ],
)
def test_the_status_is_the_events_own_unless_the_calendar_cancels(changes, status):
    assert visit(*changes)["status"] == status


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("DTSTART:20260420T130000Z\nDTEND:20260420T140000Z", "2026-04-20T13:00:00Z", "2026-04-20T14:00:00Z"),
        ("DTSTART;TZID=Europe/Berlin:20260720T090000\nDURATION:PT45M", "2026-07-20T09:00:00+02:00",
         "2026-07-20T09:45:00+02:00"),
        ("DTSTART;TZID=Eastern Standard Time:20260120T090000\nDURATION:P1D", "2026-01-20T09:00:00-05:00",
         "2026-01-21T09:00:00-05:00"),
    ],
)  # fmt: skip
def test_a_time_is_an_instant_in_the_zone_that_it_names(times, start, end):
    found = visit((TIMES, times))
    assert (found["start"], found["end"]) == (start, end)


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART:20260420T090000\nDTEND:20260420T100000",
        "DTSTART;TZID=Somewhere:20260420T090000\nDTEND;TZID=Somewhere:20260420T100000",
        "DTSTART;VALUE=DATE:20260420\nDTEND;VALUE=DATE:20260421",
        "DTSTART;VALUE=DATE:20260420",
    ],
)
def test_a_time_without_a_zone_and_a_whole_day_are_no_instants(times):
    found = visit((TIMES, times))
    assert "start" not in found
    assert found["_start"]["extension"][0]["valueCode"] == "unknown"
    [asked] = found["requestedPeriod"]
    assert {asked["start"], asked.get("end", "2026-04-20")} == {"2026-04-20"}


def test_a_time_without_a_zone_keeps_its_words():
    [asked] = visit((TIMES, "DTSTART:20260420T090000"))["requestedPeriod"]
    assert asked["_start"]["extension"][0]["valueString"] == "20260420T090000"


@pytest.mark.parametrize(
    "line",
    [
        "CONFERENCE;VALUE=URI;FEATURE=VIDEO;LABEL=Room:https://video.example/r/77",
        "X-GOOGLE-CONFERENCE:https://video.example/r/77",
    ],
)
def test_a_conference_makes_it_a_visit_from_home(line):
    assert "serviceType" not in visit()
    outcome = converted(("PRIORITY:5", line))
    found = [entry["resource"] for entry in outcome.bundle["entry"]]
    [visited] = [one for one in found if one["resourceType"] == "Appointment"]
    assert visited["serviceType"][0]["coding"][0]["code"] == "telehealth-visit"
    assert ["https://video.example/r/77"] in [[c["value"] for c in one.get("telecom", ())] for one in found]


def test_a_location_that_is_a_link_is_one_from_home():
    assert "serviceType" in visit((r"LOCATION:Clinic 4\, second floor", "LOCATION:https://video.example/r/77"))


def test_one_of_a_series_has_an_id_of_its_own_and_the_rule_stays_in_words():
    series = visit(("PRIORITY:5", "RRULE:FREQ=WEEKLY;COUNT=6"))
    single = visit(("PRIORITY:5", "RECURRENCE-ID:20260427T130000Z"))
    assert "repeats: FREQ=WEEKLY;COUNT=6" in series["comment"]
    assert series["id"] == visit()["id"] != single["id"]
