"""What of a resource leaves: for a clinic all but references to what it was not granted, for a reader to what it may
not see.

Our own links are why: a person whom two clinics sent is two Patients, each with a link to the other.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select

from gateway.core import fhirjson
from gateway.store.index import literal
from gateway.store.tables import grants, resources
from gateway.store.visibility import Sight, bears

Name = tuple[str, str]
_REFERENCE: Final = re.compile(rb'"reference":"([^"\\]+)"')  # as core.fhirjson writes it
_STEP: Final = 500
_GRANTED: Final = select(grants.c.type, grants.c.id).where(
    grants.c.clinic == bindparam("clinic"), grants.c.id.in_(bindparam("ids", expanding=True))
)
_LABELLED: Final = select(resources.c.type, resources.c.id).where(
    resources.c.id.in_(bindparam("ids", expanding=True)), resources.c.labels != ""
)
_GONE: Final = object()


def disclosed(connection: Connection, bodies: Sequence[bytes], sight: Sight) -> list[bytes]:
    """The resources as this caller may see them; stored bytes stay as they are where nothing is to be hidden."""
    if not sight:
        return list(bodies)
    named = [set(_named(body)) for body in bodies]
    ids = sorted({id for names in named for _, id in names})
    if isinstance(sight, str):
        granted = _found(connection, ids, _GRANTED, {"clinic": sight})
        return [_without(body, names - granted) for body, names in zip(bodies, named, strict=True)]
    guarded = _found(connection, ids, _LABELLED.where(bears(resources.c.labels, sight)), {})
    return [_without(body, names & guarded) for body, names in zip(bodies, named, strict=True)]


def _named(body: bytes) -> Iterator[Name]:
    """The resources of ours that a resource names."""
    for reference in _REFERENCE.findall(body):
        name = literal(reference.decode())
        if name[0]:
            yield name


def _found(connection: Connection, ids: Sequence[str], question: Select[Any], asked: dict[str, str]) -> set[Name]:
    found: set[Name] = set()
    for start in range(0, len(ids), _STEP):
        rows = connection.execute(question, {**asked, "ids": ids[start : start + _STEP]})
        found |= {(type, id) for type, id in rows}
    return found


def _without(body: bytes, hidden: set[Name]) -> bytes:
    return fhirjson.write(_pruned(fhirjson.read_own(body), hidden)) if hidden else body


def _pruned(node: Any, hidden: set[Name], *, listed: bool = False) -> Any:
    """The node without the references; an entry of a list that stood on one goes with it, as a link says no more."""
    if isinstance(node, list):
        kept = [below for one in node if (below := _pruned(one, hidden, listed=True)) is not _GONE]
        return kept or _GONE
    if not isinstance(node, dict):
        return node
    reference = node.get("reference")
    if isinstance(reference, str) and literal(reference) in hidden:
        return _GONE
    below = {name: _pruned(one, hidden) for name, one in node.items()}
    left = {name: one for name, one in below.items() if one is not _GONE}
    stood_on_it = any(one is _GONE and not isinstance(node[name], list) for name, one in below.items())
    return _GONE if not left or (listed and stood_on_it) else left
