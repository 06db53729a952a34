"""The admin face: failures by signature, submissions leaf by leaf, replay, deliveries, cases, identity, audit."""

from gateway.admin import (
    audit,
    cases,
    consents,
    deliveries,
    failures,
    identity,
    letters,
    lineage,
    overview,
    submissions,
)
from gateway.admin.door import door

__all__ = [
    "audit",
    "cases",
    "consents",
    "deliveries",
    "door",
    "failures",
    "identity",
    "letters",
    "lineage",
    "overview",
    "submissions",
]
