"""Log lines: one JSON object a line, only keys from a list, so that nothing a sender wrote can be in them."""

from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

# fmt: off
ALLOWED: Final = frozenset([
    "event", "level", "timestamp", "code", "kind", "clinic", "submission", "delivery", "destination", "task", "subject",
    "attempt", "status", "milliseconds", "request", "method", "route", "port", "version", "rule", "place",
])
# fmt: on


def set_up() -> None:
    """Make every logger of the program write such lines to standard output."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _allowed,
            structlog.processors.JSONRenderer(),
        ],
        cache_logger_on_first_use=True,
    )


def _allowed(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Drop what is not in the list: an unknown key could carry anything."""
    return {name: value for name, value in line.items() if name in ALLOWED}
