"""The audit trail at rest: events in their order, each with its link of the chain, found by who and about what."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from gateway.store.rows import first_row, insert_rows
from gateway.store.tables import audit as a
from gateway.store.tables import audit_entities as e

_COLUMNS = (a.c.seq, a.c.at, a.c.event, a.c.hash, a.c.agent, a.c.subtype, a.c.outcome)
_HEAD = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_COUNT = select(func.count()).select_from(a)
_NEW_ENTITY = (e.c.audit, e.c.type, e.c.id)
_WALK = select(*_COLUMNS).where(a.c.seq > bindparam("after")).order_by(a.c.seq).limit(bindparam("limit"))
_ENTITIES = select(e.c.audit, e.c.type, e.c.id).where(e.c.audit.between(bindparam("first"), bindparam("last")))
_NAMED = and_(*(or_(bindparam(name) == "", a.c[name] == bindparam(name)) for name in ("agent", "subtype", "outcome")))
_NEWEST = (
    select(*_COLUMNS).where(a.c.seq < bindparam("before"), _NAMED).order_by(a.c.seq.desc()).limit(bindparam("limit"))
)
_ABOUT = _NEWEST.join_from(a, e, e.c.audit == a.c.seq).where(e.c.id == bindparam("entity"))
_NO_BORDER = 2**62


class Row(NamedTuple):
    """One event as it is kept; the last three columns only repeat what the event says."""

    seq: int
    at: str
    event: bytes
    hash: str
    agent: str
    subtype: str
    outcome: str


def head(connection: Connection) -> tuple[int, str]:
    """The last position and its hash; (0, "") while the trail is empty."""
    seq, hash = first_row(connection, _HEAD) or (0, "")
    return seq, hash


def count(connection: Connection) -> int:
    """How many events the trail holds."""
    return connection.execute(_COUNT).scalar_one()


def append(connection: Connection, rows: Sequence[tuple[Row, Sequence[tuple[str, str]]]]) -> None:
    """Put events at the end, each with what it is about."""
    insert_rows(connection, _COLUMNS, [row for row, _ in rows])
    if about := [(row.seq, *entity) for row, entities in rows for entity in entities]:
        insert_rows(connection, _NEW_ENTITY, about)


def walk(connection: Connection, after: int, limit: int) -> list[Row]:
    """The next events in their order."""
    return [Row(*row) for row in connection.execute(_WALK, {"after": after, "limit": limit})]


def entities(connection: Connection, first: int, last: int) -> dict[int, set[tuple[str, str]]]:
    """What the events between two positions are about."""
    found: dict[int, set[tuple[str, str]]] = {}
    for seq, kind, id in connection.execute(_ENTITIES, {"first": first, "last": last}):
        found.setdefault(seq, set()).add((kind, id))
    return found


def listing(
    connection: Connection,
    *,
    agent: str = "",
    subtype: str = "",
    outcome: str = "",
    entity: str = "",
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Row]:
    """The newest events first, narrowed by who, what, how it ended and what it is about."""
    named = {"agent": agent, "subtype": subtype, "outcome": outcome, "before": before or _NO_BORDER, "limit": limit}
    if entity:
        return [Row(*row) for row in connection.execute(_ABOUT, {**named, "entity": entity})]
    return [Row(*row) for row in connection.execute(_NEWEST, named)]
