"""A submission: one thing a clinic sent, kept byte for byte, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


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


HELD: Final = frozenset({"consent-missing", "sensitive-hold"})  # the reasons of what waits for a patient's consent


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a clinic gets at once: the submission's id, its state, the hash of what we hold, and when it came."""

    id: str
    state: str
    sha256: str
    size: int
    received: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a clinic takes messages and answers from us (MLLP)."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the clinic's id, and what its overlay in mappings/senders/ says is agreed with it."""

    clinic: str = ""
    zone: str = ""  # of times without an offset
    overlay: str = ""  # the overlay's digest; empty without one
    charset: str = ""  # when MSH-18 is empty, as HL7 table 0211 names it
    namespaces: Mapping[str, str] = field(default_factory=dict)  # an assigning authority's name -> its URI
    systems: Mapping[str, str] = field(default_factory=dict)  # a coding system's local name -> its URI
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # table or concept map -> local -> its code
    policies: Mapping[str, str] = field(default_factory=dict)  # a policy's name -> the value agreed
    rows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)  # a map's name -> rows for segments of its own
    authoritative: bool = False  # whether its word on who a patient is goes before others'
    labels: tuple[str, ...] = ()  # codes of labels that all it sends bears: a Part 2 programme, a clinic for HIV
    message_types: tuple[str, ...] = ()  # the types agreed; empty: any
    certificates: tuple[str, ...] = ()  # names (CN, DNS, URI), of which its programs must show one over TLS
    listener: Listener | None = None
