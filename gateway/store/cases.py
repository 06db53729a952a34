"""Cases and their numbers: one case for each patient and question, whatever number of submissions feed it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from gateway.core import fhirjson
from gateway.core.errors import NotFoundError
from gateway.core.labels import WITHHELD
from gateway.store.tables import case_events as e
from gateway.store.tables import cases as c
from gateway.store.tables import grants as g
from gateway.store.tables import references as links
from gateway.store.tables import resources as r

_COLUMNS: Final = tuple(c.c)
_OF_QUESTION: Final = select(*_COLUMNS).where(c.c.question == bindparam("about"), c.c.clinic == bindparam("of"))
_BY_NUMBER: Final = select(*_COLUMNS).where(c.c.number == bindparam("number"))
_OF_PATIENTS: Final = select(*_COLUMNS).where(c.c.patient.in_(bindparam("patients", expanding=True))).order_by(c.c.seq)
_LAST: Final = select(func.max(c.c.seq))
_LISTING: Final = select(*_COLUMNS).order_by(c.c.seq.desc()).limit(bindparam("limit"))
_OPEN: Final = (
    select(c.c.owner, func.count()).where(c.c.state.notin_(bindparam("ended", expanding=True))).group_by(c.c.owner)
)
_STANDING: Final = (
    select(c.c.number)
    .outerjoin(e, (e.c.case == c.c.number) & (e.c.after == c.c.state) & (e.c.before != e.c.after))
    .where(c.c.state.in_(bindparam("states", expanding=True)))
    .group_by(c.c.number, c.c.opened)
    .having(func.coalesce(func.max(e.c.at), c.c.opened) < bindparam("since"))
    .order_by(c.c.number)
)
_UPDATE: Final = update(c).where(c.c.number == bindparam("of"))
_EVENTS: Final = select(e.c.at, e.c.event, e.c.row, e.c.before, e.c.after, e.c.actor, e.c.reason)
_LINKS: Final = select(links.c.id, links.c.target_id).where(
    links.c.type == "Patient",
    links.c.parameter == "link",
    or_(
        links.c.id.in_(bindparam("ids", expanding=True)),
        links.c.target_id.in_(bindparam("ids", expanding=True)),
    ),
)
_HOLDINGS: Final = (
    select(r.c.body)
    .where(r.c.patient.in_(bindparam("patients", expanding=True)), r.c.current.is_(True), r.c.deleted.is_(False))
    .where(~r.c.labels.contains(f" {WITHHELD} "))
    .order_by(r.c.seq)
)
_DRUGS: Final = (
    select(r.c.submission, r.c.body)
    .where(
        r.c.type == "MedicationRequest",
        r.c.patient.in_(bindparam("patients", expanding=True)),
        r.c.deleted.is_(False),
        ~r.c.labels.contains(f" {WITHHELD} "),
    )
    .order_by(r.c.updated, r.c.id)
)
_GRANTED: Final = (
    select(func.count())
    .select_from(g)
    .where(g.c.type == "Patient", g.c.id.in_(bindparam("patients", expanding=True)), g.c.clinic == bindparam("clinic"))
)


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's question: its number, the Task that stands for it, its state, and what a person said of it."""

    seq: int
    number: str
    patient: str
    question: str
    task: str
    state: str
    clinic: str
    opened: str
    reason: str = ""
    owner: str = ""
    complete: str = ""
    settled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case: when, what, by which row of the table of states, from where to where, by whom, why."""

    at: str
    event: str
    row: str
    before: str
    after: str
    actor: str
    reason: str = ""


def open_case(
    connection: Connection, *, patient: str, question: str, task: str, state: str, clinic: str, at: str
) -> Case:
    """The case of a clinic's question, with its number; opened now when it is new. A number is never given twice."""
    row = connection.execute(_OF_QUESTION, {"about": question, "of": clinic}).one_or_none()
    if row is None:
        # One process writes at a time, so the next number is free.
        number = f"SO-{at[:4]}-{(connection.execute(_LAST).scalar() or 0) + 1:06d}"
        values = {"number": number, "patient": patient, "question": question, "task": task}
        connection.execute(insert(c), values | {"state": state, "clinic": clinic, "opened": at})
        return find(connection, number)
    return _case(row)


def find(connection: Connection, number: str) -> Case:
    """A case by its number."""
    row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
    if row is None:
        raise NotFoundError
    return _case(row)


def of_patients(connection: Connection, patients: Collection[str]) -> list[Case]:
    """The cases of these patients, the oldest first."""
    return [_case(row) for row in connection.execute(_OF_PATIENTS, {"patients": list(patients)})]


def listing(
    connection: Connection, *, clinic: str | None = None, state: str | None = None, limit: int = 50
) -> list[Case]:
    """The newest first."""
    question = _LISTING
    if clinic is not None:
        question = question.where(c.c.clinic == clinic)
    if state is not None:
        question = question.where(c.c.state == state)
    return [_case(row) for row in connection.execute(question, {"limit": limit})]


def open_cases(connection: Connection, ended: Collection[str]) -> dict[str, int]:
    """How many cases each owner has in a state that is not among the ended ones."""
    return {owner: number for owner, number in connection.execute(_OPEN, {"ended": list(ended)})}


def standing_since(connection: Connection, states: Collection[str], since: str) -> list[str]:
    """The numbers of the cases that came into one of these states before an instant, and are in it still."""
    return list(connection.execute(_STANDING, {"states": list(states), "since": since}).scalars())


def keep(connection: Connection, case: Case) -> None:
    """Write down where a case stands; its number says which."""
    values = {name: getattr(case, name) for name in ("state", "reason", "owner", "complete")}
    values["settled"] = json.dumps(dict(case.settled), sort_keys=True)
    if connection.execute(_UPDATE.values(**values), {"of": case.number}).rowcount == 0:
        raise NotFoundError


def enter(connection: Connection, number: str, step: Step) -> None:
    """Add a step to the history of a case."""
    values = {name: getattr(step, name) for name in Step.__slots__}
    connection.execute(insert(e), values | {"case": number})


def history(connection: Connection, number: str) -> list[Step]:
    """Every step of a case, the oldest first."""
    rows = connection.execute(_EVENTS.where(e.c.case == number).order_by(e.c.seq))
    return [Step(**row._mapping) for row in rows]


def same_person(connection: Connection, patients: Collection[str]) -> set[str]:
    """These Patients and all that are linked to them, in either direction and over several."""
    found, new = set(patients), set(patients)
    while new:
        rows = connection.execute(_LINKS, {"ids": sorted(new)})
        new = {id for row in rows for id in row} - found
        found |= new
    return found


def holdings(connection: Connection, patients: Collection[str]) -> list[dict[str, Any]]:
    """Every current resource of these patients, but what is withheld: no plan rests on it."""
    return [fhirjson.read_own(body) for body in connection.execute(_HOLDINGS, {"patients": sorted(patients)}).scalars()]


def drugs_told(connection: Connection, patients: Collection[str]) -> list[tuple[str, dict[str, Any]]]:
    """Every version of these patients' drugs with the submission that told it, the oldest first."""
    rows = connection.execute(_DRUGS, {"patients": sorted(patients)})
    return [(row.submission or "", fhirjson.read_own(row.body)) for row in rows]


def is_of_one_clinic(connection: Connection, patients: Collection[str], clinic: str) -> bool:
    """Whether this clinic may see all of these patients."""
    granted = connection.execute(_GRANTED, {"patients": sorted(patients), "clinic": clinic}).scalar_one()
    return bool(granted == len(patients))


def _case(row: Any) -> Case:
    return Case(**{**row._mapping, "settled": json.loads(row.settled)})
