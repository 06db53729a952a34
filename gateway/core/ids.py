"""Ids that are the same for the same input, in every process."""

import hashlib
import uuid
from typing import Final

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://fhir.second-opinion.example")
_HASHED: Final = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)  # each id goes on from here
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def stable_id(*parts: str) -> str:
    """A UUIDv5 (RFC 9562, section 5.5) over the parts; parts may hold anything, their borders count."""
    name = "\x1f".join(parts)
    if name.count("\x1f") >= len(parts):
        name = "\x1f".join(part.replace("\x1f", "\x1f\x1f") for part in parts)
    hashed = _HASHED.copy()
    hashed.update(name.encode())
    found = hashed.hexdigest()
    return f"{found[:8]}-{found[8:12]}-5{found[13:16]}-{_VARIANT[found[16]]}{found[17:20]}-{found[20:32]}"


def digest(body: bytes) -> str:
    """The SHA-256 of the bytes, in hex."""
    return hashlib.sha256(body).hexdigest()
