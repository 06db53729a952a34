"""Signed-in browsers: a random cookie, kept as its SHA-256, that ends by idling, by age, or with its key."""

import secrets
from datetime import timedelta
from typing import Final

from gateway.core.clock import Clock, instant
from gateway.core.ids import digest
from gateway.store import access
from gateway.store.access import Key, Session
from gateway.store.engine import Store

IDLE: Final = timedelta(minutes=30)
LIFE: Final = timedelta(hours=12)
# A page with its parts asks many times a minute; one write a minute is enough to know that it is in use.
_TOUCH_EVERY: Final = timedelta(minutes=1)


def open_session(store: Store, clock: Clock, key: Key) -> str:
    """Open a session for a key. Returns the cookie's value."""
    cookie, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), clock.now()
    hashed, at, idle_since = digest(cookie.encode()), instant(now), instant(now - IDLE)
    store.write(
        lambda connection: access.open_session(
            connection, sha256=hashed, key=key.id, csrf=csrf, at=at, idle_since=idle_since
        )
    )
    return cookie


def find_session(store: Store, clock: Clock, cookie: str) -> Session | None:
    """The session of a cookie, which counts as being in use from now on."""
    now, hashed = clock.now(), digest(cookie.encode())
    at, idle_since, open_since = instant(now), instant(now - IDLE), instant(now - LIFE)
    found = store.read(
        lambda connection: access.session(connection, hashed, at=at, idle_since=idle_since, open_since=open_since)
    )
    if found is not None and found.seen < instant(now - _TOUCH_EVERY):
        store.write(lambda connection: access.touch_session(connection, hashed, at))
    return found


def close_session(store: Store, cookie: str) -> None:
    """End the session of a cookie."""
    hashed = digest(cookie.encode())
    store.write(lambda connection: access.close_session(connection, hashed))
