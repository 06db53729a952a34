"""A zip as its entries: nothing outside it, no archive inside it, no flood; all is checked before anything is kept."""

import stat
import struct
import zlib
from io import BytesIO
from itertools import pairwise
from typing import Final, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from gateway.core.errors import MalformedMessageError, TooLargeError, UnsafePackageError
from gateway.parse.vcf import is_variants

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_ENTRIES: Final = 1_000
MAX_ENTRY: Final = 40 * 1024 * 1024
MAX_TOTAL: Final = 100 * 1024 * 1024
MAX_RATIO: Final = 100
_SMALL: Final = 1024  # bytes packed, below which the ratio says nothing
_HEADER: Final = 30  # bytes before each entry, its name not counted
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVES: Final = (*_ZIP, b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")
_OFFICE: Final = b"[Content_Types].xml"  # a document of an office program is a zip too, and is never opened here
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError)


class Entry(NamedTuple):
    """One file of a package: its path as it was written, and its bytes."""

    path: str
    body: bytes


def is_package(body: bytes) -> bool:
    """Whether the content begins as a zip does."""
    return body.startswith(_ZIP)


def unpack(body: bytes) -> list[Entry]:
    """The files of a package, in its order. Raises TooLargeError, UnsafePackageError, MalformedMessageError."""
    if len(body) > MAX_BYTES:
        raise TooLargeError("package")
    try:
        with ZipFile(BytesIO(body)) as archive:
            found = archive.infolist()
            _check_all(found)
            return [
                Entry(one.filename, _content(archive, one, n)) for n, one in enumerate(found, 1) if not one.is_dir()
            ]
    except _BROKEN:
        raise MalformedMessageError("package") from None


def _check_all(found: list[ZipInfo]) -> None:
    if len(found) > MAX_ENTRIES:
        raise UnsafePackageError("entries")
    if len({one.filename.casefold() for one in found}) != len(found):
        raise UnsafePackageError("names")
    if sum(one.file_size for one in found) > MAX_TOTAL:
        raise UnsafePackageError("size")
    for number, one in enumerate(found, 1):
        if not _is_safe(one):
            raise UnsafePackageError(f"entry {number}")
    in_order = sorted(found, key=lambda one: one.header_offset)
    if any(_end(one) > other.header_offset for one, other in pairwise(in_order)):
        raise UnsafePackageError("overlap")


def _is_safe(one: ZipInfo) -> bool:
    """Whether the entry stays where it is, is a plain file in the clear, and is not packed beyond belief."""
    name = one.orig_filename
    stays = not name.startswith("/") and ".." not in name.split("/") and not any(sign in name for sign in "\\:\0")
    plain = not stat.S_ISLNK(one.external_attr >> 16) and not one.flag_bits & _ENCRYPTED
    readable = one.compress_type in (ZIP_STORED, ZIP_DEFLATED) and name.isprintable()
    return stays and plain and readable and one.file_size <= MAX_RATIO * max(one.compress_size, _SMALL)


def _end(one: ZipInfo) -> int:
    """Where the entry ends at the earliest."""
    return one.header_offset + _HEADER + one.compress_size


def _content(archive: ZipFile, one: ZipInfo, number: int) -> bytes:
    """The bytes of an entry, never more than it says: what says less than it holds fails its check sum."""
    if one.file_size > MAX_ENTRY:
        raise TooLargeError(f"entry {number}")
    with archive.open(one) as stream:
        body = stream.read(MAX_ENTRY + 1)
    office = body.startswith(_ZIP) and _OFFICE in body[:100]
    if body.startswith(_ARCHIVES) and not office and not is_variants(body):
        raise UnsafePackageError(f"entry {number}")
    return body
