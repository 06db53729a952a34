"""What goes to which destination, each attempt, and what is dead until a person looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.core import fhirjson, ids
from gateway.core.errors import GoneError, NotFoundError, VersionConflictError
from gateway.core.labels import REDACTED, labels_of
from gateway.store import resources, work
from gateway.store.tables import attempts as a
from gateway.store.tables import deliveries as d

_COLUMNS: Final = (
    d.c.seq, d.c.id, d.c.submission, d.c.destination, d.c.patient, d.c.state, d.c.sha256, d.c.created, d.c.updated,
)  # fmt: skip
_any = a.alias("any")
_ATTEMPTS: Final = select(func.count()).where(_any.c.delivery == d.c.id).correlate(d).scalar_subquery()
_LAST: Final = select(func.max(_any.c.seq)).where(_any.c.delivery == d.c.id).correlate(d).scalar_subquery()
_LINES: Final = select(
    *_COLUMNS, _ATTEMPTS.label("attempts"), a.c.status.label("last_status"), a.c.next_try
).select_from(d.outerjoin(a, a.c.seq == _LAST))
_FIND: Final = _LINES.where(d.c.id == bindparam("id"))
_LISTING: Final = _LINES.order_by(d.c.seq.desc()).limit(bindparam("limit"))
_BUNDLE: Final = select(d.c.bundle).where(d.c.id == bindparam("id"))
_PLANNED: Final = (
    select(d.c.seq)
    .where(d.c.submission == bindparam("submission"), d.c.destination == bindparam("destination"))
    .limit(1)
)
_LAST_PUT: Final = (
    select(d.c.sha256)
    .where(d.c.submission == bindparam("submission"), d.c.destination == bindparam("destination"))
    .where(d.c.patient == bindparam("patient"))
    .order_by(d.c.seq.desc())
    .limit(bindparam("most"))
)
_WAS_PUT: Final = (
    select(d.c.seq)
    .where(d.c.submission == bindparam("submission"), d.c.destination == bindparam("destination"))
    .where(d.c.patient == bindparam("patient"), d.c.sha256 == bindparam("sha256"))
    .limit(1)
)
_HISTORY: Final = (
    select(a.c.seq, a.c.at, a.c.milliseconds, a.c.status, a.c.verdict, a.c.answer, a.c.next_try)
    .where(a.c.delivery == bindparam("id"))
    .order_by(a.c.seq)
)
_COUNTS: Final = select(d.c.destination, d.c.state, func.count()).group_by(d.c.destination, d.c.state)
_SETTLE: Final = update(d).where(d.c.id == bindparam("of"))
_STAMP: Final = ("versionId", "lastUpdated")
LONGEST_ANSWER: Final = 64 * 1024


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One transaction for one destination, without its bytes."""

    seq: int
    id: str
    submission: str
    destination: str
    patient: str
    state: str
    sha256: str
    created: str
    updated: str
    attempts: int
    last_status: int | None
    next_try: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when, how long, the HTTP status if there was one, what followed, the beginning of the answer."""

    seq: int
    at: str
    milliseconds: int
    status: int | None
    verdict: str
    answer: bytes | None
    next_try: str | None


def put(
    connection: Connection, *, submission: str, destination: str, patient: str, bundles: Sequence[bytes], at: str
) -> list[str]:
    """Put transactions on their way, in this order; gives their ids."""
    made = []
    for part, bundle in enumerate(bundles):
        sha256 = ids.digest(bundle)
        id = ids.stable_id("delivery", submission, destination, at, str(part), sha256)
        values = {"id": id, "submission": submission, "destination": destination, "patient": patient}
        values |= {"state": DeliveryState.WAITING.value, "sha256": sha256, "created": at, "updated": at}
        connection.execute(insert(d), values | {"bundle": bundle})
        work.add(connection, lane=lane(destination, patient), task="deliver", subject=id)
        made.append(id)
    return made


def were_put(connection: Connection, submission: str, destination: str) -> bool:
    """Whether anything of this submission was ever put on its way there."""
    return connection.execute(_PLANNED, {"submission": submission, "destination": destination}).first() is not None


def were_last(
    connection: Connection, bundles: Sequence[bytes], *, submission: str, destination: str, patient: str
) -> bool:
    """Whether just these transactions were put on their way there last."""
    asked = {"submission": submission, "destination": destination, "patient": patient, "most": len(bundles)}
    last = list(connection.execute(_LAST_PUT, asked).scalars())
    return last[::-1] == [ids.digest(bundle) for bundle in bundles]


def was_put(connection: Connection, bundle: bytes, *, submission: str, destination: str, patient: str) -> bool:
    """Whether just this transaction was ever put on its way there."""
    asked = {"submission": submission, "destination": destination, "patient": patient, "sha256": ids.digest(bundle)}
    return connection.execute(_WAS_PUT, asked).first() is not None


def lane(destination: str, patient: str) -> str:
    """What is known of one patient reaches one destination in its order."""
    return f"{destination}:{patient}"


def find(connection: Connection, id: str) -> Delivery:
    """One delivery with the number of its attempts."""
    row = connection.execute(_FIND, {"id": id}).one_or_none()
    if row is None:
        raise NotFoundError
    return Delivery(**row._mapping)


def bundle(connection: Connection, id: str) -> bytes:
    """The transaction as it is sent."""
    body: bytes | None = connection.execute(_BUNDLE, {"id": id}).scalar_one_or_none()
    if body is None:
        raise NotFoundError
    return body


def listing(
    connection: Connection,
    *,
    state: str | None = None,
    destination: str | None = None,
    submission: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """The newest first; `before` is the `seq` of the last one seen."""
    question = _LISTING
    for column, wanted in ((d.c.state, state), (d.c.destination, destination), (d.c.submission, submission)):
        if wanted is not None:
            question = question.where(column == wanted)
    if before is not None:
        question = question.where(d.c.seq < before)
    return [Delivery(**row._mapping) for row in connection.execute(question, {"limit": limit})]


def attempts(connection: Connection, id: str) -> list[Attempt]:
    """Every attempt, the oldest first."""
    return [Attempt(**row._mapping) for row in connection.execute(_HISTORY, {"id": id})]


def attempt(
    connection: Connection,
    id: str,
    *,
    at: str,
    milliseconds: int,
    status: int | None = None,
    verdict: str,
    answer: bytes = b"",
    next_try: str | None = None,
) -> None:
    """Enter an attempt and what followed; delivered and dead are the delivery's state from now on."""
    values = {"delivery": id, "at": at, "milliseconds": milliseconds, "status": status, "verdict": verdict}
    connection.execute(insert(a), values | {"answer": answer[:LONGEST_ANSWER] or None, "next_try": next_try})
    state = DeliveryState.WAITING if verdict == "retry" else DeliveryState(verdict)
    connection.execute(_SETTLE.values(state=state.value, updated=at), {"of": id})


def retry(connection: Connection, id: str, at: str) -> None:
    """Send a dead delivery again, each resource as it is known now: what came in since is not overwritten."""
    found = find(connection, id)
    if found.state != DeliveryState.DEAD:
        raise VersionConflictError("state")
    body = _refreshed(connection, bundle(connection, id))
    values = {"state": DeliveryState.WAITING.value, "updated": at, "bundle": body, "sha256": ids.digest(body)}
    connection.execute(_SETTLE.values(values), {"of": id})
    work.add_once(connection, lane=lane(found.destination, found.patient), task="deliver", subject=id)


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many deliveries stand in each state, by destination and state."""
    return {(destination, state): number for destination, state, number in connection.execute(_COUNTS)}


def _refreshed(connection: Connection, body: bytes) -> bytes:
    said = fhirjson.read_own(body)
    for entry in said["entry"]:
        if REDACTED in labels_of(entry["resource"]):
            continue  # a part of a case stays the part that it was
        type, _, id = entry["request"]["url"].partition("/")
        try:
            current = fhirjson.read_own(resources.read(connection, type, id).body)
        except (NotFoundError, GoneError):
            continue
        meta = {name: text for name, text in current.pop("meta", {}).items() if name not in _STAMP}
        entry["resource"] = {"resourceType": type, "id": id} | ({"meta": meta} if meta else {}) | current
    return fhirjson.write(said)
