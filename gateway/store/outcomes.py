"""What the corridor said last time of each submission: issues, ledger, bundle."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.core import fhirjson
from gateway.core.issue import REFUSED
from gateway.core.outcome import Outcome
from gateway.store.tables import outcomes as o

_LOAD: Final = select(o.c.counts, o.c.issues, o.c.ledger, o.c.bundle, o.c.made, o.c.mapping).where(
    o.c.submission == bindparam("id")
)
_FORGET: Final = delete(o).where(o.c.submission == bindparam("id"))
_ADD: Final = insert(o)


@dataclass(frozen=True, slots=True)
class Stored:
    """An outcome at rest, in the words it is printed with."""

    counts: dict[str, int]
    issues: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    bundle: dict[str, Any] | None
    made: str
    mapping: str


def save(connection: Connection, submission: str, outcome: Outcome, mapping: str, at: str) -> None:
    """Keep the outcome in place of the one before; `mapping` is the version of the tables that made it."""
    connection.execute(_FORGET, {"id": submission})
    connection.execute(
        _ADD,
        {
            "submission": submission,
            "made": at,
            "mapping": mapping,
            "counts": fhirjson.write(outcome.counts).decode(),
            "issues": fhirjson.write([_said(issue) for issue in outcome.issues]),
            "ledger": fhirjson.write([entry.to_json() for entry in outcome.ledger]),
            "bundle": None if outcome.bundle is None else fhirjson.write(outcome.bundle),
        },
    )


def load(connection: Connection, submission: str) -> Stored | None:
    """The last outcome of a submission; none before it was processed."""
    row = connection.execute(_LOAD, {"id": submission}).one_or_none()
    if row is None:
        return None
    read = fhirjson.read_own
    bundle = None if row.bundle is None else read(row.bundle)
    return Stored(read(row.counts.encode()), read(row.issues), read(row.ledger), bundle, row.made, row.mapping)


def is_partial(connection: Connection, submission: str) -> bool:
    """Whether a record of it was set aside, so that nothing here tells what its bytes hold."""
    found = load(connection, submission)
    return found is not None and any(issue["code"] == REFUSED for issue in found.issues)


def _said(issue: Any) -> dict[str, Any]:
    """The parts of an issue that are there."""
    return {name: value for name, value in issue._asdict().items() if value}
