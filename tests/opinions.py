"""A consult note that answers the referral of the fixtures, and the step by which a person returns it."""

from pathlib import Path

from gateway import casework
from gateway.store import cases, resources
from gateway.store.cases import Case
from gateway.translate.sender import Senders

_FIXTURES = Path(__file__).parent / "fixtures" / "hl7v2"
REFERRAL = (_FIXTURES / "REF_I12_second_opinion.hl7").read_bytes()
_NUMBER = b"DOC-1^LAKEEHR||"
CASE = b"SO-2026-000001^^https://fhir.second-opinion.example/sid/case^URI"  # the centre names the case by its number
NOTE = (_FIXTURES / "MDM_T02_document.hl7").read_bytes().replace(_NUMBER, _NUMBER + CASE)


def answer(connection, at: str, senders: Senders, destinations=()) -> Case:
    """Return the opinion on the one case there is, whatever it still waits for."""
    [case] = cases.listing(connection)
    for event in ("complete-records", "outcome"):
        version = resources.read(connection, "Task", case.task).version
        taken = casework.take(connection, case.number, event, actor="nurse", version=version, at=at)
        casework.send(connection, taken, dict(destinations), at)
        casework.owe(connection, taken.assembled, senders)
    return cases.find(connection, case.number)
