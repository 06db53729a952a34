"""A circuit breaker for each destination: when it is down, one delivery asks whether it is back, the others wait."""

from datetime import datetime, timedelta
from typing import Final

TROUBLES: Final = 5  # one after the other, until the circuit opens
PAUSE: Final = timedelta(seconds=30)


class Breaker:
    """Closed: all pass. Open: none passes until the pause is over. Half open: one passes, and its end decides."""

    def __init__(self) -> None:
        self._troubles = 0
        self._until: datetime | None = None

    def opens(self, now: datetime) -> datetime | None:
        """None when a delivery may pass now, else when to come back. Who passes half open makes others wait."""
        if self._until is None:
            return None
        if now < self._until:
            return self._until
        self._until = now + PAUSE
        return None

    def went(self, well: bool, now: datetime) -> None:
        """A delivery had an answer, of whatever kind, or it had none."""
        self._troubles = 0 if well else self._troubles + 1
        self._until = now + PAUSE if self._troubles >= TROUBLES else None
