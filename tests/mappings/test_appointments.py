"""mappings/form/appointments.yaml: a row of a sheet is a visit, with no time, status or person that it does not say."""

import pytest

from gateway import pipeline
from gateway.core.submission import Sender

HEAD = "case number,visit start,visit end,visit status,appointment type,visit location,visit notes"


def visit(row):
    outcome = pipeline.process(f"{HEAD}\n{row}\n".encode(), sender=Sender(clinic="harbor"))
    assert (outcome.kind, outcome.error, outcome.sound) == ("csv:appointments", None, True)
    [found] = [e["resource"] for e in outcome.bundle["entry"] if e["resource"]["resourceType"] == "Appointment"]
    return found


@pytest.mark.parametrize(
    ("said", "status"),
    [("Booked", "booked"), ("no-show", "noshow"), ("CANCELED", "cancelled"), ("", "proposed"), ("perhaps", "proposed")],
)
def test_a_status_is_what_the_cell_says_or_no_more_than_proposed(said, status):
    assert visit(f"SO-2026-000001,2026-04-20,,{said},,,")["status"] == status


@pytest.mark.parametrize("time", ["2026-04-20 09:00", "20 April 2026 9:00 am", "2026-04-20T09:00", "2026-04-20T25:00Z"])
def test_a_time_without_an_offset_is_as_exact_as_its_day_and_stays_as_words(time):
    found = visit(f"SO-2026-000001,{time},,booked,,,")
    [asked] = found["requestedPeriod"]
    assert asked["start"] == "2026-04-20"
    assert asked["_start"]["extension"][0]["valueString"] == time
    assert "start" not in found


def test_place_type_and_notes_are_kept():
    found = visit("SO-2026-000001,2026-04-20T13:00Z,2026-04-20T14:00Z,booked,Consultation,Clinic 4,Bring slides")
    assert (found["start"], found["appointmentType"]["text"], found["comment"]) == (
        "2026-04-20T13:00:00Z", "Consultation", "Bring slides",
    )  # fmt: skip
    assert {"system": "https://fhir.second-opinion.example/sid/case", "value": "SO-2026-000001"} in found["identifier"]
    assert any("Location/" in one.get("actor", {}).get("reference", "") for one in found["participant"])
