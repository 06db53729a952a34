"""The failure inbox: signatures with how many submissions, patients and clinics have them, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, distinct, func, or_, select

from gateway.core.errors import NotFoundError
from gateway.core.issue import MESSAGES, REFUSED
from gateway.core.submission import SubmissionState
from gateway.store.failures import FIXING, OPEN
from gateway.store.submissions import Submission
from gateway.store.tables import failures as f
from gateway.store.tables import signatures as s
from gateway.store.tables import submissions as b

SORTS: Final = ("count", "age", "seen", "effect")
_LOST: Final = ("unmapped", "failed", "row-failed", REFUSED)
_STOPPED: Final = (SubmissionState.QUARANTINED, SubmissionState.REJECTED)
_COUNT = func.count(distinct(f.c.submission))
_BLOCKED = func.coalesce(func.max(case((b.c.state.in_(_STOPPED), 1), else_=0)), 0)
_SIGNATURE = (
    s.c.signature, s.c.severity, s.c.trouble, s.c.rule, s.c.location, s.c.path, s.c.system, s.c.code, s.c.format,
    s.c.first_seen, s.c.last_seen, s.c.state, s.c.owner, s.c.reason,
)  # fmt: skip
_LINES = (
    select(
        *_SIGNATURE,
        _COUNT.label("submissions"),
        func.count(distinct(b.c.patient)).label("patients"),
        _BLOCKED.label("blocked"),
    )
    .outerjoin_from(s, f, f.c.signature == s.c.signature)
    .outerjoin(b, b.c.id == f.c.submission)
    .group_by(*_SIGNATURE)
)
_ORDERS: Final = {
    "count": (_COUNT.desc(), s.c.first_seen),
    "age": (s.c.first_seen, s.c.signature),
    "seen": (s.c.last_seen.desc(), s.c.signature),
    "effect": (_BLOCKED.desc(), _COUNT.desc(), s.c.first_seen),
}
_CLINICS = (
    select(f.c.signature, b.c.clinic)
    .join_from(f, b, b.c.id == f.c.submission)
    .where(f.c.signature.in_(bindparam("signatures", expanding=True)))
    .distinct()
    .order_by(b.c.clinic)
)
_DAY = func.substr(b.c.received, 1, 10)
_DAYS = (
    select(f.c.signature, _DAY, func.count())
    .join_from(f, b, b.c.id == f.c.submission)
    .where(f.c.signature.in_(bindparam("signatures", expanding=True)), b.c.received >= bindparam("since"))
    .group_by(f.c.signature, _DAY)
)
_AFFECTED = (
    select(b, f.c.times, f.c.first_location)
    .join_from(f, b, b.c.id == f.c.submission)
    .where(f.c.signature == bindparam("signature"))
    .order_by(b.c.seq.desc())
    .limit(bindparam("limit"))
)
_ALL_AFFECTED = select(f.c.submission).where(f.c.signature == bindparam("signature")).order_by(f.c.submission)
_OF_SUBMISSION = select(f.c.signature, f.c.first_location).where(f.c.submission == bindparam("submission"))
_BY_STATE = select(s.c.state, func.count()).group_by(s.c.state)
_CHOICES = {
    "clinic": select(b.c.clinic).distinct().order_by(b.c.clinic),
    "format": select(s.c.format).distinct().order_by(s.c.format),
    "trouble": select(s.c.trouble).distinct().order_by(s.c.trouble),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the inbox; an empty one narrows nothing."""

    clinic: str = ""
    format: str = ""
    trouble: str = ""
    rule: str = ""
    state: str = OPEN
    text: str = ""
    submission: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything but the state is asked for."""
        return any((self.clinic, self.format, self.trouble, self.rule, self.text, self.submission))


@dataclass(frozen=True, slots=True)
class Line:
    """One signature of the inbox, with whom it concerns."""

    signature: str
    severity: str
    trouble: str
    rule: str
    location: str
    path: str
    system: str
    code: str
    format: str
    first_seen: str
    last_seen: str
    state: str
    owner: str | None
    reason: str | None
    submissions: int
    patients: int
    blocked: int
    effect: str  # the worst that it does: blocked, not carried on (in the original only), or kept as sent
    clinics: tuple[str, ...] = ()
    days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Affected:
    """A submission that has the trouble now, how often, and where first."""

    submission: Submission
    times: int
    first_location: str


def lines(
    connection: Connection,
    filters: Filters,
    *,
    days: Sequence[str],
    sort: str = "count",
    limit: int = 100,
    skip: int = 0,
) -> list[Line]:
    """The lines of the inbox in the order asked for; `days` are the dates of the bars, the oldest first."""
    question = _narrowed(filters).order_by(*_ORDERS[sort]).limit(limit).offset(skip)
    return _read(connection, connection.execute(question).all(), days)


def total(connection: Connection, filters: Filters) -> int:
    """How many lines there are in all."""
    return connection.execute(select(func.count()).select_from(_narrowed(filters).subquery())).scalar_one()


def line(connection: Connection, signature: str, *, days: Sequence[str]) -> Line:
    """One signature. Raises NotFoundError."""
    found = _read(connection, connection.execute(_LINES.where(s.c.signature == signature)).all(), days)
    if not found:
        raise NotFoundError
    return found[0]


def affected(connection: Connection, signature: str, limit: int = 100) -> list[Affected]:
    """The newest submissions that have it now."""
    rows = connection.execute(_AFFECTED, {"signature": signature, "limit": limit}).all()
    return [Affected(Submission(*row[:14]), row.times, row.first_location) for row in rows]


def submissions_of(connection: Connection, signature: str) -> list[str]:
    """The ids of all submissions that have it now."""
    return list(connection.execute(_ALL_AFFECTED, {"signature": signature}).scalars())


def of_submission(connection: Connection, submission: str) -> list[tuple[str, str]]:
    """The signatures that one submission has, each with its first place."""
    return [
        (row.signature, row.first_location) for row in connection.execute(_OF_SUBMISSION, {"submission": submission})
    ]


def counts_by_state(connection: Connection) -> dict[str, int]:
    """How many signatures stand in each state."""
    return {state: number for state, number in connection.execute(_BY_STATE)}


def choices(connection: Connection) -> dict[str, list[str]]:
    """What the filters offer: clinics, formats and troubles that there are."""
    return {name: list(connection.execute(question).scalars()) for name, question in _CHOICES.items()}


def _read(connection: Connection, rows: Sequence[Any], days: Sequence[str]) -> list[Line]:
    signatures = [row.signature for row in rows]
    clinics, bars = _clinics(connection, signatures), _bars(connection, signatures, days)
    none = (0,) * len(days)
    return [
        Line(
            **row._asdict(),
            effect=_effect(row),
            clinics=clinics.get(row.signature, ()),
            days=bars.get(row.signature, none),
        )
        for row in rows
    ]


def _effect(row: Any) -> str:
    if row.blocked or row.severity in ("error", "fatal"):
        return "blocked"
    return "not carried on" if row.trouble in _LOST else "kept as sent"


def _narrowed(filters: Filters) -> Select[Any]:
    question = _LINES
    for column, wanted in ((s.c.format, filters.format), (s.c.trouble, filters.trouble), (s.c.rule, filters.rule)):
        if wanted:
            question = question.where(column == wanted)
    if filters.state == OPEN:
        question = question.where(s.c.state.in_((OPEN, FIXING)))
    elif filters.state:
        question = question.where(s.c.state == filters.state)
    if filters.clinic:
        question = question.where(b.c.clinic == filters.clinic)
    if filters.submission:
        question = question.where(f.c.submission == filters.submission)
    if filters.text:
        question = question.where(_speaks_of(filters.text))
    return question


def _speaks_of(text: str) -> ColumnElement[bool]:
    """Whether a signature's places, code, or the constant message of its issue hold the text."""
    looked_for = text.casefold()
    said = [code for code, (_, message) in MESSAGES.items() if looked_for in message.casefold()]
    columns = (s.c.trouble, s.c.rule, s.c.location, s.c.path, s.c.code)
    return or_(s.c.trouble.in_(said), *(func.lower(column).contains(looked_for, autoescape=True) for column in columns))


def _clinics(connection: Connection, signatures: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for signature, clinic in connection.execute(_CLINICS, {"signatures": list(signatures)}):
        found[signature] = (*found.get(signature, ()), clinic)
    return found


def _bars(connection: Connection, signatures: Sequence[str], days: Sequence[str]) -> dict[str, tuple[int, ...]]:
    if not days:
        return {}
    found: dict[str, dict[str, int]] = {}
    for signature, day, number in connection.execute(_DAYS, {"signatures": list(signatures), "since": days[0]}):
        found.setdefault(signature, {})[day] = number
    return {signature: tuple(counts.get(day, 0) for day in days) for signature, counts in found.items()}
