"""gateway/store/date_range.py"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.date_range import EARLIEST, LATEST, date_range, ranges_of


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("2024", "2024-01-01T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z"),
        ("2024-02", "2024-02-01T00:00:00.000000Z", "2024-03-01T00:00:00.000000Z"),
        ("2024-12", "2024-12-01T00:00:00.000000Z", "2025-01-01T00:00:00.000000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000000Z", "2024-03-01T00:00:00.000000Z"),
        ("2024-02-29T23:30", "2024-02-29T23:30:00.000000Z", "2024-02-29T23:31:00.000000Z"),
        ("2024-01-01T01:00:00+02:00", "2023-12-31T23:00:00.000000Z", "2023-12-31T23:00:01.000000Z"),
        ("2024-01-01T01:00:00 02:00", "2023-12-31T23:00:00.000000Z", "2023-12-31T23:00:01.000000Z"),
        ("2024-01-01T01:00:00.5Z", "2024-01-01T01:00:00.500000Z", "2024-01-01T01:00:00.600000Z"),
    ],
)
def test_a_date_covers_all_that_its_precision_leaves_open(written, low, high):
    covered = date_range(written)
    assert (covered.low, covered.high) == (low, high)


@pytest.mark.parametrize("written", ["", "24", "2023-02-29", "2024-13", "2024-01-01T24:00:00Z", "2024-1-1", "soon"])
def test_what_is_no_date_covers_nothing(written):
    assert date_range(written) is None


def test_the_last_year_ends_at_the_end_of_time():
    assert date_range("9999").high == LATEST


def test_an_open_period_has_no_end():
    [open_end] = ranges_of({"start": "2024-03"})
    [open_start] = ranges_of({"end": "2024-03"})
    assert (open_end.high, open_start.low) == (LATEST, EARLIEST)


def test_a_timing_covers_its_events_and_its_bounds():
    timing = {"event": ["2024-01-01", "2024-02-01"], "repeat": {"boundsPeriod": {"start": "2024-03-01"}}}
    assert [covered.low[:10] for covered in ranges_of(timing)] == ["2024-01-01", "2024-02-01", "2024-03-01"]


@pytest.mark.parametrize("odd", [None, 7, [], {}, {"start": 5}, {"event": [None]}, {"repeat": "x"}])
def test_odd_elements_have_no_dates(odd):
    assert ranges_of(odd) == []


@given(st.integers(0, 6_300_000_000))
def test_a_moment_lies_in_the_day_month_and_year_it_belongs_to(second):
    text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for length in (4, 7, 10):
        covered = date_range(text[:length])
        assert covered.low <= text < covered.high
