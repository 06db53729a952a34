"""What is answered: ACK, RRI and OSU in the sender's own version and delimiters, of constant texts and its own words.

Of a message only what the standard has returned is returned: the header's names turned round, its number, processing
id, version and character set; and in the answer to a referral the provider and patient segments, as they were sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.cases.case import NUMBER
from gateway.cases.narrative import said_of
from gateway.cases.states import states
from gateway.intake.mllp.header import Header
from gateway.intake.mllp.writing import (
    encoding,
    escaped,
    joined,
    message,
    msh,
    number,
    segment,
    segments_of,
    time_of,
    turned,
)
from gateway.parse.hl7v2.delimiters import Delimiters

_NOBODY: Final = Header(("MSH", "|", "^~\\&"), Delimiters())
_REFERRALS: Final = frozenset({"I12", "I13", "I14", "I15"})
_NEW: Final = frozenset({"I12", "I13"})
_CANCELLED: Final = "I14"
_ASKED: Final = "I15"
_CANCELLATION: Final = "The wish to cancel the referral is recorded; the centre confirms it."
# HL7 table 0283.
_STATUSES: Final = {"P": "Pending", "A": "Accepted", "R": "Rejected", "E": "Expired"}
_ORDER_FIELDS: Final = 26  # of ORC, up to its status modifier (ORC-25)
_GUIDE: Final = "99BSER"  # HL7's bidirectional referral guide, as a coding system that v2 has no name for


class Trouble(StrEnum):
    """HL7 table 0357, as far as a door can say it."""

    SEQUENCE = "100"
    TYPE = "200"
    EVENT = "201"
    PROCESSING_ID = "202"
    APPLICATION = "207"


_DISPLAYS: Final = {
    Trouble.SEQUENCE: "Segment sequence error",
    Trouble.TYPE: "Unsupported message type",
    Trouble.EVENT: "Unsupported event code",
    Trouble.PROCESSING_ID: "Unsupported processing id",
    Trouble.APPLICATION: "Application error",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a message is not taken or cannot be translated: a code of table 0357, its place, and a text of ours."""

    trouble: Trouble
    text: str
    field: int = 0  # of MSH; 0 when it is about no field


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one message: the code of table 0008, our number of it, when, and what is wrong if anything is."""

    code: str
    id: str
    at: datetime
    complaint: Complaint | None = None
    receipt: str = ""  # the id of what was stored
    processed: bool = False
    case: str = ""  # the state of the referral's case, when that is asked for
    accept: str = ""  # MSH-15 of what is sent after processing; nobody answers it but by an accept acknowledgment


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the case of an order stands: its number and state, since when, why, and what it waits for."""

    case: str
    state: str
    at: datetime
    id: str  # of the message that says so
    reason: str = ""
    missing: Sequence[str] = ()
    numbers: Collection[str] = ()  # of the referral, which tell its order among several


def acknowledgment(header: Header | None, said: Verdict) -> bytes:
    """A general acknowledgment: MSH, MSA, and ERR when something is wrong."""
    to = header or _NOBODY
    kind = ["ACK", to.event, "ACK"] if to.event and to.version >= (2, 4) else ["ACK"]
    return message([_msh(to, said, kind), _msa(to, said), *_err(to, said)])


def is_referral(header: Header) -> bool:
    """Whether a message asks for, changes, cancels or asks after a referral (REF^I12 to I15)."""
    return header.type == "REF" and header.event in _REFERRALS


def asks_for_state(header: Header) -> bool:
    """Whether a message asks how far a referral has come (REF^I15)."""
    return header.type == "REF" and header.event == _ASKED


def referral_response(header: Header, body: bytes, said: Verdict) -> bytes:
    """RRI for the same event: a referral that comes waits for a decision, one that is asked for is as its case is.

    What became of a cancellation is said when it has been processed.
    """
    kind = ["RRI", header.event, "RRI_I12"] if header.version >= (2, 4) else ["RRI", header.event]
    state = said.case or ("case-received" if header.event in _NEW else "")
    code = states()[state].answer if state else ""
    status = joined(header, [code, _STATUSES[code], "HL70283"]) if code else ""
    segments = [_msh(header, said, kind), _msa(header, said), *_echoes(header, body, status)]
    if said.processed and header.event == _CANCELLED:
        segments.append(segment(header, ["NTE", "1", "", escaped(header, _CANCELLATION)]))
    return message(segments)


def order_status(header: Header, body: bytes, said: Standing) -> bytes:
    """OSU^O51 to an order: what became of it, by the code of the referral guide and in words, and what is missing."""
    kind = ["OSU", "O51", "OSU_O51"] if header.version >= (2, 4) else ["OSU", "O51"]
    told = states()[said.state]
    patient, order = order_in(header, body, said.numbers)
    notes = [said_of(said.state), *(f"Missing: {one}" for one in said.missing)]
    fields = [""] * _ORDER_FIELDS
    fields[:6] = [
        "ORC",
        told.control,
        order.get(2, ""),
        joined(header, [said.case, "", NUMBER, "URI"]),
        "",
        told.order,
    ]
    fields[9], fields[12] = time_of(said.at), order.get(12, "")
    fields[16] = joined(header, ["", escaped(header, said.reason)]) if said.reason else ""
    fields[25] = joined(header, [told.referral, said.state, _GUIDE] if told.referral else ["", said.state])
    segments = [_msh(header, Verdict("", said.id, said.at, accept="AL"), kind)]
    segments += [segment(header, ["NTE", str(n), "", escaped(header, text)]) for n, text in enumerate(notes, 1)]
    return message([*segments, *patient, segment(header, fields)])


def order_in(header: Header, body: bytes, numbers: Collection[str]) -> tuple[list[bytes], dict[int, str]]:
    """The patient as sent, and the fields of the order that bears one of these numbers, or of the first."""
    segments = segments_of(header, body, rb"PID|ORC|OBR")
    patient = [one for one in segments if one[:3] == b"PID"][:1]
    orders: list[dict[int, str]] = []
    for one in segments:
        fields = dict(enumerate(one.decode("latin-1").split(header.delimiters.field)))
        if fields[0] == "ORC":
            orders.append(fields)
        elif fields[0] == "OBR" and orders:
            orders[-1][2] = orders[-1].get(2) or fields.get(2, "")
    named = (one for one in orders if one.get(2, "").split(header.delimiters.component)[0] in numbers)
    return patient, next(named, orders[0] if orders else {})


def batch_acknowledgment(batch: Header, answers: Sequence[bytes], said: Verdict) -> bytes:
    """The answers to the messages of a batch, as a batch."""
    fields = ["BHS", encoding(batch), *turned(batch), time_of(said.at), "", "", "", number(said.id), batch.field(11)]
    trailer = ["BTS", str(len(answers))]
    return message([segment(batch, fields)]) + b"".join(answers) + message([segment(batch, trailer)])


def _msh(to: Header, said: Verdict, kind: Sequence[str]) -> bytes:
    return msh(to, kind, id=said.id, at=said.at, accept=said.accept)


def _msa(to: Header, said: Verdict) -> bytes:
    old = to.version < (2, 5)
    text = said.complaint.text if said.complaint and old else ""
    return segment(to, ["MSA", said.code, to.field(10) or said.receipt, escaped(to, text)])


def _err(to: Header, said: Verdict) -> list[bytes]:
    """From version 2.5 each thing has a field of its own; before, ERR-1 holds place and code."""
    if said.complaint is None:
        return []
    trouble, field = said.complaint.trouble, str(said.complaint.field)
    place = ["MSH", "1", field] if said.complaint.field else []
    code = [trouble.value, _DISPLAYS[trouble], "HL70357"]
    if to.version < (2, 5):
        inner = to.delimiters.subcomponent.join(code)
        return [segment(to, ["ERR", joined(to, [*(place or ["", "", ""]), inner])])]
    text = escaped(to, said.complaint.text)
    return [segment(to, ["ERR", "", joined(to, place), joined(to, code), "E", "", "", "", text])]


def _echoes(header: Header, body: bytes, status: str) -> list[bytes]:
    """RF1 with its status as we know it, then the providers and the patient; nothing behind the patient is read."""
    rf1, others = ["RF1"], []
    for found in segments_of(header, body, rb"RF1|PRD|PID"):
        if found[:3] == b"RF1":
            rf1 = found.decode("latin-1").split(header.delimiters.field)
        else:
            others.append(found)
        if found[:3] == b"PID":
            break
    return [segment(header, [rf1[0], status, *rf1[2:]]), *others]
