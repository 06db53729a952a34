"""gateway/translate/hl7v2/repeat_pattern.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.hl7v2.repeat_pattern import read


@pytest.mark.parametrize(
    ("sent", "repeat"),
    [
        ("BID", {"frequency": 2, "period": 1, "periodUnit": "d"}),
        ("5ID", {"frequency": 5, "period": 1, "periodUnit": "d"}),
        ("Q6H", {"frequency": 1, "period": 6, "periodUnit": "h"}),
        ("Q30M", {"frequency": 1, "period": 30, "periodUnit": "min"}),
        ("Q2W", {"frequency": 1, "period": 2, "periodUnit": "wk"}),
        ("QOD", {"frequency": 1, "period": 2, "periodUnit": "d"}),
        ("QHS", {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]}),
        ("Q1J135", {"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "wed", "fri"]}),
        ("ACM", {"when": ["ACM"]}),
        ("Once", {"count": 1}),
    ],
)
def test_a_pattern_of_the_table_is_a_repeat(sent, repeat):
    assert read(sent).repeat == repeat


@pytest.mark.parametrize("sent", ["", "C", "QSHIFT", "U 3 2", "Q0H", "daily", "BID x 3", "Q4-6H"])
def test_what_is_not_wholly_understood_says_nothing(sent):
    assert read(sent).repeat == {}


def test_as_needed_may_carry_a_pattern():
    assert read("PRN").as_needed
    assert read("PRNQ8H").as_needed
    assert read("PRNQ8H").repeat == {"frequency": 1, "period": 8, "periodUnit": "h"}


@given(st.text(max_size=12))
def test_any_text_is_read_and_a_frequency_is_never_without_its_period(sent):
    repeat = read(sent).repeat
    assert ("frequency" in repeat) == ("period" in repeat) == ("periodUnit" in repeat)
