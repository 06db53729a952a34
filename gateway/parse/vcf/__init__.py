"""Variant Call Format, plain or packed by gzip: told by its first line and kept whole; no variant is looked at."""

import zlib
from base64 import b64encode
from typing import Any, Final

from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue, Severity
from gateway.parse.jsontree import reader
from gateway.parse.placed import Placed, Said

__all__ = ["is_packed", "is_variants", "parse", "reader"]

_FIRST: Final = b"##fileformat=VCF"
_GZIP: Final = b"\x1f\x8b"
_LOOK: Final = 64  # bytes of the first line that are looked at, however much is packed behind them


def is_packed(body: bytes) -> bool:
    """Whether the content begins as gzip does."""
    return body.startswith(_GZIP)


def is_variants(body: bytes) -> bool:
    """Whether the content begins as VCF does, packed or not."""
    return _start(body).startswith(_FIRST)


def parse(body: bytes) -> list[Placed]:
    """One file, as the whole that it is. Raises ParseError."""
    first = _start(body).split(b"\n", 1)[0].strip()
    if not first.startswith(_FIRST):
        raise MalformedMessageError("line 1")
    version = first.partition(b"=")[2].decode("ascii", "replace")
    found: dict[str, Any] = {
        "format": Said(version, "line 1"),
        "content": Said(b64encode(body).decode("ascii"), "file"),
        "packed" if is_packed(body) else "plain": "yes",
    }
    return [_Kept("vcf:VCF", found, [Issue(Severity.INFORMATION, "document-kept", location="file")])]


class _Kept(Placed):
    """A file of which the first line and the whole are leaves; our own note of how it is packed is none."""

    def leaves(self) -> Any:
        """The first line and the whole."""
        return (leaf for leaf in super().leaves() if isinstance(self.found(leaf[0]), Said))

    def leaf_keys(self) -> Any:
        """Their keys."""
        return (key for key, *_ in self.leaves())


def _start(body: bytes) -> bytes:
    if not is_packed(body):
        return body[:_LOOK]
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body[: 64 * _LOOK], _LOOK)
    except zlib.error:
        return b""
