"""Patients by their blocking keys."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.core import fhirjson
from gateway.store.tables import patient_keys as k
from gateway.store.tables import resources as r

MOST_CANDIDATES: Final = 200
_CANDIDATES: Final = (
    select(r.c.body)
    .where(
        r.c.type == "Patient",
        r.c.current.is_(True),
        r.c.deleted.is_(False),
        r.c.id != bindparam("patient"),
        r.c.id.in_(select(k.c.patient).where(k.c.key.in_(bindparam("keys", expanding=True)))),
    )
    # A sum, so that no engine walks all Patients in this order to spare itself the sorting of a few.
    .order_by((r.c.seq + 0).desc())
    .limit(MOST_CANDIDATES)
)
_NAMED: Final = (
    select(r.c.body)
    .where(
        r.c.type == "Patient",
        r.c.current.is_(True),
        r.c.deleted.is_(False),
        r.c.id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(r.c.seq)
)
_FORGET: Final = delete(k).where(k.c.patient == bindparam("of"))


def candidates(connection: Connection, patient: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The known Patients, without this one, that share a key with it; the newest first."""
    rows = connection.execute(_CANDIDATES, {"patient": patient, "keys": list(keys)}).scalars()
    return [fhirjson.read_own(body) for body in rows]


def index(connection: Connection, patient: str, keys: Sequence[str]) -> None:
    """Make these the keys by which the Patient is found."""
    connection.execute(_FORGET, {"of": patient})
    if keys:
        connection.execute(insert(k), [{"patient": patient, "key": key} for key in dict.fromkeys(keys)])


def named(connection: Connection, ids: Collection[str]) -> list[dict[str, Any]]:
    """The Patients of these ids, as far as they are known."""
    return [fhirjson.read_own(body) for body in connection.execute(_NAMED, {"ids": sorted(ids)}).scalars()]
