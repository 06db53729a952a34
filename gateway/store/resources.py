"""FHIR resources at rest: every version as its exact bytes, who may see it, and its search rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from gateway.core.clock import instant
from gateway.core.errors import GoneError, NotFoundError
from gateway.core.fhirjson import read_own, write
from gateway.core.ids import digest
from gateway.core.labels import WITHHELD, guarded, labelled, labels_of
from gateway.store.disclosure import disclosed
from gateway.store.index import SearchRows, patient_of, search_rows
from gateway.store.parameters import registry
from gateway.store.tables import dates, grants, references, resources, strings, tokens
from gateway.store.visibility import Sight, bears, visible_to

_r = resources.c
COLUMNS: Final = (_r.type, _r.id, _r.version, _r.updated, _r.deleted, _r.patient, _r.body)
_CURRENT: Final = (
    select(_r.seq, _r.version, _r.deleted, _r.patient, _r.updated, _r.sha256, _r.submission, _r.body, _r.labels)
    .where(_r.type == bindparam("type"), _r.id == bindparam("id"), _r.current.is_(True))
    .with_for_update()
)
_NEWEST_STAMP: Final = select(func.max(_r.updated))
_ADVANCE: Final = update(resources).where(_r.seq == bindparam("row"))
_TOKEN: Final = f" {WITHHELD} "
_LABEL: Final = update(resources).where(
    _r.type == bindparam("of_type"), _r.id == bindparam("of_id"), ~_r.labels.contains(_TOKEN)
)
_READ: Final = select(*COLUMNS).where(_r.type == bindparam("type"), _r.id == bindparam("id"))
_HISTORY: Final = _READ.where(_r.version < bindparam("before")).order_by(_r.version.desc()).limit(bindparam("most"))
_COUNT_VERSIONS: Final = (
    select(func.count()).select_from(resources).where(_r.type == bindparam("type"), _r.id == bindparam("id"))
)
_SEARCH_TABLES: Final = (tokens, strings, dates, references)
_FORGET: Final = tuple(
    delete(table).where(table.c.type == bindparam("of_type"), table.c.id == bindparam("of_id"))
    for table in _SEARCH_TABLES
)
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one resource; `body` is empty when the version is a deletion."""

    type: str
    id: str
    version: int
    updated: str
    deleted: bool
    patient: str | None
    body: bytes


def save(
    connection: Connection, resource: Mapping[str, Any], *, submission: str | None, clinic: str | None, at: str
) -> bool:
    """Keep the resource for this clinic; True when its content is new, so that a new version was made.

    Without a submission it stays with the one that it came from; without a clinic nobody is granted it.
    """
    type, id = str(resource["resourceType"]), str(resource["id"])
    if clinic is not None:
        connection.execute(_grant(connection), {"type": type, "id": id, "clinic": clinic})
    current = connection.execute(_CURRENT, {"type": type, "id": id}).one_or_none()
    content = _still_labelled(_without_stamp(resource), current)
    sha256 = digest(write(content))
    if current is not None and not current.deleted and current.sha256 == sha256:
        return False
    version = 1 if current is None else current.version + 1
    updated = _stamp(connection, at, current.updated if current else "")
    served = registry().get(type)
    row = {
        "version": version,
        "deleted": False,
        "patient": patient_of(served, content),
        "updated": updated,
        "sha256": sha256,
        "submission": submission or (current.submission if current else None),
        "body": write(_stamped(content, version, updated)),
        "labels": f" {' '.join(codes)} " if (codes := guarded(content)) else "",
    }
    if current is not None and _TOKEN in current.labels and row["submission"] == current.submission:
        row["labels"] = str(row["labels"]) + _TOKEN  # a new version of what is not shown is not shown
    _put(connection, type, id, current, row)
    if codes and current is not None:  # earlier versions say what this one does, be it that they bore no label
        connection.execute(_LABEL.values(labels=row["labels"]), {"of_type": type, "of_id": id})
    _index(connection, type, id, search_rows(served, content) if served else SearchRows())
    return True


def shows(connection: Connection, submission: str, sight: frozenset[str]) -> bool:
    """Whether who is not shown these labels may see the bytes of a submission: by the labels of its original."""
    by_number = select(tokens.c.id).where(
        tokens.c.type == "DocumentReference", tokens.c.parameter == "identifier", tokens.c.folded == submission
    )
    guarded = select(_r.seq).where(_r.type == "DocumentReference", _r.id.in_(by_number), bears(_r.labels, sight))
    return connection.execute(guarded.limit(1)).first() is None


def numbered(
    connection: Connection, type: str, numbers: Collection[tuple[str, str]], clinic: str
) -> list[dict[str, Any]]:
    """The resources of a type that a clinic sees and that bear any of these numbers, each a system and a value."""
    t, found = tokens.c, list[dict[str, Any]]()
    for system, value in sorted(numbers):
        question = (
            select(_r.body)
            .join(tokens, (t.type == _r.type) & (t.id == _r.id))
            .where(
                t.type == type, t.parameter == "identifier", t.folded.in_({value, value.casefold()}), t.code == value
            )
            .where(t.system == system if system else t.system.is_(None), _r.current.is_(True), *visible_to(clinic))
        )
        found += [_without_stamp(read_own(body)) for body in connection.execute(question).scalars() if body]
    return list({one["id"]: one for one in found}.values())


def submission_of(connection: Connection, type: str, id: str) -> str | None:
    """The submission that the newest version came from."""
    current = connection.execute(_CURRENT, {"type": type, "id": id}).one_or_none()
    return current.submission if current else None


def withdraw(connection: Connection, type: str, id: str, clinic: str) -> None:
    """Take a grant back: the resource has come to hold what is another's."""
    connection.execute(delete(grants).where(grants.c.type == type, grants.c.id == id, grants.c.clinic == clinic))


def is_withheld(connection: Connection, type: str, id: str, clinic: str) -> bool:
    """Whether the resource is known and this clinic is not granted it."""
    granted = select(grants.c.id).where(grants.c.type == type, grants.c.id == id, grants.c.clinic == clinic)
    known = connection.execute(_CURRENT, {"type": type, "id": id}).first() is not None
    return known and connection.execute(granted).first() is None


def remove(connection: Connection, type: str, id: str, *, at: str) -> None:
    """Delete the resource: a version without a body; earlier versions stay in its history."""
    current = connection.execute(_CURRENT, {"type": type, "id": id}).one_or_none()
    if current is None:
        raise NotFoundError
    if current.deleted:
        return
    row = {"version": current.version + 1, "deleted": True, "patient": current.patient, "sha256": "", "body": b""}
    row |= {"updated": _stamp(connection, at, current.updated), "submission": current.submission}
    _put(connection, type, id, current, row)
    _index(connection, type, id, SearchRows())


def read(connection: Connection, type: str, id: str, *, clinic: Sight = None) -> Stored:
    """The newest version. Absent and another clinic's are one: NotFoundError; deleted is GoneError."""
    question = _READ.where(_r.current.is_(True), *visible_to(clinic))
    return _one(connection, question, {"type": type, "id": id}, clinic)


def vread(connection: Connection, type: str, id: str, version: int, *, clinic: Sight = None) -> Stored:
    """One version of a resource, by the rules of `read`."""
    question = _READ.where(_r.version == bindparam("version"), *visible_to(clinic))
    return _one(connection, question, {"type": type, "id": id, "version": version}, clinic)


def history(
    connection: Connection, type: str, id: str, *, clinic: Sight = None, before: int = 2**31 - 1, most: int = 50
) -> tuple[int, list[Stored]]:
    """How many versions there are, and those below `before`, the newest first; deletions are among them."""
    names: dict[str, Any] = {"type": type, "id": id}
    total = connection.execute(_COUNT_VERSIONS.where(*visible_to(clinic)), names).scalar_one()
    if total == 0:
        raise NotFoundError
    found = connection.execute(_HISTORY.where(*visible_to(clinic)), names | {"before": before, "most": most})
    return total, seen(connection, found.all(), clinic)


def seen(connection: Connection, rows: Sequence[Sequence[Any]], clinic: Sight) -> list[Stored]:
    """Rows of resources as they leave for this clinic: the one place where stored bytes turn into what is shown."""
    bodies = disclosed(connection, [row[-1] for row in rows], clinic)
    return [Stored(*(*row[:-1], body)) for row, body in zip(rows, bodies, strict=True)]


def _one(connection: Connection, question: Any, names: Mapping[str, Any], clinic: Sight) -> Stored:
    row = connection.execute(question, names).one_or_none()
    if row is None:
        raise NotFoundError
    [stored] = seen(connection, [row], clinic)
    if stored.deleted:
        raise GoneError
    return stored


def _put(connection: Connection, type: str, id: str, current: Any, row: dict[str, Any]) -> None:
    """The newest version keeps the row that the first one got, so paging never meets a resource twice."""
    if current is None:
        connection.execute(insert(resources), row | {"type": type, "id": id, "current": True})
        return
    earlier = dict(current._mapping) | {"type": type, "id": id, "current": False}
    connection.execute(_ADVANCE.values(row), {"row": earlier.pop("seq")})
    connection.execute(insert(resources), earlier)


def _index(connection: Connection, type: str, id: str, rows: SearchRows) -> None:
    for statement in _FORGET:
        connection.execute(statement, {"of_type": type, "of_id": id})
    place: dict[str, str | None] = {"type": type, "id": id}
    new: tuple[tuple[Table, tuple[str, ...], Collection[tuple[str | None, ...]]], ...] = (
        (tokens, ("parameter", "system", "code", "folded"), rows.tokens.keys()),
        (strings, ("parameter", "value", "folded"), rows.strings.keys()),
        (dates, ("parameter", "low", "high"), rows.dates.keys()),
        (references, ("parameter", "target_type", "target_id"), rows.references.keys()),
    )
    for table, names, found in new:
        if found:
            connection.execute(insert(table), [place | dict(zip(names, row, strict=True)) for row in found])


def _stamp(connection: Connection, at: str, previous: str) -> str:
    """The time of the new version: never before what is stored, and never that of the version before.

    Whoever asks for what changed since the newest thing they saw then misses nothing: changes are committed one
    after the other, and their stamps follow that order whatever the clock does.
    """
    newest = max(at, connection.execute(_NEWEST_STAMP).scalar() or "")
    if newest > previous:
        return newest
    return instant(datetime.fromisoformat(newest) + _TICK)


def _still_labelled(content: dict[str, Any], current: Any) -> dict[str, Any]:
    """A label that was once put stays: who sends a thing again and leaves its labels out takes none away."""
    if current is None or current.deleted or b'"security"' not in current.body:
        return content
    return labelled(content, labels_of(read_own(current.body)))


def _without_stamp(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The resource without the two things that the store itself says of it."""
    meta = {name: found for name, found in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    content = {name: found for name, found in resource.items() if name != "meta"}
    return content | {"meta": meta} if meta else content


def _stamped(content: Mapping[str, Any], version: int, updated: str) -> dict[str, Any]:
    meta = {"versionId": str(version), "lastUpdated": updated} | content.get("meta", {})
    first = {"resourceType": content["resourceType"], "id": content["id"], "meta": meta}
    return first | {name: found for name, found in content.items() if name not in first}


def _grant(connection: Connection) -> Insert:
    """A grant that may be there already; both engines say it alike in dialects of their own."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(grants).on_conflict_do_nothing()
    return sqlite.insert(grants).on_conflict_do_nothing()
