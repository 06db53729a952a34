"""Ids that are the same for the same input, in every process."""

import hashlib
import uuid
from typing import Final

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://fhir.second-opinion.example")


def stable_id(*parts: str) -> str:
    """A UUIDv5 over the parts; parts may hold anything, their borders count."""
    return str(uuid.uuid5(NAMESPACE, "\x1f".join(part.replace("\x1f", "\x1f\x1f") for part in parts)))


def digest(body: bytes) -> str:
    """The SHA-256 of the bytes, in hex."""
    return hashlib.sha256(body).hexdigest()
