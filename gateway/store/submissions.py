"""Submissions at rest: what came in, byte for byte, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.core import ids
from gateway.core.errors import KeyReusedError, NotFoundError
from gateway.core.submission import Receipt, SubmissionState
from gateway.store import work
from gateway.store.tables import events as e
from gateway.store.tables import idempotency_keys as k
from gateway.store.tables import originals as o
from gateway.store.tables import resources as r
from gateway.store.tables import submissions as s

REUSED: Final = "control-id-reused"
STOPPED: Final = frozenset({SubmissionState.QUARANTINED, SubmissionState.REJECTED})
UNDER_WAY: Final = frozenset(
    {
        SubmissionState.RECEIVED,
        SubmissionState.PARSED,
        SubmissionState.MAPPED,
        SubmissionState.VALIDATED,
        SubmissionState.MATCHED,
    }
)
_COLUMNS: Final = (
    s.c.seq, s.c.id, s.c.clinic, s.c.state, s.c.reason, s.c.kind, s.c.media_type, s.c.file_name,
    s.c.sha256, s.c.size, s.c.received, s.c.updated, s.c.patient, s.c.parent,
)  # fmt: skip
_FIND: Final = select(*_COLUMNS).where(s.c.id == bindparam("id"))
_FIND_ALL: Final = select(*_COLUMNS).where(s.c.id.in_(bindparam("ids", expanding=True)))
_FIND_OWN: Final = _FIND.where(s.c.clinic == bindparam("clinic"))
_KEY: Final = select(k.c.submission).where(k.c.clinic == bindparam("clinic"), k.c.key_sha256 == bindparam("key"))
_KEYS: Final = select(k.c.key_sha256).where(
    k.c.clinic == bindparam("clinic"), k.c.key_sha256.in_(bindparam("keys", expanding=True))
)
_ORIGINAL: Final = select(o.c.body).where(o.c.submission == bindparam("id"))
_LISTING: Final = select(*_COLUMNS).order_by(s.c.seq.desc()).limit(bindparam("limit"))
_EVENTS: Final = (
    select(e.c.seq, e.c.at, e.c.event, e.c.state, e.c.actor, e.c.mapping)
    .where(e.c.submission == bindparam("id"))
    .order_by(e.c.seq)
)
_COUNTS: Final = select(s.c.state, func.count()).group_by(s.c.state)
_STATES: Final = select(s.c.id, s.c.state).where(s.c.id.in_(bindparam("ids", expanding=True)))
_SAID_SINCE: Final = (
    select(r.c.type, r.c.id)
    .join_from(r, s, r.c.submission == s.c.id)
    .where(r.c.id.in_(bindparam("ids", expanding=True)), r.c.current.is_(True), s.c.seq > bindparam("after"))
)
_ADD: Final = insert(s)
_ADD_ORIGINAL: Final = insert(o)
_ADD_KEY: Final = insert(k)
_ADD_EVENT: Final = insert(e)


@dataclass(frozen=True, slots=True)
class Submission:
    """One row: everything known of a submission but its bytes."""

    seq: int
    id: str
    clinic: str
    state: str
    reason: str | None
    kind: str | None
    media_type: str | None
    file_name: str | None
    sha256: str
    size: int
    received: str
    updated: str
    patient: str | None
    parent: str | None

    @property
    def receipt(self) -> Receipt:
        """What the clinic gets to know at once."""
        return Receipt(self.id, self.state, self.sha256, self.size, self.received)


@dataclass(frozen=True)
class Incoming:
    """What came and is to be kept; the control id is the sender's own number of a message."""

    clinic: str
    body: bytes = field(repr=False)
    media_type: str | None = None
    file_name: str | None = None
    control_id: str | None = None
    answered: bool = False  # whether its clinic is to hear, at its own listener, what came of it

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return ids.digest(self.body)

    @cached_property
    def id(self) -> str:
        """The same bytes of one clinic are one submission."""
        return ids.stable_id("submission", self.clinic, self.sha256)

    @cached_property
    def number_key(self) -> str:
        """Under what the control id is bound. No Idempotency-Key is like it: those hold no control characters."""
        return ids.digest(f"MSH-10\x1f{self.control_id}".encode())


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a submission: when, what happened, the state after it, who did it, with which mapping."""

    seq: int
    at: str
    event: str
    state: str
    actor: str
    mapping: str | None


def keep(
    connection: Connection,
    *,
    clinic: str,
    body: bytes,
    media_type: str | None,
    file_name: str | None,
    idempotency_key: str | None,
    at: str,
) -> tuple[Receipt, bool]:
    """Keep the bytes and the work that follows from them; the same bytes of one clinic are kept once.

    A key that was used before with other content raises KeyReusedError.
    """
    arrival = Incoming(clinic, body, media_type, file_name)
    if idempotency_key:
        _bind_key(connection, clinic, ids.digest(idempotency_key.encode()), arrival.id, known=False)
    ((receipt, new),) = keep_all(connection, [arrival], at)
    if idempotency_key:
        _bind_key(connection, clinic, ids.digest(idempotency_key.encode()), arrival.id, known=True)
    return receipt, new


def keep_all(connection: Connection, arrivals: Sequence["Incoming"], at: str) -> list[tuple[Receipt, bool]]:
    """Keep what came together, in its order, with as many statements as one alone would take.

    A control id that a clinic used before for other content is entered as a step: senders do use a number twice, and
    what they send must not be lost for it.
    """
    sought = list({arrival.id for arrival in arrivals})
    known = {row.id: Submission(**row._mapping).receipt for row in connection.execute(_FIND_ALL, {"ids": sought})}
    new: dict[str, Incoming] = {}
    for arrival in arrivals:
        if arrival.id not in known:
            new.setdefault(arrival.id, arrival)
    if new:
        _add_all(connection, new, at)
    for arrival in arrivals:
        if arrival.answered:
            work.add_once(connection, lane=f"answers:{arrival.clinic}", task="acknowledge", subject=arrival.id)
    answers = []
    for arrival in arrivals:
        received = Receipt(arrival.id, SubmissionState.RECEIVED, arrival.sha256, len(arrival.body), at)
        answers.append((known.get(arrival.id, received), arrival is new.get(arrival.id)))
    return answers


def _add_all(connection: Connection, new: dict[str, "Incoming"], at: str) -> None:
    connection.execute(_ADD, [_columns(arrival, at) for arrival in new.values()])
    connection.execute(_ADD_ORIGINAL, [{"submission": id, "body": arrival.body} for id, arrival in new.items()])
    steps = [_step(id, "receive", SubmissionState.RECEIVED, at, arrival.clinic) for id, arrival in new.items()]
    steps += [_step(id, REUSED, SubmissionState.RECEIVED, at, new[id].clinic) for id in _reused(connection, new)]
    connection.execute(_ADD_EVENT, steps)
    work.add_all(connection, [(lane(arrival.clinic), "process", id) for id, arrival in new.items()])


def _columns(arrival: "Incoming", at: str) -> dict[str, Any]:
    return {
        "id": arrival.id,
        "clinic": arrival.clinic,
        "state": SubmissionState.RECEIVED,
        "media_type": arrival.media_type,
        "file_name": arrival.file_name,
        "sha256": arrival.sha256,
        "size": len(arrival.body),
        "received": at,
        "updated": at,
    }


def _reused(connection: Connection, new: dict[str, "Incoming"]) -> list[str]:
    """Bind each control id to the first submission that bears it; gives the submissions whose number was bound."""
    numbered = {id: arrival for id, arrival in new.items() if arrival.control_id}
    bound: set[tuple[str, str]] = set()
    for clinic in {arrival.clinic for arrival in numbered.values()}:
        asked = [arrival.number_key for arrival in numbered.values() if arrival.clinic == clinic]
        bound |= {(clinic, key) for key in connection.execute(_KEYS, {"clinic": clinic, "keys": asked}).scalars()}
    first: list[dict[str, str]] = []
    again: list[str] = []
    for id, arrival in numbered.items():
        if (key := (arrival.clinic, arrival.number_key)) in bound:
            again.append(id)
        else:
            bound.add(key)
            first.append({"clinic": arrival.clinic, "key_sha256": arrival.number_key, "submission": id})
    if first:
        connection.execute(_ADD_KEY, first)
    return again


def _bind_key(connection: Connection, clinic: str, key: str, submission: str, *, known: bool) -> None:
    """Look at the key before anything is written, bind it when the submission stands."""
    bound = connection.execute(_KEY, {"clinic": clinic, "key": key}).scalar_one_or_none()
    if bound is not None and bound != submission:
        raise KeyReusedError
    if known and bound is None:
        connection.execute(_ADD_KEY, {"clinic": clinic, "key_sha256": key, "submission": submission})


def lane(clinic: str) -> str:
    """Submissions of one clinic are processed one after the other, in the order they came."""
    return f"clinic:{clinic}"


def receipt(connection: Connection, id: str, clinic: str) -> Receipt:
    """A clinic finds its own submissions; another clinic's is absent, not forbidden."""
    return find(connection, id, clinic).receipt


def find(connection: Connection, id: str, clinic: str | None) -> Submission:
    """Everything known of a submission; `clinic=None` may see all."""
    question = _FIND if clinic is None else _FIND_OWN
    row = connection.execute(question, {"id": id} if clinic is None else {"id": id, "clinic": clinic}).one_or_none()
    if row is None:
        raise NotFoundError
    return Submission(**row._mapping)


def original(connection: Connection, id: str, clinic: str | None) -> tuple[bytes, str | None, str | None]:
    """The bytes as they came, with the media type and file name that came with them."""
    found = find(connection, id, clinic)
    body: bytes = connection.execute(_ORIGINAL, {"id": id}).scalar_one()
    return body, found.media_type, found.file_name


def listing(
    connection: Connection,
    *,
    clinic: str | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Submission]:
    """The newest first; `before` is the `seq` of the last one seen."""
    question = _LISTING
    if clinic is not None:
        question = question.where(s.c.clinic == clinic)
    if state is not None:
        question = question.where(s.c.state == state)
    if before is not None:
        question = question.where(s.c.seq < before)
    return [Submission(**row._mapping) for row in connection.execute(question, {"limit": limit})]


def events(connection: Connection, id: str) -> list[Event]:
    """Every step of a submission, the oldest first."""
    return [Event(**row._mapping) for row in connection.execute(_EVENTS, {"id": id})]


def advance(
    connection: Connection,
    id: str,
    *,
    event: str,
    state: str,
    at: str,
    actor: str,
    reason: str | None = None,
    kind: str | None = None,
    patient: str | None = None,
    mapping: str | None = None,
) -> None:
    """Go to a state and enter the step; what is left out stays, but the reason, which belongs to the state."""
    values: dict[str, str | None] = {"state": state, "updated": at, "reason": reason}
    values |= {name: text for name, text in (("kind", kind), ("patient", patient)) if text is not None}
    if connection.execute(update(s).where(s.c.id == id).values(values)).rowcount == 0:
        raise NotFoundError
    _event(connection, id, event=event, state=state, at=at, actor=actor, mapping=mapping)


def enter(connection: Connection, id: str, *, event: str, at: str, actor: str) -> None:
    """Enter a step that leaves the state as it is."""
    _event(connection, id, event=event, state=find(connection, id, None).state, at=at, actor=actor)


def requeue(connection: Connection, id: str, at: str, *, actor: str = "gateway") -> None:
    """Replay from the stored bytes: the same path once more; work that already waits is not doubled."""
    enter(connection, id, event="replay", at=at, actor=actor)
    work.add_once(connection, lane=lane(find(connection, id, None).clinic), task="process", subject=id)


def said_since(connection: Connection, submission: Submission, ids: Sequence[str]) -> set[tuple[str, str]]:
    """Of the resources with these ids, those whose current version came from a later submission."""
    rows = connection.execute(_SAID_SINCE, {"ids": list(ids), "after": submission.seq})
    return {(type, id) for type, id in rows}


def states(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The state of each of these submissions."""
    return {id: state for id, state in connection.execute(_STATES, {"ids": list(ids)})}


def counts_by_state(connection: Connection) -> dict[str, int]:
    """How many submissions stand in each state; every state is named."""
    found: dict[str, int] = {state: number for state, number in connection.execute(_COUNTS)}
    return {state.value: found.get(state, 0) for state in SubmissionState}


def _event(
    connection: Connection, id: str, *, event: str, state: str, at: str, actor: str, mapping: str | None = None
) -> None:
    connection.execute(_ADD_EVENT, _step(id, event, state, at, actor, mapping))


def _step(id: str, event: str, state: str, at: str, actor: str, mapping: str | None = None) -> dict[str, str | None]:
    return {"submission": id, "at": at, "event": event, "state": state, "actor": actor, "mapping": mapping}
