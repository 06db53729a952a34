"""gateway/translate/hl7v2/timing.py, timing_bounds.py and order_timing.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline import process
from gateway.translate.hl7v2.repeat_pattern import read, read_all
from tests.mappings.hl7v2_fixtures import resources

ORDER = "MSH|^~\\&|A|B|||20260302||RDE^O11|1|P|2.5.1\rPID|1||7||Doe^Jan\rORC|NW|1\rRXE||^Drug|5||mg||^Sig"
WORD = st.sampled_from(["", "BID", "Q6H", "DW", "DM", "2", "9", "d", "mo", "ACM", "lunch", "30", "min", "Y", "0600"])


def dosages(timing):
    """The dosages of an order with this TQ1."""
    [order] = resources(process(f"{ORDER}\r{timing}".encode()), "MedicationRequest")
    return order["dosageInstruction"]


@pytest.mark.parametrize(
    ("rpt", "repeat"),
    [
        ("^DW^2^4", {"dayOfWeek": ["tue", "wed", "thu"]}),
        ("^DW^1^^2^wk", {"dayOfWeek": ["mon"], "period": 2, "periodUnit": "wk"}),
        ("^^^^90^min", {"period": 90, "periodUnit": "min"}),
        ("^^^^^^^HS^30^min", {"when": ["HS"], "offset": 30}),
        ("^^^^^^^PCM^2^h", {"when": ["PCM"], "offset": 120}),
    ],
)
def test_the_components_of_a_pattern_are_read_together(rpt, repeat):
    assert dosages(f"TQ1|1||{rpt}")[0]["timing"]["repeat"] == repeat


@given(st.lists(WORD, min_size=11, max_size=11))
def test_a_pattern_that_is_partly_understood_stays_whole_as_words(components):
    rpt = {number: said for number, said in enumerate(components, 1)}
    made = dosages(f"TQ1|1||{'^'.join(components)}")[0]
    timing = made.get("timing", {})
    if read_all(rpt) is None:
        assert "repeat" not in timing
        assert set(components) - {""} <= set(timing["code"]["text"].split())
        assert not [one for one in timing["code"].get("coding", []) if one["system"].endswith("GTSAbbreviation")]
    else:
        frequency = {name: said for name, said in timing.get("repeat", {}).items() if name == "frequency"}
        assert frequency == {name: said for name, said in read(rpt[1]).repeat.items() if name == "frequency"}
    assert made["text"] == "Sig"


@pytest.mark.parametrize(
    ("fields", "bounds"),
    [
        ("10^d|20260301", {"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-10"}}),
        ("2^wk||20260314", {"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-14"}}),
        (
            "46^h|20260301080000-0500",
            {"boundsPeriod": {"start": "2026-03-01T08:00:00-05:00", "end": "2026-03-03T06:00:00-05:00"}},
        ),
        ("10^d|20260301|20260320", {"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-20"}}),
        ("1^mo|20260301", {"boundsPeriod": {"start": "2026-03-01"}}),
        ("6^h|20260301", {"boundsPeriod": {"start": "2026-03-01"}}),
        ("10^d", {"boundsDuration": {"value": 10, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}}),
    ],
)
def test_a_duration_bounds_a_period_only_where_days_can_be_counted(fields, bounds):
    made = dosages(f"TQ1|1||BID|||{fields}")[0]
    repeat = made["timing"]["repeat"]
    assert {name: said for name, said in repeat.items() if name.startswith("bounds")} == bounds
    said = [one["text"] for one in made.get("additionalInstruction", [])]
    reckoned = "boundsDuration" in bounds or ("end" in bounds["boundsPeriod"] and fields.count("2026") == 1)
    assert reckoned == (not [one for one in said if one.startswith("duration")])


def test_a_time_of_day_and_an_event_do_not_stand_together():
    made = dosages("TQ1|1||QHS|2100")[0]
    assert "timeOfDay" not in made["timing"]["repeat"]
    assert {"text": "at: 2100"} in made["additionalInstruction"]


def test_a_dose_that_differs_from_the_orders_is_words_and_is_told():
    found = process(f"{ORDER}\rTQ1|1|10^mg|BID".encode())
    [order] = resources(found, "MedicationRequest")
    [dosage] = order["dosageInstruction"]
    assert str(dosage["doseAndRate"][0]["doseQuantity"]["value"]) == "5"
    assert {"text": "quantity: 10 mg"} in dosage["additionalInstruction"]
    assert "second-value" in {issue.code for issue in found.issues}
