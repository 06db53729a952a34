"""The audit trail: each event a FHIR AuditEvent of ids, codes and hashes, chained so that tampering shows.

h(n) = HMAC-SHA-256(key, h(n-1) || event(n)), written in the transaction of the change that it speaks of. A chain by
itself cannot show that its tail was cut: keep the checkpoint that `verify` gives elsewhere, and show it the next time.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection

from gateway.audit.event import Event, audit_event
from gateway.core import fhirjson
from gateway.core.errors import RequestError
from gateway.store import audit
from gateway.store.audit import Row
from gateway.store.engine import Store

__all__ = ["Checkpoint", "Event", "Verdict", "read", "record", "verify"]
_STEP: Final = 1000
_CHECKPOINT: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head of the chain that was kept elsewhere: its position and hash, written `17:9f86…`."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """The checkpoint that was written so. Raises RequestError."""
        written = _CHECKPOINT.fullmatch(text)
        if written is None:
            raise RequestError("checkpoint")
        return cls(int(written[1]), written[2])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of the chain found: how many events hold, the last position and hash, the first bad position."""

    count: int
    seq: int
    head: str
    first_bad: int | None

    @property
    def checkpoint(self) -> Checkpoint:
        """The last link that holds, to be kept elsewhere."""
        return Checkpoint(self.seq, self.head)

    @property
    def sound(self) -> bool:
        """Whether nothing was changed, moved, removed or added."""
        return self.first_bad is None


def record(connection: Connection, event: Event, *, key: bytes, at: str) -> None:
    """Write the event as the next link, in the caller's transaction. The store lets one process write at a time."""
    record_all(connection, [event], key=key, at=at)


def record_all(connection: Connection, events: Sequence[Event], *, key: bytes, at: str) -> None:
    """Write events of one moment as the next links, in their order."""
    seq, last = audit.head(connection)
    links = []
    for place, event in enumerate(events, seq + 1):
        written = fhirjson.write(audit_event(event, at=at, query=_without_values(event.query, key)))
        last = _link(key, last, written)
        links.append((Row(place, at, written, last, event.agent, event.subtype, event.outcome), event.about))
    audit.append(connection, links)


def verify(store: Store, key: bytes, checkpoints: Sequence[Checkpoint] = ()) -> Verdict:
    """Walk the whole chain and compare it with heads kept elsewhere; stop at the first position that is wrong."""
    kept = {checkpoint.seq: checkpoint.hash for checkpoint in checkpoints}
    count, seq, head = 0, 0, ""
    while rows := store.read(lambda connection, after=seq: _next(connection, after)):  # type: ignore[misc]
        for row, about in rows:
            if not (_holds(key, head, row, about) and kept.pop(row.seq, row.hash) == row.hash):
                return Verdict(count, seq, head, row.seq)
            count, seq, head = count + 1, row.seq, row.hash
    # What a checkpoint saw and the trail no longer holds was cut off.
    return Verdict(count, seq, head, min(kept, default=None))


def read(row: Row) -> dict[str, Any]:
    """An event of the trail as the FHIR resource it is, with its id."""
    return {"resourceType": "AuditEvent", "id": row.hash, **fhirjson.read_own(row.event)}


def _next(connection: Connection, after: int) -> list[tuple[Row, set[tuple[str, str]]]]:
    rows = audit.walk(connection, after, _STEP)
    about = audit.entities(connection, rows[0].seq, rows[-1].seq) if rows else {}
    return [(row, about.get(row.seq, set())) for row in rows]


def _holds(key: bytes, before: str, row: Row, about: set[tuple[str, str]]) -> bool:
    """Whether the link fits the one before and the columns repeat what the event says."""
    if not hmac.compare_digest(_link(key, before, row.event), row.hash):
        return False
    said = fhirjson.read_own(row.event)
    return (row.at, row.agent, row.subtype, row.outcome) == _columns(said) and about == _about(said)


def _columns(said: dict[str, Any]) -> tuple[str, str, str, str]:
    who = said["agent"][0]["who"]["identifier"]["value"]
    return said["recorded"], who, said["subtype"][0]["code"], said["outcome"]


def _about(said: dict[str, Any]) -> set[tuple[str, str]]:
    found = set()
    for entity in said.get("entity", ()):
        if "reference" in (what := entity.get("what", {})):
            kind, _, id = what["reference"].partition("/")
            found.add((kind, id))
        elif "name" in entity:
            found.add((entity["name"], what["identifier"]["value"]))
    return found


def _link(key: bytes, before: str, written: bytes) -> str:
    return hmac.digest(key, before.encode() + written, "sha256").hex()


def _without_values(query: str, key: bytes) -> str:
    """A query's parameters, each value as a keyed hash: equal searches are seen to be equal, and no more."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    hidden = [(name, hmac.digest(key, value.encode(), "sha256").hex()[:32]) for name, value in pairs]
    return b64encode(urlencode(hidden).encode()).decode()
