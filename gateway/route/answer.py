"""What a destination's answer means: delivered, try again, dead, or look what it really holds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

from gateway.core import fhirjson
from gateway.core.errors import UnsafeJsonError

RETRYABLE: Final = frozenset({408, 425, 429})
LONGEST_WAIT: Final = timedelta(hours=1)
_SECONDS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class Verdict(StrEnum):
    """What follows from an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"
    VERIFY = "verify"  # the answer does not prove anything: read back and compare


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt: its verdict, the HTTP status when there was one, how long to wait, what was said."""

    verdict: Verdict
    status: int | None = None
    retry_after: timedelta | None = None
    body: bytes = b""


def classify(status: int, headers: Mapping[str, str], body: bytes, places: Sequence[str], now: datetime) -> Answer:
    """Judge an answer to a transaction that put these places."""
    wait = retry_after(headers.get("Retry-After", ""), now)
    if status in RETRYABLE or status >= 500:
        return Answer(Verdict.RETRY, status, wait, body)
    if 200 <= status < 300:
        verdict = Verdict.DELIVERED if confirms(body, places) else Verdict.VERIFY
        return Answer(verdict, status, None, body)
    return Answer(Verdict.DEAD, status, None, body)


def confirms(body: bytes, places: Sequence[str]) -> bool:
    """Whether the body is a transaction response that says of each entry, in order, that it was put where we said."""
    try:
        said = fhirjson.read(body)
    except UnsafeJsonError:
        return False
    if not isinstance(said, dict) or said.get("type") not in ("transaction-response", "batch-response"):
        return False
    entries = said.get("entry")
    if not isinstance(entries, list) or len(entries) != len(places):
        return False
    return all(_confirms(entry, place) for entry, place in zip(entries, places, strict=True))


def holds(body: bytes, sent: Mapping[str, Any]) -> bool:
    """Whether what was read back is what was sent; a store may add to meta and text, and nothing else may differ."""
    try:
        found = fhirjson.read(body)
    except UnsafeJsonError:
        return False
    if not isinstance(found, dict):
        return False
    return all(found.get(name) == said for name, said in sent.items() if name not in ("meta", "text"))


def retry_after(said: str, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date, at most an hour; what is neither is not there."""
    if _SECONDS.fullmatch(said.strip()):
        wait = timedelta(seconds=min(int(said), LONGEST_WAIT.total_seconds()))
    else:
        try:
            until = parsedate_to_datetime(said)
        except ValueError:
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta()), LONGEST_WAIT)


def _confirms(entry: Any, place: str) -> bool:
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(response, dict) or not str(response.get("status", "")).startswith("2"):
        return False
    location = response.get("location")
    return location is None or f"/{place}/" in f"/{location}/"
