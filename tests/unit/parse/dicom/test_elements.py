"""gateway.parse.dicom: a header within bounds; whatever is cut, deep, long or packed beyond belief is refused."""

import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from gateway.core.errors import MalformedMessageError, ParseError, TooLargeError
from gateway.parse import dicom
from gateway.parse.dicom import elements
from tests.dicom import disc, key_objects, slice_, uid

SLICE = slice_()
HEAD = SLICE[: SLICE.index(b"\x08\x00\x05\x00CS")]  # the file's own part, before the first element of the object
OPEN = b"\xff\xff\xff\xff"


def said(body):
    [record] = dicom.parse(body)
    return {record.locate(key): record.value(key) for key, *_ in record.leaves()}


def test_every_element_has_its_path_of_tags():
    found = said(key_objects())
    series = "(0040,A375)[1]/(0008,1115)[1]"
    assert found[f"{series}/(0008,0054)"] == "HARBOR1"
    assert found[f"{series}/(0008,1199)[2]/(0008,1155)"] == uid("slice 2")
    assert found["(0010,0010).2"] == "Imelda"


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_the_same_is_said_in_every_transfer_syntax(syntax):
    changing = ("(0002,0000)", "(0002,0010)", "(0029,1001)")  # what a private element is shows only where it is said
    once, again = (
        {place: text for place, text in said(one).items() if place not in changing}
        for one in (SLICE, slice_(syntax=syntax))
    )
    assert once == again


def test_numbers_of_a_big_endian_object_are_read_as_such():
    rows = struct.pack(">HH2sHH", 0x0028, 0x0010, b"US", 2, 512)
    head = HEAD.replace(b"1.2.840.10008.1.2.1\0", f"{ExplicitVRBigEndian}\0".encode())
    assert said(head + rows)["(0028,0010)"] == "512"


def test_pixels_are_counted_and_never_taken_in():
    assert said(SLICE)["(7FE0,0010)"] == "4 bytes"


def test_compressed_pixels_are_passed_over_to_their_end():
    pixels = b"\xe0\x7f\x10\x00OB\0\0" + OPEN + b"\xfe\xff\x00\xe0\x04\0\0\0\1\2\3\4\xfe\xff\xdd\xe0\0\0\0\0"
    assert said(HEAD + pixels)["(7FE0,0010)"] == "20 bytes"


@pytest.mark.parametrize(
    ("charset", "sent", "name"),
    [
        (b"ISO_IR 100", "Müller".encode("latin-1"), "Müller"),
        (b"ISO_IR 192", "Čapek".encode(), "Čapek"),
        (b"ISO_IR 144 ", "Петрова".encode("iso8859-5"), "Петрова"),
        (b"\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED\x1b(B", "Yamada"),
        (b"\\ISO 2022 IR 149 ", b"Hong=\x1b$)C" + "홍".encode("euc_kr"), "Hong"),
        (b"no such set ", b"Okafor", "Okafor"),
    ],
)
def test_names_are_read_in_the_character_set_of_the_object(charset, sent, name):
    body = HEAD + b"\x08\x00\x05\x00CS" + struct.pack("<H", len(charset)) + charset
    found = said(body + b"\x10\x00\x10\x00PN" + struct.pack("<H", len(sent)) + sent)
    assert found["(0010,0010).1"] == name
    assert found.get("(0010,0010)=ideographic.1", "山田") in ("山田", "홍")


@pytest.mark.parametrize("body", [SLICE, key_objects(), disc()])
def test_a_file_that_was_cut_says_so_unless_it_ends_between_two_elements(body):
    whole = len(said(body))
    for at in range(132, len(body), 7):
        try:
            assert len(said(body[:at])) < whole
        except MalformedMessageError:
            continue


def nested(depth):
    return HEAD + (b"\x08\x00\x15\x11SQ\0\0" + OPEN + b"\xfe\xff\x00\xe0" + OPEN) * depth


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (HEAD + b"\x10\x00\x10\x00PN\xff\xff", MalformedMessageError),
        (HEAD + b"\x10\x00\x10\x00UT\0\0\xf0\xff\xff\x7f", MalformedMessageError),
        (HEAD + b"\x10\x00\x10\x00??\x02\x00ab", MalformedMessageError),
        (HEAD + b"\x08\x00\x15\x11SQ\0\0" + OPEN, MalformedMessageError),
        (nested(3), MalformedMessageError),
        (nested(5_000), TooLargeError),
        (b"\0" * 128 + b"DICX", MalformedMessageError),
    ],
)
def test_what_no_writer_writes_is_refused(body, error):
    with pytest.raises(error):
        dicom.parse(body)


def test_a_flood_of_elements_ends_at_its_bound(monkeypatch):
    monkeypatch.setattr(elements, "MAX_ELEMENTS", 500)
    with pytest.raises(TooLargeError):
        dicom.parse(HEAD + b"\x10\x00\x10\x00PN\0\0" * 501)


def test_what_is_packed_beyond_belief_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(elements, "MAX_INFLATED", 10_000)
    head = HEAD.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    at = head.index(b"\x02\x00\x10\x00UI") + 6
    head = head[:at] + struct.pack("<H", 22) + head[at + 2 :]
    packer = zlib.compressobj(wbits=-15)
    with pytest.raises(TooLargeError):
        dicom.parse(head + packer.compress(b"\0" * 20_000) + packer.flush())


def test_records_of_a_disc_that_name_each_other_in_a_ring_are_each_taken_once():
    body = disc()
    at = body.index(b"\x04\x00\x00\x14UL\x04\x00") + 8
    first = body.index(b"\xfe\xff\x00\xe0")
    ring = body[:at] + struct.pack("<L", first) + body[at + 4 :]
    assert said(ring) | {"(0004,1220)[1]/(0004,1400)": "0"} == said(body)


@settings(max_examples=150, deadline=None)
@given(
    some.sampled_from([SLICE, key_objects(), disc()]),
    some.lists(some.tuples(some.integers(132, 2000), some.binary(max_size=9)), max_size=5),
)
def test_no_bytes_break_the_reader(body, changes):
    for at, more in changes:
        body = body[:at] + more + body[at + len(more) :]
    with suppress(ParseError, TooLargeError):
        said(body)


@given(some.floats(allow_nan=False, width=32), some.floats(allow_nan=False))
def test_a_number_is_told_by_digits_that_say_just_its_bytes(single, double):
    told = said(HEAD + _number(b"FL", "<f", single) + _number(b"FD", "<d", double, element=0x9A01))
    assert struct.pack("<f", float(told["(0018,9A00)"])) == struct.pack("<f", single)
    assert struct.pack("<d", float(told["(0018,9A01)"])) == struct.pack("<d", double)


def _number(vr, sign, value, element=0x9A00):
    return struct.pack("<HH2sH", 0x0018, element, vr, struct.calcsize(sign)) + struct.pack(sign, value)
