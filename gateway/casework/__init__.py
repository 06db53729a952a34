"""The durable side of a case: it is put together anew, in one transaction, with whatever changed it."""

from gateway.casework import identity
from gateway.casework.assembly import Assembled, case_of, follow_consent, keep, reassemble
from gateway.casework.opinion import Opinion, is_answered, opinion_of
from gateway.casework.replies import REPLY, message_of, owe
from gateway.casework.steps import Taken, assign, events, expire, overdue, send, settle, take, unsettled
from gateway.casework.views import release

__all__ = [
    "REPLY", "Assembled", "Opinion", "Taken", "assign", "case_of", "events", "expire", "follow_consent", "identity",
    "is_answered", "keep", "message_of", "opinion_of", "overdue", "owe", "reassemble", "release", "send", "settle",
    "take", "unsettled",
]  # fmt: skip
