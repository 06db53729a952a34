"""Searching resources: matches by keyset, what they include, and how many there are, all within the caller's view."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, tuple_

from gateway.store.date_range import EARLIEST, LATEST
from gateway.store.query import Include, Query, live
from gateway.store.resources import COLUMNS, Stored, seen
from gateway.store.tables import dates, references, resources
from gateway.store.visibility import Sight, visible_to

MOST_INCLUDED: Final = 1000
_LEVELS: Final = 2
_r = resources.c
Position = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `next` is where the following one starts, `cut` that more was included than we give."""

    matches: tuple[Stored, ...]
    included: tuple[Stored, ...]
    total: int | None
    next: Position | None
    cut: bool = False


def search(
    connection: Connection,
    query: Query,
    *,
    clinic: Sight = None,
    after: Position | None = None,
    total: int | None = None,
) -> Page:
    """One page of what the query finds and this clinic may see; `total` is what the page before counted."""
    conditions = [*live(query.type), *query.conditions, *visible_to(clinic)]
    if query.only_counts:
        return Page((), (), _count(connection, conditions), None)
    keys = [_sort_key(query.type, name, down) for name, down in query.sort]
    rows = connection.execute(_page(query, conditions, keys, after)).all()
    more = len(rows) > query.count
    if total is None and query.total != "none":
        # A first page that holds everything needs no second look.
        total = _count(connection, conditions) if more or after is not None else len(rows)
    matches = tuple(seen(connection, [row[: len(COLUMNS)] for row in rows[: query.count]], clinic))
    included = _included(connection, query, matches, clinic)
    return Page(
        matches=matches,
        included=tuple(included[:MOST_INCLUDED]),
        total=total,
        next=tuple(rows[query.count - 1][len(COLUMNS) :]) if more else None,
        cut=len(included) > MOST_INCLUDED,
    )


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(resources).where(*conditions)).scalar_one()


def _page(
    query: Query, conditions: Sequence[ColumnElement[bool]], keys: Sequence[ColumnElement[Any]], after: Position | None
) -> Select[Any]:
    """The page by its position, never by counting: what is stored or changed meanwhile moves nothing."""
    # Where a condition leads to few, SQLite must not be drawn to the index that is in order already.
    columns = [*keys, _r.seq + 0 if query.led else _r.seq]
    downwards = [*(down for _, down in query.sort), False]
    statement = select(*COLUMNS, *columns).where(*conditions).limit(query.count + 1)
    if after is not None:
        statement = statement.where(_beyond(columns, downwards, after))
    return statement.order_by(*(key.desc() if down else key for key, down in zip(columns, downwards, strict=True)))


def _beyond(columns: Sequence[ColumnElement[Any]], downwards: Sequence[bool], after: Position) -> ColumnElement[bool]:
    steps = []
    for place, (column, down) in enumerate(zip(columns, downwards, strict=True)):
        same = [columns[earlier] == after[earlier] for earlier in range(place)]
        steps.append(and_(*same, column < after[place] if down else column > after[place]))
    return or_(*steps)


def _sort_key(type: str, name: str, down: bool) -> ColumnElement[Any]:
    """What to order by; resources without such a date stand at the end."""
    if name == "_id":
        return _r.id
    if name == "_lastUpdated":
        return _r.updated
    edge = func.max(dates.c.high) if down else func.min(dates.c.low)
    own = select(edge).where(dates.c.type == type, dates.c.id == _r.id, dates.c.parameter == name)
    return func.coalesce(own.correlate(resources).scalar_subquery(), EARLIEST if down else LATEST)


def _included(connection: Connection, query: Query, matches: tuple[Stored, ...], clinic: Sight) -> list[Stored]:
    """What references lead to from the matches, and with `:iterate` from there on; each once, and no match again."""
    known = {(one.type, one.id) for one in matches}
    found: list[Stored] = []
    level: Sequence[Stored] = matches
    for step in range(_LEVELS if any(one.iterate for one in (*query.include, *query.revinclude)) else 1):
        reached = {(one.type, one.id): one for one in _one_level(connection, query, level, clinic, first=step == 0)}
        level = [one for place, one in reached.items() if place not in known]
        known |= reached.keys()
        found += level
        if not level or len(found) > MOST_INCLUDED:
            break
    return found


def _one_level(
    connection: Connection, query: Query, level: Sequence[Stored], clinic: Sight, *, first: bool
) -> Iterable[Stored]:
    for include in query.include:
        ids = [one.id for one in level if one.type == include.source]
        if ids and (first or include.iterate):
            yield from _follow(connection, _forward(include, ids), clinic)
    for include in query.revinclude:
        if not (first or include.iterate):
            continue
        for type in {one.type for one in level}:
            if include.target in ("", type):
                ids = [one.id for one in level if one.type == type]
                yield from _follow(connection, _backward(include, type, ids), clinic)


def _forward(include: Include, ids: list[str]) -> Select[Any]:
    named = select(references.c.target_type, references.c.target_id).where(
        references.c.type == include.source, references.c.id.in_(ids), references.c.parameter == include.parameter
    )
    return named.where(references.c.target_type == include.target) if include.target else named


def _backward(include: Include, type: str, ids: list[str]) -> Select[Any]:
    return select(references.c.type, references.c.id).where(
        references.c.type == include.source,
        references.c.parameter == include.parameter,
        references.c.target_type == type,
        references.c.target_id.in_(ids),
    )


def _follow(connection: Connection, named: Select[Any], clinic: Sight) -> Iterable[Stored]:
    statement = (
        select(*COLUMNS)
        .where(tuple_(_r.type, _r.id).in_(named), _r.current.is_(True), _r.deleted.is_(False), *visible_to(clinic))
        .order_by(_r.seq)
        .limit(MOST_INCLUDED + 1)
    )
    return seen(connection, connection.execute(statement).all(), clinic)
