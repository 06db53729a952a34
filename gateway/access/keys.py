"""Keys of clinics, EHR systems and admins: made once, shown once, known afterwards by their SHA-256."""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.audit.trail import Event
from gateway.core.clock import Clock, instant
from gateway.core.errors import RequestError
from gateway.core.ids import digest
from gateway.core.labels import GUARDED, WITHHELD
from gateway.services import Services
from gateway.store import access
from gateway.store.engine import Store

ROLES: Final = ("clinic", "reader", "admin")
ALL: Final = "all"


def hidden_from(sees: str) -> frozenset[str]:
    """The guarded labels whose resources a reader is not shown; what is withheld is shown to none."""
    shown = GUARDED if ALL in sees.split() else sees.split()
    return frozenset({WITHHELD, *GUARDED}).difference(shown)


def secret(role: str) -> str:
    """A new key: 256 random bits behind a prefix that says whose it is."""
    return f"so_{role}_{secrets.token_urlsafe(32)}"


def add_clinic(store: Store, clock: Clock, name: str) -> str:
    """Enter a clinic and make its key; a name that is known gets one more key. Returns the key."""
    at, key = instant(clock.now()), secret("clinic")

    def change(connection: Connection) -> None:
        clinic = access.clinic_by_name(connection, name)
        if clinic is None:
            clinic = _free_id(name, {id for id, _ in access.all_clinics(connection)})
            access.add_clinic(connection, id=clinic, name=name, at=at)
        _enter(connection, key, "clinic", name, clinic, at)

    store.write(change)
    return key


def add_key(
    store: Store,
    clock: Clock,
    role: str,
    label: str,
    clinic: str | None = None,
    expires: datetime | None = None,
    sees: Sequence[str] = (),
) -> str:
    """Make a key for a role; a clinic's key names the id of its clinic. Returns the key.

    A reader is shown what bears a guarded label only where its key names that label, or `all`.
    """
    if not set(sees) <= {ALL, *GUARDED} or role not in ROLES or (role == "clinic") != (clinic is not None):
        raise RequestError("role")
    at, key = instant(clock.now()), secret(role)
    until = None if expires is None else instant(expires)

    def change(connection: Connection) -> None:
        if clinic is not None:
            access.clinic_name(connection, clinic)
        _enter(connection, key, role, label, clinic, at, until, " ".join(sees))

    store.write(change)
    return key


def revoke(here: Services, id: str) -> None:
    """End a key for good, with its audit event. Raises NotFoundError for a key that is none, or ended."""
    at = instant(here.clock.now())
    event = Event("D", "revoke", "0", "command-line", "system", entities=(("key", id),))
    here.audited(lambda connection: access.revoke(connection, id, at), event)


def _enter(
    connection: Connection,
    key: str,
    role: str,
    label: str,
    clinic: str | None,
    at: str,
    expires: str | None = None,
    sees: str = "",
) -> None:
    hashed = digest(key.encode())
    # The id may be shown and logged, so it is no part of what opens the door.
    id = f"{role}-{secrets.token_hex(6)}"
    access.add_key(
        connection, id=id, sha256=hashed, role=role, label=label, clinic=clinic, at=at, expires=expires, sees=sees
    )


def _free_id(name: str, taken: set[str]) -> str:
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:48] or "clinic"
    candidates = (stem if turn == 1 else f"{stem}-{turn}" for turn in range(1, len(taken) + 2))
    return next(id for id in candidates if id not in taken)
