"""A submission: one thing a clinic sent, kept byte for byte, and how far it has come."""

from dataclasses import dataclass
from enum import StrEnum


class SubmissionState(StrEnum):
    """The technical state of a submission."""

    RECEIVED = "received"
    PARSED = "parsed"
    MAPPED = "mapped"
    VALIDATED = "validated"
    MATCHED = "matched"
    ROUTED = "routed"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a clinic gets at once: the submission's id, its state, the hash of what we hold, and when it came."""

    id: str
    state: str
    sha256: str
    size: int
    received: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the clinic's id and what is agreed with it (overlay: namespaces, zone, codes)."""

    clinic: str = ""
    zone: str = ""
