"""Submissions whose place a later one of their clinic takes: a referral is changed, a document replaced."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection

from gateway.core.submission import SubmissionState
from gateway.store import orders, submissions
from gateway.store.submissions import Submission
from gateway.worker.desk import ACTOR

Resource = dict[str, Any]
# REF^I13 changes a referral and REF^I14 takes it back; what REF^I12 says again is the same referral told once more.
_CORRECTIONS: Final = ("hl7v2:REF^I13", "hl7v2:REF^I14")
_REFERRALS: Final = "hl7v2:REF^"


def supersede(connection: Connection, found: Submission, kind: str, made: Iterable[Resource], at: str) -> None:
    """Say of the earlier submissions that this one corrects that it does; their history stays."""
    before = {id for one in made for id in _before(connection, found, kind, one)}
    for id in sorted(before - {found.id}):
        mark(connection, id, at)


def mark(connection: Connection, id: str, at: str) -> None:
    """A routed submission is superseded from now on."""
    state = SubmissionState.SUPERSEDED.value
    if submissions.find(connection, id, None).state == SubmissionState.ROUTED:
        submissions.advance(connection, id, event=state, state=state, at=at, actor=ACTOR)


def _before(connection: Connection, found: Submission, kind: str, resource: Resource) -> Iterator[str]:
    type = resource["resourceType"]
    if type == "ServiceRequest" and kind in _CORRECTIONS:
        yield from submissions.telling(connection, type, resource["id"], clinic=found.clinic, kind=_REFERRALS)
    for related in resource.get("relatesTo", ()) if type in ("DocumentReference", "Composition") else ():
        number = related.get("targetIdentifier") or related.get("target", {}).get("identifier")
        if related.get("code") == "replaces" and number:
            family = kind.partition("^")[0] if kind.startswith("hl7v2:") else kind.partition(":")[0]
            for held in orders.bearing(connection, type, [number], found.clinic):
                yield from submissions.telling(connection, type, held["id"], clinic=found.clinic, kind=family)
