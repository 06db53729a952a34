"""Submissions at rest: what came in, byte for byte, and how far it has come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.core import ids
from gateway.core.errors import KeyReusedError, NotFoundError
from gateway.core.submission import Receipt, SubmissionState
from gateway.store import work
from gateway.store.rows import first_row, insert_body, insert_rows, insert_unknown
from gateway.store.tables import events as e
from gateway.store.tables import idempotency_keys as k
from gateway.store.tables import originals as o
from gateway.store.tables import resources as r
from gateway.store.tables import submissions as s

_LARGE: Final = 1024 * 1024  # bytes, above which a body is not to be copied
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
_LAST: Final = "SELECT coalesce(max(seq), 0) FROM submissions"
_FIND_OWN: Final = _FIND.where(s.c.clinic == bindparam("clinic"))
_BOUND: Final = select(k.c.clinic, k.c.key_sha256, k.c.submission).where(
    k.c.key_sha256.in_(bindparam("keys", expanding=True))
)
_ORIGINAL: Final = select(o.c.body).where(o.c.submission == bindparam("seq"))
_LISTING: Final = select(*_COLUMNS).order_by(s.c.seq.desc()).limit(bindparam("limit"))
_EVENTS: Final = (
    select(e.c.seq, e.c.at, e.c.event, e.c.state, e.c.actor, e.c.mapping)
    .where(e.c.submission == bindparam("id"))
    .order_by(e.c.seq)
)
_COUNTS: Final = select(s.c.state, func.count()).group_by(s.c.state)
_STATES: Final = select(s.c.id, s.c.state).where(s.c.id.in_(bindparam("ids", expanding=True)))
_TELLING: Final = (
    select(r.c.submission)
    .join_from(r, s, r.c.submission == s.c.id)
    .where(r.c.type == bindparam("type"), r.c.id == bindparam("id"), s.c.clinic == bindparam("clinic"))
    .where(func.substr(s.c.kind, 1, bindparam("length")) == bindparam("kind"))
    .distinct()
)
_SAID_SINCE: Final = (
    select(r.c.type, r.c.id)
    .join_from(r, s, r.c.submission == s.c.id)
    .where(r.c.id.in_(bindparam("ids", expanding=True)), r.c.current.is_(True), s.c.seq > bindparam("after"))
)
_NEW: Final = (
    s.c.seq, s.c.id, s.c.clinic, s.c.state, s.c.media_type, s.c.file_name, s.c.sha256, s.c.size, s.c.received,
    s.c.updated,
)  # fmt: skip
_NEW_ORIGINAL: Final = (o.c.submission, o.c.body)
_NEW_KEY: Final = (k.c.clinic, k.c.key_sha256, k.c.submission)
_NEW_STEP: Final = (e.c.submission, e.c.at, e.c.event, e.c.state, e.c.actor)
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
    ((receipt, new),) = keep_all(connection, [arrival], at)
    if idempotency_key and _bind(connection, [(clinic, ids.digest(idempotency_key.encode()), arrival.id)]):
        raise KeyReusedError
    return receipt, new


def keep_all(connection: Connection, arrivals: Sequence["Incoming"], at: str) -> list[tuple[Receipt, bool]]:
    """Keep what came together, in its order, with as many statements as one alone would take.

    A control id that a clinic used before for other content is entered as a step: senders do use a number twice, and
    what they send must not be lost for it.
    """
    first: dict[str, Incoming] = {}
    for arrival in arrivals:
        first.setdefault(arrival.id, arrival)
    given = _numbered(connection, first)
    known = _add(connection, first, given, at)
    if new := {given[id]: arrival for id, arrival in first.items() if id not in known}:
        _add_rest(connection, new, at)
    for arrival in arrivals:
        if arrival.answered:
            work.add_once(connection, lane=f"answers:{arrival.clinic}", task="acknowledge", subject=arrival.id)
    answers = []
    for arrival in arrivals:
        received = Receipt(arrival.id, SubmissionState.RECEIVED, arrival.sha256, len(arrival.body), at)
        answers.append((known.get(arrival.id, received), arrival.id not in known and arrival is first[arrival.id]))
    return answers


def _numbered(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The numbers that these get if they are new: only one transaction at a time writes."""
    (last,) = first_row(connection, _LAST) or (0,)
    return {id: last + place for place, id in enumerate(ids, 1)}


def _add(
    connection: Connection, arrivals: Mapping[str, "Incoming"], given: Mapping[str, int], at: str
) -> dict[str, Receipt]:
    """Add those that are new; gives the receipts of the others. What has another number than we gave was there."""
    state = SubmissionState.RECEIVED.value
    rows = [
        (given[id], id, one.clinic, state, one.media_type, one.file_name, one.sha256, len(one.body), at, at)
        for id, one in arrivals.items()
    ]
    if insert_unknown(connection, _NEW, rows) == len(rows):
        return {}
    found = (Submission(**row._mapping) for row in connection.execute(_FIND_ALL, {"ids": list(given)}))
    return {one.id: one.receipt for one in found if one.seq != given[one.id]}


def _add_rest(connection: Connection, numbered: Mapping[int, "Incoming"], at: str) -> None:
    """What belongs to a new submission: its bytes, its first step, the control id that it binds, its work."""
    state, new = SubmissionState.RECEIVED.value, numbered.values()
    if small := [(seq, arrival.body) for seq, arrival in numbered.items() if len(arrival.body) <= _LARGE]:
        insert_rows(connection, _NEW_ORIGINAL, small)
    for seq in numbered.keys() - {seq for seq, _ in small}:
        insert_body(connection, o.c.body, o.c.submission, seq, numbered[seq].body)
    reused = _bind(connection, [(one.clinic, one.number_key, one.id) for one in new if one.control_id])
    steps = [(arrival.id, at, "receive", state, arrival.clinic) for arrival in new]
    steps += [(id, at, REUSED, state, clinic) for clinic, id in reused]
    insert_rows(connection, _NEW_STEP, steps)
    work.add_all(connection, [(lane(arrival.clinic), "process", arrival.id) for arrival in new])


def _bind(connection: Connection, keys: Sequence[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Bind each key of a clinic to the first submission that bears it; gives those whose key is another's."""
    if not keys or insert_unknown(connection, _NEW_KEY, keys) == len(keys):
        return []
    bound = {(clinic, key): id for clinic, key, id in connection.execute(_BOUND, {"keys": [key for _, key, _ in keys]})}
    return [(clinic, id) for clinic, key, id in keys if bound[clinic, key] != id]


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
    body: bytes = connection.execute(_ORIGINAL, {"seq": found.seq}).scalar_one()
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


def telling(connection: Connection, type: str, id: str, *, clinic: str, kind: str) -> list[str]:
    """The submissions of a clinic, of kinds that begin so, in which any version of a resource came."""
    asked = {"type": type, "id": id, "clinic": clinic, "length": len(kind), "kind": kind}
    return list(connection.execute(_TELLING, asked).scalars())


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
    step = {"submission": id, "at": at, "event": event, "state": state, "actor": actor, "mapping": mapping}
    connection.execute(_ADD_EVENT, step)
