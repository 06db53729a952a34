"""gateway/parse/hl7v2/delimiters.py"""

import pytest

from gateway.parse.hl7v2.delimiters import Delimiters, declared


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("MSH|^~\\&|", Delimiters()),
        ("MSH|^~\\&#|", Delimiters()),
        ("MSH|^~\\&%|", Delimiters(truncation="%")),
        ("MSH|^~|", Delimiters()),
        ("MSH|^|", Delimiters()),
        ("MSH||", Delimiters()),
        ("MSH|", Delimiters()),
        ("MSH#*!?%#", Delimiters("#", "*", "!", "?", "%")),
        ("MSH|@!|", Delimiters("|", "@", "!")),
        ("MSH|^^\\&|", Delimiters()),
        ("MSH|ADT|", Delimiters()),
    ],
)
def test_a_header_declares_its_delimiters_and_the_usual_ones_fill_a_short_one(header, found):
    assert declared(header) == found
