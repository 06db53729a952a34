"""gateway/translate/hl7v2/times.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.converter import Primitive

ORIGINAL = "http://hl7.org/fhir/StructureDefinition/originalText"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026", "2026"),
        ("202603", "2026-03"),
        ("20260302", "2026-03-02"),
        ("202603021015-0500", "2026-03-02T10:15:00-05:00"),
        ("20260302101530.25+0000", "2026-03-02T10:15:30.25+00:00"),
    ],
)
def test_the_precision_and_the_offset_sent_are_kept(bench, sent, kept):
    assert bench.convert("date_time", sent) == kept
    assert bench.issues == []


def test_a_time_without_an_offset_leaves_its_day_and_stays_as_it_was_written(bench):
    made = bench.convert("date_time", "20260302101500")
    assert made == Primitive("2026-03-02", [{"url": ORIGINAL, "valueString": "20260302101500"}])
    assert bench.issues == ["offset-missing"]


def test_the_zone_that_is_agreed_with_the_sender_gives_the_offset(bench):
    assert bench.convert("date_time", "20260302101500", zone="America/New_York") == "2026-03-02T10:15:00-05:00"
    assert bench.convert("date_time", "20260702101500", zone="America/New_York") == "2026-07-02T10:15:00-04:00"


@pytest.mark.parametrize("sent", ["20260230", "202603022400-0500", "20260302101560-0500", "2026-03-02", "soon", "202"])
def test_what_no_calendar_has_is_kept_as_text_and_never_as_a_date(bench, sent):
    made = bench.convert("date_time", sent)
    assert made.value is None
    assert made.extension == [{"url": ORIGINAL, "valueString": sent}]


def test_an_instant_is_made_only_of_a_time_with_its_offset(bench):
    assert bench.convert("instant", "20260302101500-0500") == "2026-03-02T10:15:00-05:00"
    assert bench.convert("instant", "20260302101500") is None
    assert bench.convert("instant", "20260302") is None


def test_a_period_that_ends_before_it_starts_keeps_its_end_as_text(bench):
    made = bench.convert("range_of_dates", "20260302^20260201")
    assert made == {"start": "2026-03-02", "_end": {"extension": [{"url": ORIGINAL, "valueString": "2026-02-01"}]}}


@given(st.datetimes(), st.integers(0, 3))
def test_a_day_never_changes(moment, cut):
    from tests.unit.translate.hl7v2.conftest import Bench

    sent = moment.strftime("%Y%m%d%H%M%S").zfill(14)[: 14 - 2 * cut]
    made = Bench().convert("date_time", sent)
    day = made.value if isinstance(made, Primitive) else made
    assert day == f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
