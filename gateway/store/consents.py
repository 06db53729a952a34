"""Consents that people recorded for submissions that wait for one, and the submissions that wait."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from gateway.core import fhirjson
from gateway.core.submission import SubmissionState
from gateway.store.tables import consents as c
from gateway.store.tables import resources as r
from gateway.store.tables import submissions as s

COLUMNS: Final = (c.c.submission, c.c.hold, c.c.at, c.c.actor, c.c.given, c.c.given_by, c.c.document)
_ADD: Final = insert(c)
_RECORDED: Final = select(*COLUMNS).where(c.c.submission == bindparam("of")).order_by(c.c.seq)
_OF_PATIENTS: Final = (
    select(r.c.body)
    .where(r.c.patient.in_(bindparam("patients", expanding=True)), r.c.type == "Consent")
    .where(r.c.current.is_(True), r.c.deleted.is_(False))
    .order_by(r.c.seq)
)
_WAITING: Final = (
    select(s.c.id)
    .where(s.c.patient.in_(bindparam("patients", expanding=True)), s.c.state == SubmissionState.QUARANTINED.value)
    .where(s.c.reason.in_(bindparam("reasons", expanding=True)))
    .order_by(s.c.seq)
)


def record(connection: Connection, **said: str) -> None:
    """Enter a consent: `submission`, `hold`, `at`, `actor`, `given`, `given_by`, `document`."""
    connection.execute(_ADD, said)


def recorded(connection: Connection, submission: str) -> list[dict[str, Any]]:
    """What was recorded for a submission, the oldest first."""
    return [dict(row._mapping) for row in connection.execute(_RECORDED, {"of": submission})]


def of_patients(connection: Connection, patients: Collection[str]) -> list[dict[str, Any]]:
    """The Consents that are held of these patients."""
    rows = connection.execute(_OF_PATIENTS, {"patients": sorted(patients)}).scalars()
    return [fhirjson.read_own(body) for body in rows]


def waiting(connection: Connection, patients: Collection[str], reasons: Collection[str]) -> list[str]:
    """The submissions of these patients that were set aside for one of these reasons."""
    asked = {"patients": sorted(patients), "reasons": sorted(reasons)}
    return list(connection.execute(_WAITING, asked).scalars())
