"""The one way in: whatever the door, a submission is on disk, with its work and audit event, before anyone says so."""

import re
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from gateway.audit.trail import Event
from gateway.core.clock import instant
from gateway.core.errors import IntakeError, TooLargeError
from gateway.core.submission import Receipt
from gateway.parse import xdm
from gateway.services import Services
from gateway.store import submissions
from gateway.store.submissions import Incoming

_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,63}", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
# What could turn a name into a path, a header, a command of a terminal, or text that reads in another order.
_UNSAFE_IN_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_LONGEST_NAME: Final = 255
_REFUSED: Final = "4"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What stands at the door: the bytes, and what the sender says of them."""

    body: bytes
    media_type: str | None = None
    file_name: str | None = None
    idempotency_key: str | None = None


def receive(here: Services, arrival: Arrival, *, clinic: str, agent: str) -> Receipt:
    """Keep a submission and hand out its receipt; the same bytes of one clinic get the same receipt again."""
    try:
        _check(arrival, here.settings.max_body)
        return _keep(here, arrival, clinic, agent)
    except IntakeError:
        here.witness(Event("C", "create", _REFUSED, agent, "clinic", clinic))
        raise


def receive_all(here: Services, arrivals: Sequence[Incoming], *, agent: str) -> "Future[list[Receipt]]":
    """Keep what came together, in its order and in one transaction, without waiting for it."""
    at = instant(here.clock.now())

    def change(connection: Connection) -> list[Receipt]:
        receipts = [receipt for receipt, _ in submissions.keep_all(connection, arrivals, at)]
        told = zip(arrivals, receipts, strict=True)
        here.record(connection, *(_event(agent, one.clinic, receipt) for one, receipt in told))
        return receipts

    return here.store.write_soon(change)


def _check(arrival: Arrival, most: int) -> None:
    if not arrival.body:
        raise IntakeError("body")
    if len(arrival.body) > (min(most, xdm.MAX_BYTES) if xdm.is_package(arrival.body) else most):
        raise TooLargeError("body")
    if arrival.idempotency_key is not None and not _KEY.fullmatch(arrival.idempotency_key):
        raise IntakeError("Idempotency-Key")


def _keep(here: Services, arrival: Arrival, clinic: str, agent: str) -> Receipt:
    at = instant(here.clock.now())
    receipt, _ = here.audited(
        lambda connection: submissions.keep(
            connection,
            clinic=clinic,
            body=arrival.body,
            media_type=_media_type(arrival.media_type),
            file_name=_file_name(arrival.file_name),
            idempotency_key=arrival.idempotency_key,
            at=at,
        ),
        lambda kept: _event(agent, clinic, kept[0]),
    )
    return receipt


def _event(agent: str, clinic: str, receipt: Receipt) -> Event:
    return Event("C", "create", "0", agent, "clinic", clinic, submission=receipt.id)


def _media_type(said: str | None) -> str | None:
    sent = (said or "").partition(";")[0].strip().lower()
    return sent if _MEDIA_TYPE.fullmatch(sent) else None


def _file_name(said: str | None) -> str | None:
    """The last part of the name, fit to be shown; nothing is ever opened by it."""
    last = re.split(r"[/\\]", said or "")[-1]
    return _UNSAFE_IN_NAME.sub("", last).strip()[:_LONGEST_NAME] or None
