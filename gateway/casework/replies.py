"""Replies to an order: each step of its case is owed to the listener of whoever sent it, where one is agreed."""

import re
from typing import Final

from sqlalchemy import Connection

from gateway import package
from gateway.casework.assembly import Assembled
from gateway.parse.hl7v2 import sending
from gateway.store import cases as stored
from gateway.store import resources, submissions, work
from gateway.translate.sender import Senders

REPLY: Final = "reply"
_TYPE: Final = 8  # MSH-9, of which the separator is the first field
_HEAD: Final = 8192


def owe(connection: Connection, assembled: Assembled, senders: Senders) -> None:
    """Put a reply on its way for each step that was just entered."""
    case = assembled.case
    taken = [step for step in assembled.steps if step.row]
    if not taken or not (order := order_of(connection, case.question)):
        return
    if senders.find(case.clinic, *sending(order)).listener is None:
        return
    history = stored.history(connection, case.number)
    for place, step in enumerate(history, 1):
        if step in taken and place > len(history) - len(assembled.steps):
            work.add(connection, lane=f"replies:{case.clinic}", task=REPLY, subject=f"{case.number}/{place}")


def order_of(connection: Connection, referral: str) -> bytes:
    """The order that asked for a case, as it was sent, be it in a package; empty when no order did."""
    submission = resources.submission_of(connection, "ServiceRequest", referral)
    if submission is None:
        return b""
    message = package.message(submissions.original(connection, submission, None)[0])
    return message if _is_order(message) else b""


def _is_order(message: bytes) -> bool:
    """Whether the message is a general order (OMG^O19), by MSH-9."""
    header = re.split(rb"[\r\n]", message.lstrip()[:_HEAD], maxsplit=1)[0]
    fields = header.split(header[3:4]) if len(header) > 3 else []
    return len(fields) > _TYPE and fields[_TYPE].startswith(b"OMG")
