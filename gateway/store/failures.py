"""Failures: each kind of trouble under one signature, with the submissions that have it now.

A signature is the hash of what is wrong and where, so that one fault of many messages and clinics is one line. It holds
no value of a sender: the code takes part only where the field is coded.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import astuple, dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, case, delete, exists, insert, select, update

from gateway.core.ids import digest
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.store.tables import failures as f
from gateway.store.tables import signatures as s

OPEN: Final = "open"
FIXING: Final = "fixing"
FIXED: Final = "fixed"
IGNORED: Final = "ignored"
CAME_BACK: Final = "It came back after it was fixed."
STILL_THERE: Final = "It was seen again after the replay began."

_HEAVY: Final = {Severity.WARNING, Severity.ERROR, Severity.FATAL}
_UNKEPT: Final = {State.UNMAPPED, State.FAILED, State.UNTRANSLATED}
# A code as code systems write it: short, no space. Anything else could be somebody's words.
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+^-]{0,31}", re.ASCII)
_INDEX: Final = re.compile(r"\[\d+\]|\(\d+\)")
_POINTER_INDEX: Final = re.compile(r"(?<=/)\d+(?=/|$)")
_RESOURCE: Final = re.compile(r"^([A-Z][A-Za-z]+)/[^.]+")
_ROW_NUMBER: Final = re.compile(r"\brow \d+")

_OF_SUBMISSION = select(f.c.signature).where(f.c.submission == bindparam("submission"))
_STOPPED_BY = (
    select(s.c.trouble, f.c.first_location)
    .join_from(f, s, f.c.signature == s.c.signature)
    .where(f.c.submission == bindparam("submission"), s.c.severity == Severity.FATAL.value)
)
_FORGET = delete(f).where(f.c.submission == bindparam("submission"))
_KNOWN = select(s.c.state).where(s.c.signature == bindparam("known"))
_SEEN = update(s).where(s.c.signature == bindparam("known")).values(last_seen=bindparam("at"))
_REOPEN = (
    update(s)
    .where(s.c.signature == bindparam("known"), s.c.state.in_((FIXED, FIXING)))
    .values(state=OPEN, reason=case((s.c.state == FIXED, CAME_BACK), else_=STILL_THERE))
)
_CLOSE = (
    update(s)
    .where(s.c.signature == bindparam("lost"), s.c.state.in_((OPEN, FIXING)))
    .where(~exists().where(f.c.signature == s.c.signature))
    .values(state=FIXED, reason=None)
)
_SET_STATE = (
    update(s)
    .where(s.c.signature == bindparam("known"))
    .values(state=bindparam("new_state"), reason=bindparam("why"), owner=bindparam("who"))
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and where, without indices and without values."""

    trouble: str
    rule: str
    location: str
    path: str
    system: str = ""
    code: str = ""

    @property
    def signature(self) -> str:
        """The hash that the inbox groups by."""
        return digest("\x1f".join(astuple(self)).encode())[:32]


@dataclass(slots=True)
class _Found:
    severity: Severity
    location: str
    times: int = 0


def record(connection: Connection, submission: str, format: str, outcome: Outcome, at: str) -> None:
    """Put what is wrong now in place of what was wrong before; open, reopen and close signatures accordingly."""
    found = _found(outcome)
    before = set(connection.execute(_OF_SUBMISSION, {"submission": submission}).scalars())
    connection.execute(_FORGET, {"submission": submission})
    for trouble, place in found.items():
        _see(connection, trouble, place.severity, format, at)
    rows = [
        {"submission": submission, "signature": t.signature, "times": p.times, "first_location": p.location}
        for t, p in found.items()
    ]
    if rows:
        connection.execute(insert(f), rows)
    for lost in before - {row["signature"] for row in rows}:
        connection.execute(_CLOSE, {"lost": lost})


def stopped_by(connection: Connection, submission: str) -> tuple[str, str] | None:
    """The code of the error that stopped a submission, and its place."""
    row = connection.execute(_STOPPED_BY, {"submission": submission}).first()
    return None if row is None else (row.trouble, row.first_location)


def set_state(connection: Connection, signature: str, state: str, *, owner: str, reason: str | None = None) -> bool:
    """What a person decides of a signature. False when there is no such signature."""
    change = {"known": signature, "new_state": state, "why": reason, "who": owner}
    return connection.execute(_SET_STATE, change).rowcount > 0


def without_indices(place: str) -> str:
    """A locator or path of any format, without the numbers that tell one repetition from another."""
    return _ROW_NUMBER.sub("row", _POINTER_INDEX.sub("*", _INDEX.sub("", place)))


def element(path: str) -> str:
    """The FHIR element of a ledger path, without the id of its resource."""
    return _RESOURCE.sub(r"\1", path)


def _see(connection: Connection, trouble: Trouble, severity: Severity, format: str, at: str) -> None:
    known = {"known": trouble.signature, "at": at}
    if connection.execute(_KNOWN, known).scalar_one_or_none() is not None:
        connection.execute(_SEEN, known)
        connection.execute(_REOPEN, known)
        return
    row = {"signature": trouble.signature, "severity": severity.value, "format": format, "state": OPEN}
    row |= {name: getattr(trouble, name) for name in ("trouble", "rule", "location", "path", "system", "code")}
    connection.execute(insert(s), row | {"first_seen": at, "last_seen": at})


def _found(outcome: Outcome) -> Mapping[Trouble, _Found]:
    found: dict[Trouble, _Found] = {}
    for trouble, severity, location in _troubles(outcome):
        found.setdefault(trouble, _Found(severity, location)).times += 1
    return found


def _troubles(outcome: Outcome) -> Iterator[tuple[Trouble, Severity, str]]:
    """The error that stopped it, its issues of weight, and the leaves that no issue speaks of."""
    if (error := outcome.error) is not None:
        yield Trouble(error.code, "", without_indices(error.place), ""), Severity.FATAL, error.place
    issues = [issue for issue in outcome.issues if issue.severity in _HEAVY]
    for issue in issues:
        yield _of_issue(issue), issue.severity, issue.location or issue.path
    spoken_of = {(issue.rule, issue.location) for issue in issues}
    for entry in outcome.ledger:
        if entry.state in _UNKEPT and not _at_or_below(entry, spoken_of):
            place, path = without_indices(entry.location), without_indices(element(entry.path))
            yield Trouble(entry.state.value, entry.rule, place, path), Severity.WARNING, entry.location


def _of_issue(issue: Issue) -> Trouble:
    coded = _CODE.fullmatch(issue.concept) is not None
    return Trouble(
        issue.code,
        issue.rule,
        without_indices(issue.location),
        without_indices(element(issue.path)),
        issue.system if coded else "",
        issue.concept if coded else "",
    )


def _at_or_below(entry: Entry, places: Set[tuple[str, str]]) -> bool:
    """Whether one of the rows' remarks stands at the leaf or at the field that it is a part of."""
    return any(
        rule == entry.rule and entry.location.startswith(place) and not entry.location[len(place) :][:1].isalnum()
        for rule, place in places
    )
