"""Cases and their numbers: one case for each patient and question, whatever number of submissions feed it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.core.errors import NotFoundError
from gateway.store.tables import cases as c

_COLUMNS: Final = (c.c.seq, c.c.number, c.c.patient, c.c.question, c.c.task, c.c.state, c.c.clinic, c.c.opened)
_OF_QUESTION: Final = select(*_COLUMNS).where(c.c.patient == bindparam("patient"), c.c.question == bindparam("about"))
_BY_NUMBER: Final = select(*_COLUMNS).where(c.c.number == bindparam("number"))
_LAST: Final = select(func.max(c.c.seq))
_LISTING: Final = select(*_COLUMNS).order_by(c.c.seq.desc()).limit(bindparam("limit"))
_ADVANCE: Final = update(c).where(c.c.number == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's question: its number, the Task that stands for it, its state."""

    seq: int
    number: str
    patient: str
    question: str
    task: str
    state: str
    clinic: str
    opened: str


def open_case(
    connection: Connection, *, patient: str, question: str, task: str, state: str, clinic: str, at: str
) -> Case:
    """The case of this question, with its number; opened now when it is new. A number is never given twice."""
    row = connection.execute(_OF_QUESTION, {"patient": patient, "about": question}).one_or_none()
    if row is None:
        # One process writes at a time, so the next number is free.
        number = f"SO-{at[:4]}-{(connection.execute(_LAST).scalar() or 0) + 1:06d}"
        values = {"number": number, "patient": patient, "question": question, "task": task}
        connection.execute(insert(c), values | {"state": state, "clinic": clinic, "opened": at})
        row = connection.execute(_BY_NUMBER, {"number": number}).one()
    return Case(**row._mapping)


def find(connection: Connection, number: str) -> Case:
    """A case by its number."""
    row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
    if row is None:
        raise NotFoundError
    return Case(**row._mapping)


def listing(
    connection: Connection, *, clinic: str | None = None, state: str | None = None, limit: int = 50
) -> list[Case]:
    """The newest first."""
    question = _LISTING
    if clinic is not None:
        question = question.where(c.c.clinic == clinic)
    if state is not None:
        question = question.where(c.c.state == state)
    return [Case(**row._mapping) for row in connection.execute(question, {"limit": limit})]


def advance(connection: Connection, number: str, state: str) -> None:
    """Go to a state that `cases` allowed."""
    if connection.execute(_ADVANCE.values(state=state), {"of": number}).rowcount == 0:
        raise NotFoundError
