"""Who may call: clinics, their keys, signed-in sessions; and who was refused. Of a secret only the SHA-256 is kept."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from gateway.core.errors import NotFoundError
from gateway.store.tables import clinics, keys, refusals, sessions


@dataclass(frozen=True, slots=True)
class Key:
    """A key that opens a door: its id, role, clinic (empty for others) and label, the guarded labels it is shown."""

    id: str
    role: str
    clinic: str
    label: str
    sees: str = ""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One line of the list of keys that an auditor reads."""

    id: str
    role: str
    clinic: str
    label: str
    sees: str
    created: str
    expires: str
    revoked: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: the key it was signed in with, its CSRF token, when it was last seen."""

    key: Key
    csrf: str
    seen: str


_ADD_CLINIC = insert(clinics)
_CLINIC_BY_NAME = select(clinics.c.id).where(clinics.c.name == bindparam("name")).order_by(clinics.c.created).limit(1)
_CLINIC = select(clinics.c.name).where(clinics.c.id == bindparam("id"))
_CLINICS = select(clinics.c.id, clinics.c.name).order_by(clinics.c.name)

_ADD_KEY = insert(keys)
_FACTS = (keys.c.id, keys.c.role, keys.c.clinic, keys.c.label, keys.c.sees)
_VALID = keys.c.revoked.is_(None) & or_(keys.c.expires.is_(None), keys.c.expires > bindparam("at"))
_KEY = select(*_FACTS).where(keys.c.sha256 == bindparam("sha256"), _VALID)
_KEYS = select(*_FACTS, keys.c.created, keys.c.expires, keys.c.revoked).order_by(keys.c.created, keys.c.id)
_REVOKE = update(keys).where(keys.c.id == bindparam("key"), keys.c.revoked.is_(None)).values(revoked=bindparam("at"))

_OPEN = insert(sessions)
_SESSION = (
    select(*_FACTS, sessions.c.csrf, sessions.c.seen)
    .join_from(sessions, keys, sessions.c.key == keys.c.id)
    .where(
        sessions.c.sha256 == bindparam("sha256"),
        sessions.c.seen > bindparam("idle_since"),
        sessions.c.created > bindparam("open_since"),
        _VALID,
    )
)
_TOUCH = update(sessions).where(sessions.c.sha256 == bindparam("session")).values(seen=bindparam("at"))
_CLOSE = delete(sessions).where(sessions.c.sha256 == bindparam("sha256"))
_FORGET_REFUSALS = delete(refusals).where(refusals.c.since <= bindparam("before"))
_REFUSED_AGAIN = (
    update(refusals)
    .where(refusals.c.address == bindparam("at_address"))
    .values(times=refusals.c.times + 1)
    .returning(refusals.c.times)
)
_FORGET = delete(sessions).where(sessions.c.seen <= bindparam("idle_since"))


def add_clinic(connection: Connection, *, id: str, name: str, at: str) -> None:
    """Enter a clinic."""
    connection.execute(_ADD_CLINIC, {"id": id, "name": name, "created": at})


def clinic_by_name(connection: Connection, name: str) -> str | None:
    """The id of the clinic of that name."""
    return connection.execute(_CLINIC_BY_NAME, {"name": name}).scalar_one_or_none()


def clinic_name(connection: Connection, id: str) -> str:
    """The name of a clinic. Raises NotFoundError."""
    name: str | None = connection.execute(_CLINIC, {"id": id}).scalar_one_or_none()
    if name is None:
        raise NotFoundError
    return name


def all_clinics(connection: Connection) -> list[tuple[str, str]]:
    """Every clinic's id and name, by name."""
    return [(row.id, row.name) for row in connection.execute(_CLINICS)]


def add_key(
    connection: Connection,
    *,
    id: str,
    sha256: str,
    role: str,
    label: str,
    clinic: str | None,
    at: str,
    expires: str | None = None,
    sees: str = "",
) -> None:
    """Enter a key by its SHA-256."""
    row = {"id": id, "sha256": sha256, "role": role, "label": label, "clinic": clinic, "created": at}
    connection.execute(_ADD_KEY, {**row, "expires": expires, "sees": sees})


def key(connection: Connection, sha256: str, at: str) -> Key | None:
    """The key of that SHA-256, unless it is revoked or past its time."""
    row = connection.execute(_KEY, {"sha256": sha256, "at": at}).one_or_none()
    return None if row is None else Key(row.id, row.role, row.clinic or "", row.label, row.sees)


def all_keys(connection: Connection) -> list[KeyLine]:
    """Every key with its dates, also those that no longer open anything."""
    return [KeyLine(*("" if one is None else one for one in row)) for row in connection.execute(_KEYS)]


def revoke(connection: Connection, id: str, at: str) -> None:
    """End a key and with it every session that it opened. Raises NotFoundError for a key that is none, or ended."""
    if not connection.execute(_REVOKE, {"key": id, "at": at}).rowcount:
        raise NotFoundError


def open_session(connection: Connection, *, sha256: str, key: str, csrf: str, at: str, idle_since: str) -> None:
    """Enter a session by the SHA-256 of its cookie; those idle for too long are forgotten with it."""
    connection.execute(_FORGET, {"idle_since": idle_since})
    connection.execute(_OPEN, {"sha256": sha256, "key": key, "csrf": csrf, "created": at, "seen": at})


def session(connection: Connection, sha256: str, *, at: str, idle_since: str, open_since: str) -> Session | None:
    """The session of that cookie, unless it idled too long, is too old, or its key no longer opens anything."""
    asked = {"sha256": sha256, "at": at, "idle_since": idle_since, "open_since": open_since}
    row = connection.execute(_SESSION, asked).one_or_none()
    return (
        None
        if row is None
        else Session(Key(row.id, row.role, row.clinic or "", row.label, row.sees), row.csrf, row.seen)
    )


def touch_session(connection: Connection, sha256: str, at: str) -> None:
    """Say that a session was seen now."""
    connection.execute(_TOUCH, {"session": sha256, "at": at})


def close_session(connection: Connection, sha256: str) -> None:
    """Forget a session."""
    connection.execute(_CLOSE, {"sha256": sha256})


def refuse(connection: Connection, address: str, *, at: str, before: str) -> int:
    """Count one more refusal of this address, forgetting all that began before. Returns its number."""
    connection.execute(_FORGET_REFUSALS, {"before": before})
    times: int | None = connection.execute(_REFUSED_AGAIN, {"at_address": address}).scalar_one_or_none()
    if times is None:
        times = 1
        connection.execute(insert(refusals), {"address": address, "since": at, "times": times})
    return times
