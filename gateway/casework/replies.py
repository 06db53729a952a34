"""What the listener of a sender is owed, where one is agreed: each step of the case of an order, and the opinion."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from gateway import package
from gateway.casework.assembly import Assembled
from gateway.casework.opinion import opinion_of
from gateway.core import fhirjson, ids
from gateway.parse.hl7v2 import sending
from gateway.store import cases as stored
from gateway.store import resources, submissions, work
from gateway.translate.sender import Senders

REPLY: Final = "reply"
_TYPE: Final = 8  # MSH-9, of which the separator is the first field
_HEAD: Final = 8192


def owe(connection: Connection, assembled: Assembled, senders: Senders) -> None:
    """Put on its way what the sender's listener has not been told: each step of an order, each note of the opinion."""
    message = message_of(connection, assembled.case.question)
    if not message or senders.find(assembled.case.clinic, *sending(message)).listener is None:
        return
    for subject in (*_steps(connection, assembled, message), *_notes(connection, assembled)):
        work.add(connection, lane=f"replies:{assembled.case.clinic}", task=REPLY, subject=subject)


def message_of(connection: Connection, referral: str) -> bytes:
    """The message that asked for a case, as it was sent, be it in a package; empty when none did."""
    submission = resources.submission_of(connection, "ServiceRequest", referral)
    if submission is None:
        return b""
    return package.message(submissions.original(connection, submission, None)[0])


def _steps(connection: Connection, assembled: Assembled, message: bytes) -> Iterator[str]:
    """The steps that were just entered, by their place in the history; told to who sent an order."""
    taken = [step for step in assembled.steps if step.row]
    if not taken or not _is_order(message):
        return
    history = stored.history(connection, assembled.case.number)
    for place, step in enumerate(history, 1):
        if step in taken and place > len(history) - len(assembled.steps):
            yield f"{assembled.case.number}/{place}"


def _notes(connection: Connection, assembled: Assembled) -> list[str]:
    """The notes of the opinion whose content is new; what was put on its way is remembered with the case."""
    if not any(one["resourceType"] == "Composition" for one in assembled.made):
        return []
    case = stored.find(connection, assembled.case.number)
    opinion = opinion_of(connection, case)
    said = {f"DocumentReference/{one['id']}": _said(one) for one in opinion.notes} if opinion else {}
    new = [place for place, content in said.items() if case.settled.get(place) != content]
    if new:
        stored.keep(connection, replace(case, settled={**case.settled, **said}))
    return [f"{case.number}/{place}" for place in new]


def _said(note: Mapping[str, Any]) -> str:
    return ids.digest(fhirjson.write([note.get("docStatus"), note.get("content")]))[:12]


def _is_order(message: bytes) -> bool:
    """Whether the message is a general order (OMG^O19), by MSH-9."""
    header = re.split(rb"[\r\n]", message.lstrip()[:_HEAD], maxsplit=1)[0]
    fields = header.split(header[3:4]) if len(header) > 3 else []
    return len(fields) > _TYPE and fields[_TYPE].startswith(b"OMG")
