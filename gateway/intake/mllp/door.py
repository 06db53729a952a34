"""One frame in, its answer out: who sends it, whether it is agreed, on disk, and only then the acknowledgment."""

import re
import time
import uuid
from asyncio import wrap_future
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from gateway.audit.trail import Event
from gateway.core import ids
from gateway.core.clock import instant
from gateway.core.errors import StoreError
from gateway.core.issue import REFUSED
from gateway.core.submission import Listener, Receipt, Sender
from gateway.intake.mllp import mode
from gateway.intake.mllp.acknowledgment import (
    Complaint,
    Trouble,
    Verdict,
    acknowledgment,
    asks_for_state,
    batch_acknowledgment,
    is_referral,
    referral_response,
)
from gateway.intake.mllp.frame import Frame
from gateway.intake.mllp.gather import Gathering
from gateway.intake.mllp.header import Header, read_header, read_headers
from gateway.intake.mllp.mode import Situation
from gateway.intake.receive import receive_all
from gateway.intake.reply import has_opinion, to_step
from gateway.intake.summary import case_number
from gateway.parse.hl7v2 import sending
from gateway.services import Services
from gateway.store import access, cases, outcomes, submissions
from gateway.store.outcomes import Stored
from gateway.store.submissions import Incoming, Submission
from gateway.translate.policy import policy

AGENT: Final = "mllp"
_TESTS: Final = frozenset("DNTV")  # table 0103: debugging, non-production, training, validation
_KNOWN_FOR: Final = 1.0  # seconds until we ask again what is agreed with a sender
_MOST_KNOWN: Final = 1000
_PLACE: Final = re.compile(r"MSH\[(\d+)\]")
_log = structlog.get_logger()

_NO_HEADER: Final = Complaint(Trouble.SEQUENCE, "The content does not begin with a message header.")
_NO_MESSAGE: Final = Complaint(Trouble.SEQUENCE, "The batch holds no message.")
_STRANGER: Final = Complaint(Trouble.APPLICATION, "The sending application and facility are not known here.", 3)
_UNPROVEN: Final = Complaint(Trouble.APPLICATION, "No certificate was shown that is agreed with the sender.")
_TOO_LONG: Final = Complaint(Trouble.APPLICATION, "The message is longer than we take.")
_WITH_OTHERS: Final = Complaint(Trouble.APPLICATION, "Another message of this batch is not taken.")
_NOT_NOW: Final = Complaint(Trouble.APPLICATION, "The message could not be stored. Please send it again later.")
_TYPE: Final = Complaint(Trouble.TYPE, "Messages of this type are not agreed with the sender.", 9)
_EVENT: Final = Complaint(Trouble.EVENT, "This event is not agreed with the sender.", 9)
_TEST: Final = Complaint(Trouble.PROCESSING_ID, "Messages for test, debugging or training are not taken here.", 11)
_UNTRANSLATED: Final = Complaint(Trouble.APPLICATION, "The message is stored and not translated; a person looks at it.")


@dataclass(frozen=True, slots=True)
class Later:
    """What is answered when a submission has been processed, well or ill; empty what the sender will not hear."""

    submission: str
    well: bytes
    ill: bytes
    in_order: bool  # whether the sender hears nothing before, so that further answers wait for it
    place: int = -1  # which message of the submission, from 0, when the store must be asked


@dataclass(frozen=True, slots=True)
class Due:
    """Application answers, and where the clinic takes them; nowhere when that is agreed no longer."""

    listener: Listener | None
    messages: list[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said at once, empty when nothing is, and what is to be said later."""

    message: bytes = b""
    later: tuple[Later, ...] = ()


class Door:
    """The clinics' door for messages; all that it needs to know of one stands in its header."""

    def __init__(self, here: Services) -> None:
        self._here = here
        self._clinics: dict[str, str] = {}
        self._known: dict[tuple[str, str], tuple[float, Sender, str]] = {}
        self._gathering = Gathering(lambda messages: receive_all(here, messages, agent=AGENT))

    async def answer(self, frame: Frame, shown: Collection[str] = ()) -> Answer:
        """The answer to a frame: what it holds is on disk, or is not taken. Shown are the names of a certificate.

        Up to its first wait it goes without a pause, so frames are stored in the order in which they are begun.
        """
        lead = read_header(frame.body)
        if lead is None:
            return self._refused(None, [None], [_NO_HEADER])
        if lead.type == "ACK" and not lead.is_batch:
            _log.info("acknowledgment-ignored")
            return Answer()
        headers = read_headers(frame.body) if lead.is_batch else [lead]
        if not headers:
            return self._refused(lead, [None], [_NO_MESSAGE])
        try:
            return await self._take(frame, lead, headers, shown)
        except StoreError as outage:
            _log.error("store-unavailable", code=outage.code)
            return self._refused(lead, headers, [_NOT_NOW] * len(headers), Situation.FAILED)
        except Exception as crash:  # noqa: BLE001 - the edge: a mistake of ours is answered too
            _log.error("crash", kind=type(crash).__name__)
            return self._refused(lead, headers, [_NOT_NOW] * len(headers), Situation.FAILED)

    def due(self, submission: str) -> Due | None:
        """The application answers for the listener of the clinic; none while the submission is not processed."""
        ask = self._here.store.read
        found = ask(lambda connection: submissions.find(connection, submission, None))
        if found.state in submissions.UNDER_WAY:
            return None
        sender, messages = self._answers(found)
        return Due(sender.listener, [message for message in messages if message])

    def due_of_case(self, subject: str) -> Due:
        """What the listener of a clinic is told of a step of a case."""
        sender, messages = self._here.store.read(lambda connection: to_step(connection, self._here.senders, subject))
        return Due(sender.listener, messages)

    def heard_of_case(self, connection: Connection, subject: str, taken: bool) -> None:
        """Enter that the listener of a clinic was told of a step, or has the opinion."""
        number, _, what = subject.partition("/")
        case, at = cases.find(connection, number), instant(self._here.clock.now())
        type, _, id = what.partition("/")
        about = (("case", number), ("Patient", case.patient), *([(type, id)] if id else []))
        self._here.record(connection, Event("R", "deliver", "0" if taken else "4", AGENT, "system", case.clinic, about))
        if taken and id:
            has_opinion(self._here, connection, case, "MDM^T02 over MLLP", AGENT, at)

    def told(self, later: Later) -> bytes:
        """What is said of a message that only the store knows: of one in a batch, or that asks for a state."""
        found = self._here.store.read(lambda connection: submissions.find(connection, later.submission, None))
        return self._answers(found)[1][later.place]

    def _answers(self, found: Submission) -> tuple[Sender, list[bytes]]:
        """The application answer to each message of a submission that has been processed."""
        ask = self._here.store.read
        body, _, _ = ask(lambda connection: submissions.original(connection, found.id, None))
        outcome = ask(lambda connection: outcomes.load(connection, found.id))
        sender = self._here.senders.find(found.clinic, *sending(body))
        lead = read_header(body)
        headers = read_headers(body) if lead and lead.is_batch else [lead] if lead else []
        ill = set(range(len(headers))) if found.state in submissions.STOPPED else _refused_of(outcome)
        case = self._case(outcome) if any(map(asks_for_state, headers)) else ""
        laters = [_later(header, body, found.receipt, sender, mode.codes_later(header), case) for header in headers]
        return sender, [later.ill if place in ill else later.well for place, later in enumerate(laters)]

    def _case(self, outcome: Stored | None) -> str:
        """The state of the case that a referral has."""
        entries = (outcome.bundle or {}).get("entry", ()) if outcome else ()
        if not (number := case_number([entry["resource"] for entry in entries])):
            return ""
        return self._here.store.read(lambda connection: cases.find(connection, number)).state

    async def _take(self, frame: Frame, lead: Header, headers: Sequence[Header], shown: Collection[str]) -> Answer:
        sender, clinic = self._who(frame)
        if clinic and self._asks_proof(sender) and not set(shown) & set(sender.certificates):
            await self._witness("")
            return self._refused(lead, headers, [_UNPROVEN] * len(headers))
        complaints = [_complaint(frame, header, sender, clinic) for header in headers]
        if any(complaints):
            await self._witness(clinic)
            return self._refused(lead, headers, [complaint or _WITH_OTHERS for complaint in complaints])
        number = lead.field(11 if lead.is_batch else 10)
        control_id = "\x1f".join((lead.field(3), lead.field(4), number)) if number else None
        answered = sender.listener is not None and any(any(mode.codes_later(header)) for header in headers)
        arrival = Incoming(clinic, frame.body, control_id=control_id, answered=answered)
        receipt = await self._gathering.keep(arrival)
        return self._accepted(frame, lead, headers, sender, receipt)

    def _who(self, frame: Frame) -> tuple[Sender, str]:
        """The sender by MSH-3 and MSH-4, and its clinic's id, which is empty of a stranger; looked up once a second."""
        names, now = sending(frame.body), time.monotonic()
        until, sender, clinic = self._known.get(names, (0.0, Sender(), ""))
        if now >= until:
            sender = self._here.senders.find("", *names)
            clinic = self._clinic(sender.clinic or self._here.settings.mllp_clinic)
            if not sender.clinic:
                sender = self._here.senders.find(clinic, *names)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[names] = now + _KNOWN_FOR, sender, clinic
        return sender, clinic

    def _asks_proof(self, sender: Sender) -> bool:
        """Whether a certificate must be shown. An authority signs for many, so it alone proves no clinic."""
        return bool(sender.certificates) or self._here.settings.mllp_client_ca is not None

    def _clinic(self, named: str) -> str:
        """The id of a clinic by its id or its name."""
        if named and named not in self._clinics:
            known = self._here.store.read(access.all_clinics)
            self._clinics = {name: id for id, name in known} | {id: id for id, _ in known}
        return self._clinics.get(named, "")

    async def _witness(self, clinic: str) -> None:
        event = Event("C", "create", "4", *((AGENT, "clinic", clinic) if clinic else ("unknown", "")))
        await wrap_future(self._here.store.write_soon(lambda connection: self._here.record(connection, event)))

    def _accepted(
        self, frame: Frame, lead: Header, headers: Sequence[Header], sender: Sender, receipt: Receipt
    ) -> Answer:
        at = datetime.fromisoformat(receipt.received)
        said, later = [], []
        for place, header in enumerate(headers):
            # The same bytes get the same answer, so its number and time are those of the first receipt.
            id = ids.stable_id(receipt.id, str(place)) if lead.is_batch else receipt.id
            code = mode.code_at_once(header, Situation.STORED)
            if code == "AA" and _waits(sender) and not lead.is_batch:
                later.append(_later(header, frame.body, receipt, sender, ("AA", policy(sender, "untranslatable"))))
                continue
            if code:
                said.append(_accepting(header, frame.body, Verdict(code, id, at, receipt=receipt.id)))
            if any(codes := mode.codes_later(header)) and sender.listener is None:
                found = _later(header, frame.body, receipt, sender, codes)
                asks = lead.is_batch or asks_for_state(header)
                later.append(replace(found, place=place) if asks else found)
        return Answer(_together(lead, said, Verdict("", receipt.id, at)), tuple(later))

    def _refused(
        self,
        lead: Header | None,
        headers: Sequence[Header | None],
        complaints: Sequence[Complaint],
        found: Situation = Situation.REFUSED,
    ) -> Answer:
        at, said = self._here.clock.now(), []
        for header, complaint in zip(headers, complaints, strict=True):
            if code := mode.code_at_once(header, found):
                said.append(acknowledgment(header, Verdict(code, str(uuid.uuid4()), at, complaint)))
        _log.warning("message-refused", rule=complaints[0].trouble.name)
        return Answer(_together(lead, said, Verdict("", str(uuid.uuid4()), at)))


def _complaint(frame: Frame, header: Header, sender: Sender, clinic: str) -> Complaint | None:
    """Why a message is not taken; the order is that of trust."""
    if not clinic:
        return _STRANGER
    if not frame.whole:
        return _TOO_LONG
    agreed = [type.partition("^") for type in sender.message_types]
    if agreed and header.type not in {code for code, _, _ in agreed}:
        return _TYPE
    if agreed and not any(code == header.type and event in ("", header.event) for code, _, event in agreed):
        return _EVENT
    if header.component(11, 1) in _TESTS and policy(sender, "test_messages") == "refuse":
        return _TEST
    return None


def _accepting(header: Header, body: bytes, said: Verdict) -> bytes:
    """A referral is answered by its own message, unless only its receipt is to be confirmed or it went wrong."""
    if said.code == "AA" and is_referral(header):
        return referral_response(header, body, said)
    return acknowledgment(header, said)


def _together(lead: Header | None, said: Sequence[bytes], about: Verdict) -> bytes:
    return batch_acknowledgment(lead, said, about) if lead and lead.is_batch and said else b"".join(said)


def _refused_of(outcome: Stored | None) -> set[int]:
    """Which messages of a batch could not be translated while others were; from 0."""
    places = (_PLACE.fullmatch(one["location"]) for one in outcome.issues if one["code"] == REFUSED) if outcome else ()
    return {int(place[1]) - 1 for place in places if place}


def _later(
    header: Header, body: bytes, receipt: Receipt, sender: Sender, codes: tuple[str, str], case: str = ""
) -> Later:
    """Both answers, since the message is not kept in memory until one of them is true."""
    at = datetime.fromisoformat(receipt.received)
    id = ids.stable_id(receipt.id, "application", header.field(10))
    # On its own connection the clinic hears from us in between; at its listener we want to know that it did.
    accept = "" if not header.enhanced else "AL" if sender.listener else "NE"

    def made(code: str) -> bytes:
        complaint = _UNTRANSLATED if code == "AE" else None
        said = Verdict(code, id, at, complaint, receipt.id, processed=True, case=case, accept=accept)
        return _accepting(header, body, said) if code else b""

    return Later(receipt.id, made(codes[0]), made(codes[1]), not header.enhanced)


def _waits(sender: Sender) -> bool:
    """Whether original mode answers after processing (policy V10)."""
    return policy(sender, "original_ack_after") == "processing"
