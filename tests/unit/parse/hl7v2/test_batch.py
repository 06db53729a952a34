"""gateway/parse/hl7v2/batch.py"""

import pytest

from gateway.core.errors import MalformedMessageError
from gateway.parse.hl7v2 import parse, reader

ONE = "MSH|^~\\&|APP|FAC|||20260302||ADT^A01|1|P|2.5.1\rPID|1||A1"
TWO = "MSH|^~\\&|APP|FAC|||20260302||ADT^A08|2|P|2.5.1\rPID|1||A1"


def test_each_message_of_a_batch_is_a_record():
    found = parse(f"FHS|^~\\&|APP\rBHS|^~\\&|APP\r{ONE}\r{TWO}\rBTS|2\rFTS|1\r".encode())
    assert [message.kind for message in found] == ["hl7v2:ADT^A01", "hl7v2:ADT^A08"]
    assert not [issue for message in found for issue in message.issues]


def test_a_batch_that_counts_wrong_is_said():
    found = parse(f"BHS|^~\\&|APP\r{ONE}\r{TWO}\rBTS|3".encode())
    assert [issue.code for issue in found[-1].issues] == ["batch-count"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_end_of_line_ends_a_segment(end):
    [message] = parse(ONE.replace("\r", end).encode())
    assert reader("PID-3")(message.root)[0].text == "A1"


def test_a_broken_line_continues_its_field_and_is_said():
    [message] = parse(f"{ONE}\rNTE|1||first\rand second".encode())
    assert reader("NTE-3")(message.root)[0].text == "first\nand second"
    assert [(issue.code, issue.location) for issue in message.issues] == [("line-continued", "NTE")]


@pytest.mark.parametrize("body", [b"", b"hello", b"PID|1||A1", b"MSHX", b"\x00\x01"])
def test_without_a_header_there_is_no_message(body):
    with pytest.raises(MalformedMessageError):
        parse(body)


def test_a_frame_and_a_byte_order_mark_are_taken_off():
    [message] = parse(b"\x0b\xef\xbb\xbf" + ONE.encode() + b"\x1c\r")
    assert reader("PID-3")(message.root)[0].text == "A1"


def test_bytes_that_are_no_utf_8_are_read_as_windows_1252_and_that_is_said():
    [message] = parse(ONE.encode() + b"\rNTE|1||caf\xe9")
    assert reader("NTE-3")(message.root)[0].text == "café"
    assert [issue.code for issue in message.issues] == ["encoding-assumed"]
