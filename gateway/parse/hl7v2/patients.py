"""A message that lists several patients, as one record for each; what precedes the first, or is of all, is in each."""

from collections.abc import Sequence
from copy import copy
from itertools import pairwise

from gateway.parse.hl7v2 import batch
from gateway.parse.hl7v2.group import Group
from gateway.parse.hl7v2.leaves import unpack
from gateway.parse.hl7v2.message import Message
from gateway.parse.hl7v2.segment import Segment
from gateway.parse.hl7v2.structure import LISTS_PATIENTS, OF_ALL, arrange


def parse(body: bytes, agreed: str = "") -> list[Message]:
    """One record for each message, and for each patient of one that lists several; MalformedMessageError without MSH.

    A message that does not name its character set is in the one that was agreed with its sender.
    """
    found = batch.parse(body, agreed)
    if all(message.count("PID") < 2 for message in found):  # as nearly always; nothing is settled before somebody looks
        return found
    return [one for message in found for one in _apart(message)]


def _apart(message: Message) -> list[Message]:
    """The records of a message whose type may list patients: one for each, with every mention of the patient."""
    patients = message.by_name.get("PID", [])
    if len(patients) < 2 or message.kind.removeprefix("hl7v2:") not in LISTS_PATIENTS:
        return [message]
    starts, end = [one.index for one in patients], len(message.segments)
    tail = next((one.index for one in message.segments[starts[-1] :] if one.name in OF_ALL), end)
    common = (*range(starts[0]), *range(tail, end))
    mentions: dict[str, list[int]] = {}
    for patient, (begin, stop) in zip(patients, pairwise([*starts, tail]), strict=True):
        mentions.setdefault(_number(patient), []).extend(range(begin, stop))
    if len(mentions) < 2:
        return [message]
    return [_of_patient(message, common, own, not place) for place, own in enumerate(mentions.values())]


def _number(patient: Segment) -> str:
    """The first number of a patient, by which it is known; one without is nobody else."""
    return next((part.raw for part in patient.field(3)[:1]), patient.location)


def _of_patient(message: Message, common: Sequence[int], own: Sequence[int], first: bool) -> Message:
    """A record of one patient's segments and the common ones, with the numbers that they have in the message.

    The leaves of the common segments are counted with the first patient.
    """
    found, counted = copy(message), {*own, *(common if first else ())}
    found.touched = []
    found.issues = [one for one in message.issues if first and one.code != "segment-order"]
    found.root = Group(found, "MESSAGE", None)
    found.segments = [
        Segment(found.root, one.base, one.name, one.number, one.start, one.end)
        for one in (message.segments[at] for at in sorted((*common, *own)))
    ]
    arrange(found, found.kind.removeprefix("hl7v2:").partition("^")[0])
    found.segments = message.segments
    found._leaves = [leaf for leaf in message.leaves() if unpack(leaf[0])[0] in counted]
    return found
