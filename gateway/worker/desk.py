"""What a worker works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

from sqlalchemy import Connection

from gateway.audit import trail
from gateway.audit.trail import Event
from gateway.cases.centre import Centre
from gateway.core.clock import Clock, instant
from gateway.core.errors import GatewayError
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.route.breaker import Breaker
from gateway.route.destination import Destination
from gateway.store.engine import Store
from gateway.translate.sender import Senders

ACTOR = "gateway"


class Convert(Protocol):
    """The pure corridor, in this process or in one of its own."""

    def __call__(
        self,
        body: bytes,
        *,
        media_type: str | None = None,
        sender: Sender = ...,
        received: datetime | None = None,
        apart: Mapping[str, GatewayError] = ...,
    ) -> Outcome:
        """Bytes to outcome; content that is bad is an outcome too."""


@dataclass(frozen=True)
class Desk:
    """The store, the clock, the destinations with a breaker each, the audit chain's key, the corridor, the overlays."""

    store: Store
    clock: Clock
    destinations: Mapping[str, Destination]
    audit_key: bytes = field(repr=False)
    convert: Convert
    senders: Senders = field(default_factory=Senders)
    centre: Centre = field(default_factory=Centre)
    random: Random = field(default_factory=Random)  # spreads retries, guards nothing
    breakers: dict[str, Breaker] = field(default_factory=dict)
    warm: Callable[[], None] = lambda: None  # makes the corridor ready before there is work

    def now(self) -> str:
        """The present moment as a FHIR instant."""
        return instant(self.clock.now())

    def breaker(self, destination: str) -> Breaker:
        """The breaker of a destination."""
        return self.breakers.setdefault(destination, Breaker())

    def record(self, connection: Connection, event: Event, at: str) -> None:
        """Write an audit event in the transaction of what it speaks of."""
        trail.record(connection, event, key=self.audit_key, at=at)

    def record_all(self, connection: Connection, events: Sequence[Event], at: str) -> None:
        """Write several, each linked to the one before."""
        trail.record_all(connection, events, key=self.audit_key, at=at)
