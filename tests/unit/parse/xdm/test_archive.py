"""gateway/parse/xdm/archive.py"""

import io
import stat
import zipfile

import pytest

from gateway.core.errors import GatewayError, MalformedMessageError, TooLargeError, UnsafePackageError
from gateway.parse.xdm import archive
from gateway.parse.xdm.archive import MAX_BYTES, unpack
from tests.packages import package


def with_entry(name: str = "one.txt", body: bytes = b"one", **said) -> bytes:
    held = io.BytesIO()
    entry = zipfile.ZipInfo(name)
    for what, value in said.items():
        setattr(entry, what, value)
    with zipfile.ZipFile(held, "w") as made:
        made.writestr(entry, body)
    return held.getvalue()


def test_the_files_of_a_package_come_out_as_they_went_in():
    sent = {"IHE_XDM/SUBSET01/DOC00001.XML": b"<a/>", "scans/page one.pdf": b"%PDF-1.4", "empty.txt": b""}
    assert dict(unpack(package(sent))) == sent


def test_a_package_of_twenty_megabytes_is_taken_and_one_byte_more_is_refused():
    frame = len(with_entry(body=b""))
    assert len(unpack(with_entry(body=bytes(MAX_BYTES - frame)))[0].body) == MAX_BYTES - frame
    with pytest.raises(TooLargeError):
        unpack(with_entry(body=bytes(MAX_BYTES - frame + 1)))


@pytest.mark.parametrize("name", ["../one", "a/../../one", "/etc/one", "C:\\one", "a\\one", "a\x07one"])
def test_a_file_outside_the_package_is_refused(name):
    with pytest.raises(UnsafePackageError) as refused:
        unpack(with_entry(name))
    assert refused.value.place == "entry 1"


@pytest.mark.parametrize(
    "body",
    [
        with_entry(external_attr=(stat.S_IFLNK | 0o777) << 16),
        with_entry(body=package({"inner.txt": b"one"})),
        with_entry(body=b"\x1f\x8b\x08\x00 packed"),
        package({"bomb.txt": bytes(1_000_000)}),
        package({"One.txt": b"1", "one.TXT": b"2"}),
        package({f"{n}.txt": b"1" for n in range(archive.MAX_ENTRIES + 1)}),
    ],
    ids=["a link", "a zip", "a gzip", "a bomb", "one name twice", "too many files"],
)
def test_what_a_package_may_not_hold_is_refused(body):
    with pytest.raises(UnsafePackageError):
        unpack(body)


def test_files_that_share_their_bytes_are_refused():
    sent = bytearray(package({"one.txt": b"a" * 50, "two.txt": b"b" * 50}))
    second = sent.rindex(b"PK\x01\x02")
    sent[second + 42 : second + 46] = bytes(4)  # where the second file begins: at the first
    with pytest.raises(GatewayError):
        unpack(bytes(sent))


def test_a_file_that_says_less_than_it_holds_is_refused():
    sent = bytearray(with_entry(body=b"a" * 50))
    central = sent.rindex(b"PK\x01\x02")
    sent[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(MalformedMessageError):
        unpack(bytes(sent))


def test_a_document_of_an_office_program_is_a_document():
    assert unpack(with_entry("note.docx", package({"[Content_Types].xml": b"<a/>"})))[0].path == "note.docx"


@pytest.mark.parametrize("cut", [4, 30, -1])
def test_a_package_that_was_cut_is_no_package(cut):
    with pytest.raises(MalformedMessageError):
        unpack(package({"one.txt": b"one"})[:cut])
