"""The one place where real adapters are chosen: store, clock, destinations, the audit trail's key."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

import structlog
from flask import current_app
from sqlalchemy import Connection

from gateway import pipeline
from gateway.audit import trail
from gateway.audit.trail import Event
from gateway.cases.centre import Centre, read_centre
from gateway.core.clock import Clock, SystemClock, instant
from gateway.core.errors import MappingTableError, SettingsError
from gateway.route.destination import Destination, read_destinations
from gateway.settings import Settings
from gateway.store.engine import Store, open_store
from gateway.translate import mapping
from gateway.translate.sender import Senders
from gateway.validate import package
from gateway.worker import Desk, Worker
from gateway.worker.isolation import Isolated

T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Services:
    """What the doors stand on."""

    settings: Settings
    store: Store
    clock: Clock
    destinations: Mapping[str, Destination]
    audit_key: bytes = field(repr=False)
    senders: Senders = field(default_factory=Senders)
    centre: Centre = field(default_factory=Centre)

    def audited(self, change: Callable[[Connection], T], event: Event | Callable[[T], Event]) -> T:
        """Write the change and its event in one transaction; the event may depend on what the change gives."""

        def both(connection: Connection) -> T:
            result = change(connection)
            self.record(connection, event if isinstance(event, Event) else event(result))
            return result

        return self.store.write(both)

    def witness(self, event: Event) -> None:
        """Write the event of an access that changes nothing."""
        self.store.write(lambda connection: self.record(connection, event))

    def record(self, connection: Connection, *events: Event) -> None:
        """Write events in a transaction that is open."""
        trail.record_all(connection, events, key=self.audit_key, at=instant(self.clock.now()))

    def close(self) -> None:
        """Finish the writes that wait and let go of the database."""
        self.store.close()


def open_services(settings: Settings, clock: Clock | None = None) -> Services:
    """Open everything that the settings name."""
    for name in package.unmet(package.opened([settings.packages] if settings.packages else ())):
        _log.warning("package-missing", rule=name)
    destinations = read_destinations(settings)
    key = _audit_key(settings)
    senders = pipeline.open_senders(settings.senders)
    try:
        centre = read_centre(settings.centre)
    except MappingTableError:
        raise SettingsError("GATEWAY_CENTRE") from None
    store = open_store(settings.database_url)
    return Services(settings, store, clock or SystemClock(), destinations, key, senders, centre)


def open_worker(here: Services) -> Worker:
    """A worker over the same adapters, its corridor in a process of its own."""
    corridor = Isolated(pipeline.process, prepare=pipeline.prepare, look=mapping.look)
    words = (here.store, here.clock, here.destinations, here.audit_key, corridor, here.senders, here.centre)
    return Worker(Desk(*words, warm=corridor.warm))


def services() -> Services:
    """The services of the running application."""
    return cast(Services, current_app.extensions["gateway"])


def _audit_key(settings: Settings) -> bytes:
    """The key of the audit chain: the setting, or the one that was made on the first start and kept."""
    if settings.audit_key:
        return settings.audit_key.encode()
    kept = settings.var / "audit.key"
    try:
        settings.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not kept.exists():
            _make_key(kept)
        return kept.read_text().strip().encode()
    except OSError:
        raise SettingsError("AUDIT_KEY") from None


def _make_key(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32) + "\n")
