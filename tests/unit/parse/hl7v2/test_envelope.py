"""gateway/parse/hl7v2/envelope.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.parse.hl7v2 import sending


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"MSH|^~\\&|HIS^2.999^ISO|WEST|SO\rPID|1", ("HIS", "WEST")),
        (b"\x0b\r\nMSH#*~\\&#HIS*1#WEST", ("HIS", "WEST")),
        (b"BHS|^~\\&|HIS|WEST\rMSH|^~\\&|LAB|EAST", ("HIS", "WEST")),
        ("MSH|^~\\&|MÜHLE|WEST\r".encode(), ("MÜHLE", "WEST")),
        (b"MSH|^~\\&|HIS", ("HIS", "")),
        (b"MSH|^~\\&", ("", "")),
        (b"MSH", ("", "")),
        (b"PID|1|HIS|WEST", ("", "")),
        (b"<ClinicalDocument/>", ("", "")),
    ],
)
def test_who_sends_stands_in_the_first_line(body, names):
    assert sending(body) == names


@given(st.binary())
def test_no_bytes_stop_it(rest):
    assert sending(b"MSH|^~\\&|HIS|WEST\r" + rest) == ("HIS", "WEST")
    assert len(sending(b"MSH" + rest)) == len(sending(rest)) == 2
