"""Patients by their blocking keys, and every decision about who is who."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.core import fhirjson
from gateway.store.tables import match_decisions as m
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
    .order_by(r.c.seq.desc())
    .limit(MOST_CANDIDATES)
)
_FORGET: Final = delete(k).where(k.c.patient == bindparam("of"))
_DECIDED: Final = (
    select(m.c.candidate, m.c.grade, m.c.rule)
    .where(m.c.patient == bindparam("of"), m.c.inputs_sha256 == bindparam("inputs"))
    .order_by(m.c.seq.desc())
    .limit(1)
)
_OF_PATIENT: Final = (
    select(m.c.seq, m.c.submission, m.c.patient, m.c.candidate, m.c.grade, m.c.rule, m.c.inputs_sha256, m.c.at)
    .where(m.c.patient == bindparam("of"))
    .order_by(m.c.seq)
)


@dataclass(frozen=True, slots=True)
class Settled:
    """A decision at rest: the grade, the rule that made it, the patient it found."""

    candidate: str | None
    grade: str
    rule: str


def candidates(connection: Connection, patient: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The known Patients, without this one, that share a key with it; the newest first."""
    rows = connection.execute(_CANDIDATES, {"patient": patient, "keys": list(keys)}).scalars()
    return [fhirjson.read_own(body) for body in rows]


def index(connection: Connection, patient: str, keys: Sequence[str]) -> None:
    """Make these the keys by which the Patient is found."""
    connection.execute(_FORGET, {"of": patient})
    if keys:
        connection.execute(insert(k), [{"patient": patient, "key": key} for key in dict.fromkeys(keys)])


def settled(connection: Connection, patient: str, inputs: str) -> Settled | None:
    """What was decided of this Patient with this content; a replay does not decide again."""
    row = connection.execute(_DECIDED, {"of": patient, "inputs": inputs}).one_or_none()
    return None if row is None else Settled(**row._mapping)


def decide(connection: Connection, *, submission: str, patient: str, inputs: str, decision: Settled, at: str) -> None:
    """Keep a decision with the hash of what it was made from."""
    values = {"submission": submission, "patient": patient, "candidate": decision.candidate, "grade": decision.grade}
    connection.execute(insert(m), values | {"rule": decision.rule, "inputs_sha256": inputs, "at": at})


def decisions(connection: Connection, patient: str) -> list[dict[str, Any]]:
    """Every decision about a Patient, the oldest first."""
    return [dict(row._mapping) for row in connection.execute(_OF_PATIENT, {"of": patient})]
