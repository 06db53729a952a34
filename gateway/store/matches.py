"""Who may be one person with whom: each pair of records that was compared, where it stands, and what was decided."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from gateway.core.errors import NotFoundError
from gateway.core.ids import stable_id
from gateway.store.tables import match_decisions as d
from gateway.store.tables import matches as m
from gateway.store.tables import resources as r
from gateway.store.tables import submissions as s

OPEN: Final = "open"  # a person is asked
DOUBTED: Final = "doubted"  # linked, and no rule holds any more: a person is asked
SAME: Final = "same"
APART: Final = "apart"
ASIDE: Final = "aside"  # a submission waits for a person, with all that it says
RELEASED: Final = "released"
REFUSED: Final = "refused"
LINKED: Final = (SAME, DOUBTED)
ASKED: Final = (OPEN, DOUBTED, ASIDE)
GATEWAY: Final = "gateway"

_COLUMNS: Final = tuple(m.c)
_FIND: Final = select(*_COLUMNS).where(m.c.id == bindparam("id"))
_OF: Final = select(*_COLUMNS).where(
    or_(m.c.patient == bindparam("of"), m.c.candidate == bindparam("of")), m.c.state.not_in((ASIDE, RELEASED, REFUSED))
)
_APART: Final = select(m.c.id).where(
    m.c.state == APART,
    m.c.actor != GATEWAY,
    or_(
        m.c.patient.in_(bindparam("here", expanding=True)) & m.c.candidate.in_(bindparam("there", expanding=True)),
        m.c.candidate.in_(bindparam("here", expanding=True)) & m.c.patient.in_(bindparam("there", expanding=True)),
    ),
)
_LISTING: Final = (
    select(*_COLUMNS)
    .where(m.c.state.in_(bindparam("states", expanding=True)))
    .order_by(m.c.put_off, m.c.since, m.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("skip"))
)
_COUNTS: Final = select(m.c.state, func.count()).group_by(m.c.state)
_JUDGED: Final = (
    select(d.c.inputs_sha256, d.c.mapping)
    .where(d.c.patient == bindparam("of"), d.c.decision == "judged")
    .order_by(d.c.seq.desc())
    .limit(1)
)
_ENTRIES: Final = select(
    d.c.at, d.c.decision, d.c.grade, d.c.rule, d.c.mapping, d.c.inputs_sha256, d.c.actor, d.c.reason, d.c.submission,
    d.c.patient, d.c.candidate,
).order_by(d.c.seq)  # fmt: skip
_BEHIND: Final = (
    select(s.c.id, s.c.clinic, s.c.kind, s.c.received)
    .where(s.c.id.in_(select(r.c.submission).where(r.c.type == "Patient", r.c.id == bindparam("of"))))
    .order_by(s.c.seq.desc())
    .limit(bindparam("limit"))
)
_HOLDS: Final = (
    select(r.c.type, func.count())
    .where(r.c.patient == bindparam("of"), r.c.current.is_(True), r.c.deleted.is_(False), r.c.type != "Patient")
    .group_by(r.c.type)
    .order_by(r.c.type)
)


@dataclass(frozen=True, slots=True)
class Match:
    """A pair of records; `patient` is the one that came later and bears the link."""

    id: str
    version: int
    state: str
    actor: str
    patient: str
    candidate: str
    grade: str
    rule: str
    vetoes: str
    inputs_sha256: str
    submission: str
    clinic: str
    since: str
    updated: str
    put_off: str = ""
    said: bytes | None = None

    def other(self, patient: str) -> str:
        """The one of the two that is not this."""
        return self.candidate if patient == self.patient else self.patient


@dataclass(frozen=True, slots=True)
class Decided:
    """One line of the history of who is who."""

    at: str
    decision: str
    grade: str
    rule: str
    mapping: str
    inputs_sha256: str
    actor: str
    reason: str
    submission: str
    patient: str
    candidate: str | None


@dataclass(frozen=True, slots=True)
class Behind:
    """A submission that a record rests on."""

    id: str
    clinic: str
    kind: str | None
    received: str


def pair(one: str, other: str) -> str:
    """The id of a pair, whichever way round."""
    return stable_id("match", *sorted((one, other)))


def find(connection: Connection, id: str) -> Match:
    """A pair by its id."""
    row = connection.execute(_FIND, {"id": id}).one_or_none()
    if row is None:
        raise NotFoundError
    return Match(**row._mapping)


def known(connection: Connection, id: str) -> Match | None:
    """A pair by its id, when it was ever compared."""
    row = connection.execute(_FIND, {"id": id}).one_or_none()
    return Match(**row._mapping) if row else None


def of(connection: Connection, patient: str) -> list[Match]:
    """Every pair that a record is one of."""
    return [Match(**row._mapping) for row in connection.execute(_OF, {"of": patient})]


def linked(connection: Connection, patient: str) -> list[str]:
    """Whom we link a record to, in the record itself."""
    return sorted(one.candidate for one in of(connection, patient) if one.patient == patient and one.state in LINKED)


def are_kept_apart(connection: Connection, here: Collection[str], there: Collection[str]) -> bool:
    """Whether a person has said of any two across these groups that they are not the same."""
    names = {"here": sorted(here), "there": sorted(there)}
    return connection.execute(_APART.limit(1), names).first() is not None


def keep(connection: Connection, match: Match) -> None:
    """Write down where a pair stands."""
    values = {one.name: getattr(match, one.name) for one in fields(Match)}
    if connection.execute(update(m).where(m.c.id == match.id), values).rowcount == 0:
        connection.execute(insert(m), values)


def listing(connection: Connection, states: Collection[str], *, limit: int = 50, skip: int = 0) -> list[Match]:
    """Pairs in these states: what waits longest first, what was put off last."""
    names = {"states": sorted(states), "limit": limit, "skip": skip}
    return [Match(**row._mapping) for row in connection.execute(_LISTING, names)]


def counts(connection: Connection) -> dict[str, int]:
    """How many pairs there are in each state."""
    return {state: number for state, number in connection.execute(_COUNTS)}


def aside(connection: Connection, submission: str) -> list[Match]:
    """The questions for which a submission is set aside."""
    question = select(*_COLUMNS).where(m.c.state == ASIDE, m.c.submission == submission)
    return [Match(**row._mapping) for row in connection.execute(question)]


def alike(connection: Connection, match: Match) -> list[Match]:
    """The questions of other submissions that say the very same of the same."""
    question = select(*_COLUMNS).where(
        m.c.patient == match.patient, m.c.state == ASIDE, m.c.inputs_sha256 == match.inputs_sha256, m.c.id != match.id
    )
    return [Match(**row._mapping) for row in connection.execute(question)]


def is_released(connection: Connection, patient: str, inputs: str) -> bool:
    """Whether a person has said that what was sent of a patient, beside what is known, may be taken as it is."""
    question = select(m.c.id).where(
        m.c.patient == patient, m.c.state == RELEASED, m.c.inputs_sha256 == inputs, m.c.actor != GATEWAY
    )
    return connection.execute(question.limit(1)).first() is not None


def is_judged(connection: Connection, patient: str, inputs: str, mapping: str) -> bool:
    """Whether the rules, as they are, have last spoken of this record as it is; then a replay decides nothing anew."""
    row = connection.execute(_JUDGED, {"of": patient}).one_or_none()
    return row is not None and (row.inputs_sha256, row.mapping) == (inputs, mapping)


def enter(connection: Connection, decided: Decided, match: str | None) -> None:
    """Add a line to the history."""
    connection.execute(insert(d), {one.name: getattr(decided, one.name) for one in fields(Decided)} | {"match": match})


def history(connection: Connection, match: str) -> list[Decided]:
    """Everything that was decided of a pair, the oldest first."""
    return [Decided(**row._mapping) for row in connection.execute(_ENTRIES.where(d.c.match == match))]


def decisions(connection: Connection, patient: str) -> list[Decided]:
    """Everything that was decided about a record, the oldest first."""
    return [Decided(**row._mapping) for row in connection.execute(_ENTRIES.where(d.c.patient == patient))]


def behind(connection: Connection, patient: str, *, limit: int = 20) -> list[Behind]:
    """The submissions that a record rests on, the newest first."""
    return [Behind(**row._mapping) for row in connection.execute(_BEHIND, {"of": patient, "limit": limit})]


def holdings(connection: Connection, patient: str) -> dict[str, int]:
    """How many resources of each type belong to a record."""
    return {type: number for type, number in connection.execute(_HOLDS, {"of": patient})}
