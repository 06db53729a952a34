"""The durable side of a case: it is put together anew, in one transaction, with whatever changed it."""

from gateway.casework import identity
from gateway.casework.assembly import Assembled, case_of, follow_consent, keep, reassemble
from gateway.casework.communication import Recipient, is_forbidden, recipients, referrer, unsettled
from gateway.casework.opinion import Opinion, is_answered, opinion_of
from gateway.casework.replies import REPLY, message_of, owe
from gateway.casework.steps import (
    SENT,
    Taken,
    assign,
    events,
    expire,
    overdue,
    send,
    send_by_hand,
    settle,
    take,
    told,
)
from gateway.casework.views import release

__all__ = [
    "REPLY", "SENT", "Assembled", "Opinion", "Recipient", "Taken", "assign", "case_of", "events", "expire",
    "follow_consent", "identity", "is_answered", "is_forbidden", "keep", "message_of", "opinion_of", "overdue", "owe",
    "reassemble", "recipients", "referrer", "release", "send", "send_by_hand", "settle", "take", "told", "unsettled",
]  # fmt: skip
