"""Lineage: which leaves of which submissions stand in a resource, read from the ledgers of those that speak of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from gateway.core import fhirjson
from gateway.core.ids import digest
from gateway.store import outcomes, submissions
from gateway.store.resources import seen
from gateway.store.tables import references, resources
from gateway.store.visibility import Sight, visible_to

_r, _t = resources.c, references.c
_SPEAK_OF_IT: Final = (
    select(_r.type, _r.id, _r.version, _r.updated, _r.deleted, _r.patient, _r.submission, _r.body)
    .join_from(references, resources, (_r.type == _t.type) & (_r.id == _t.id) & _r.current.is_(True))
    .where(_t.type == "Provenance", _t.parameter == "target")
    .where(_t.target_type == bindparam("type"), _t.target_id == bindparam("id"))
    .order_by(_r.seq)
)
_STEP: Final = re.compile(r"([^.\[]+)(?:\[(\d+)\])?")
WHOLE: Final = "$this"  # of a leaf that is told of the resource and of none of its elements
_Path = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a source and the element that it stands in; `span` are its bytes, where the parser knows them."""

    element: str
    location: str
    state: str
    rule: str
    span: tuple[int, int] | None
    sha256: str = ""  # of its bytes, where they are known


@dataclass(frozen=True, slots=True)
class Account:
    """A Provenance of a resource; that of a translation with the leaves of its submission, others without."""

    provenance: dict[str, Any]
    submission: str
    clinic: str
    kind: str
    received: str
    mapping: str
    leaves: list[Leaf]


def accounts(connection: Connection, type: str, id: str, *, element: str = "", clinic: Sight = None) -> list[Account]:
    """Who says what of a resource, or of one element of it, the earliest first; a clinic reads its own alone."""
    rows = connection.execute(_SPEAK_OF_IT.where(*visible_to(clinic)), {"type": type, "id": id}).all()
    shown = seen(connection, [(*row[:6], row.body) for row in rows], clinic)
    found, read = [], set[str]()
    for row, stored in zip(rows, shown, strict=True):
        provenance = fhirjson.read_own(stored.body)
        first = row.submission not in read and _is_of_a_source(provenance)
        read |= {row.submission} if first else set()
        found.append(_account(connection, provenance, row.submission, f"{type}/{id}", element, first=first))
    return found


def _account(
    connection: Connection, provenance: dict[str, Any], submission: str | None, resource: str, element: str, first: bool
) -> Account:
    if submission is None:
        return Account(provenance, "", "", "", provenance.get("recorded", ""), "", [])
    sent = submissions.find(connection, submission, None)
    outcome = outcomes.load(connection, submission) if first else None
    leaves = []
    if outcome is not None:
        body, _, _ = submissions.original(connection, submission, None)
        leaves = list(_leaves(outcome.ledger, body, resource, _steps(element)))
    mapping = outcome.mapping if outcome else ""
    return Account(provenance, submission, sent.clinic, sent.kind or "", sent.received, mapping, leaves)


def _leaves(ledger: list[dict[str, Any]], body: bytes, resource: str, asked: _Path) -> Iterator[Leaf]:
    """The lines of a ledger that end in the resource, at the element asked for, in it or around it."""
    for line in ledger:
        for stands in (line.get("path", ""), *line.get("also", ())):
            where, _, path = stands.partition(".")
            if where == resource and (path or not asked) and _meet(_steps(path), asked):
                span = tuple(line["span"]) if "span" in line else None
                hashed = digest(body[span[0] : span[1]]) if span else ""
                yield Leaf(path or WHOLE, line["location"], line["state"], line.get("rule", ""), span, hashed)


def _is_of_a_source(provenance: dict[str, Any]) -> bool:
    """Whether it is the one over all that was made of a submission, with our document of the original."""
    sources = (entity["what"] for entity in provenance.get("entity", ()) if entity.get("role") == "source")
    return any(what.get("reference", "").startswith("DocumentReference/") for what in sources)


def _steps(path: str) -> _Path:
    return [(step[1], step[2] or "") for step in _STEP.finditer(path)]


def _meet(path: _Path, asked: _Path) -> bool:
    """Whether one lies on the way to the other; a step without an index is every one of them."""
    pairs = zip(path, asked, strict=False)
    return all(_same(name, other) and (not at or not wanted or at == wanted) for (name, at), (other, wanted) in pairs)


def _same(name: str, other: str) -> bool:
    """`value` and `valueQuantity` are one element in two ways of writing it."""
    short, long = sorted((name, other.removesuffix("[x]")), key=len)
    return long == short or (long.startswith(short) and long[len(short)].isupper())
