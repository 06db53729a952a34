"""gateway/cases/trials.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.trials import numbers


def named(text):
    return numbers([{"resourceType": "Condition", "note": [{"text": text}]}])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NCT04512345", ["NCT04512345"]),
        ("see nct 04512345, NCT-04512346; NCT04512345 again", ["NCT04512345", "NCT04512346"]),
        ("https://clinicaltrials.gov/study/NCT04512345?tab=x", ["NCT04512345"]),
        ("XNCT04512345 NCT0451234 NCT045123456", []),
    ],
)
def test_a_number_of_the_registry_is_known_by_its_letters_and_eight_digits(text, found):
    assert named(text) == found


def test_the_bytes_of_a_document_are_no_words():
    document = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "+NCT04512345+"}}]}
    assert numbers([document]) == []


@given(st.text(), st.from_regex(r"\ANCT[0-9]{8}\Z"), st.text())
def test_whatever_stands_around_it_a_number_by_itself_is_found(before, number, after):
    assert number in named(f"{before} {number} {after}")
