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


def test_each_batch_of_a_file_counts_its_own_messages_and_the_file_its_batches():
    file = f"FHS|^~\\&|APP\rBHS|^~\\&|A\r{ONE}\rBTS|1\rBHS|^~\\&|B\r{TWO}\r{ONE}\rBTS|02\rFTS|"
    assert [issue.code for message in parse(f"{file}2".encode()) for issue in message.issues] == []
    found = parse(f"{file}3".encode())
    assert [(issue.code, issue.location) for issue in found[-1].issues] == [("batch-count", "FTS-1")]
    assert [[segment.name for segment in message.segments] for message in found] == [
        ["FHS", "BHS", "MSH", "PID", "BTS"], ["BHS", "MSH", "PID"], ["MSH", "PID", "BTS", "FTS"],
    ]  # fmt: skip


def test_each_message_of_a_batch_is_read_in_its_own_character_set():
    latin, wide = (f"{ONE}||||||{name}\rNTE|1||café" for name in ("8859/1", "UNICODE UTF-8"))
    latin, wide = (text.replace("\rPID|1||A1", "", 1) + "\r" for text in (latin, wide))
    found = parse(latin.encode("cp1252") + wide.encode())
    assert [reader("NTE-3")(message.root)[0].text for message in found] == ["café", "café"]


@pytest.mark.parametrize("more", [b"x^" * 1_100_000, b"x|" * 1_100_000])
def test_a_message_with_more_parts_than_its_places_can_count_is_refused(more):
    with pytest.raises(MalformedMessageError):
        parse(f"{ONE}\rNTE|1||".encode() + more)
    assert len(parse(f"{ONE}\rNTE|1||".encode() + b"x" * 2_200_000)) == 1


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
    assert reader("PID-3")(message.root)[0].raw == "A1"
    assert message.issues == []


def test_bytes_that_are_no_utf_8_are_read_as_windows_1252_and_that_is_said():
    [message] = parse(ONE.encode() + b"\rNTE|1||caf\xe9")
    assert reader("NTE-3")(message.root)[0].text == "café"
    assert [issue.code for issue in message.issues] == ["encoding-assumed"]
