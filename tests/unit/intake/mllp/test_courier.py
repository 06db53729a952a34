"""gateway/intake/mllp/courier.py, with the door that says what is due"""

import asyncio
from queue import Queue

import pytest

from gateway import pipeline
from gateway.core.clock import instant
from gateway.core.outcome import Outcome
from gateway.intake.mllp.courier import Courier
from gateway.intake.mllp.door import Answer
from gateway.intake.mllp.frame import Frame
from gateway.intake.mllp.header import read_header
from gateway.intake.summary import CASE_NUMBER
from gateway.store import cases, outcomes, submissions, work
from tests.unit.intake.mllp.conftest import CLINIC, listening, message, said, segments

PATIENCE = 20


class Clinic:
    """A clinic's own listener: notes what it hears and says the next of its codes."""

    def __init__(self):
        self.heard, self.codes = Queue(), ["CA"]

    async def take(self, frame, _):
        self.heard.put(segments(frame.body))
        code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
        return Answer(b"MSH|^~\\&\rMSA|%b|%b\r" % (code.encode(), read_header(frame.body).field(10).encode()))


@pytest.fixture
def clinic(overlay):
    found = Clinic()
    with listening(found.take) as listener:
        found.agreed = f"listener: {{host: 127.0.0.1, port: {listener.port}}}\n"
        overlay(found.agreed)
        yield found


@pytest.fixture
def processed(here):
    """Puts the submission that there is into a state, as the worker does."""

    def act(state):
        (found,) = here.store.read(submissions.listing)
        at = instant(here.clock.now())
        here.store.write(lambda c: submissions.advance(c, found.id, event=state, state=state, at=at, actor="gateway"))

    return act


@pytest.fixture
def waiting(here):
    return lambda: here.store.read(work.depths).get("acknowledge", 0)


def carry(here, door, until):
    """Let a courier run until what is waited for has happened; time goes on for it."""

    async def scene():
        running = asyncio.create_task(Courier(here, door.due, every=0.001).run())
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(until):
                here.clock.move(work.LEASES["acknowledge"] * 10)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(scene())


def send(door, **said):
    answer = asyncio.run(door.answer(Frame(message(modes="AL|AL", **said))))
    assert answer.later == ()
    return segments(answer.message)


@pytest.mark.parametrize(("state", "code"), [("routed", "AA"), ("quarantined", "AE")])
def test_the_clinics_listener_hears_what_came_of_a_message(here, door, clinic, processed, waiting, state, code):
    assert said(send(door)) == ("CA", "M1")
    processed(state)
    carry(here, door, lambda: not waiting())
    heard = clinic.heard.get(timeout=PATIENCE)
    assert said(heard) == (code, "M1")
    assert heard[0][14:16] == ["AL", "NE"]


def test_each_message_of_a_batch_hears_what_came_of_it(here, door, clinic, waiting):
    two = "PID|1||8^^^RB||Vance^Ronan\rPID|2||9^^^RB||Quill^Tamsin\r"
    messages = [message("M1", modes="NE|AL"), message("M2", modes="NE|AL", rest=two), message("M3", modes="NE|AL")]
    body = b"BHS|^~\\&|HIS|RB\r" + b"".join(messages) + b"BTS|3\r"
    asyncio.run(door.answer(Frame(body)))
    (found,) = here.store.read(submissions.listing)
    outcome, at = pipeline.process(body), instant(here.clock.now())
    here.store.write(lambda c: outcomes.save(c, found.id, outcome, "", at))
    here.store.write(lambda c: submissions.advance(c, found.id, event="routed", state="routed", at=at, actor="gateway"))
    carry(here, door, lambda: not waiting())
    heard = [said(clinic.heard.get(timeout=PATIENCE)) for _ in messages]
    assert heard == [("AA", "M1"), ("AE", "M2"), ("AA", "M3")]


@pytest.mark.parametrize(
    ("event", "state", "status", "note"),
    [
        ("I15", "case-received", "P^Pending^HL70283", ""),
        ("I15", "visit-scheduled", "A^Accepted^HL70283", ""),
        ("I15", "declined", "R^Rejected^HL70283", ""),
        ("I15", "cancelled", "", ""),
        ("I14", "cancel-requested", "", "The wish to cancel the referral is recorded; the centre confirms it."),
    ],
)
def test_who_asks_after_a_referral_hears_how_its_case_stands(here, door, clinic, waiting, event, state, status, note):
    send(door, type=f"REF^{event}^REF_I12", rest="RF1||||SO||LK-1^HIS\rPRD|RP|Okafor^Daniel\rPID|1||77^^^RB\r")
    (found,) = here.store.read(submissions.listing)
    at = instant(here.clock.now())
    words = {"patient": "p", "question": "q", "task": "t", "state": state, "clinic": CLINIC, "at": at}
    number = here.store.write(lambda c: cases.open_case(c, **words)).number
    task = {"resourceType": "Task", "id": "t", "identifier": [{"system": CASE_NUMBER, "value": number}]}
    outcome = Outcome(f"hl7v2:REF^{event}", {"resourceType": "Bundle", "entry": [{"resource": task}]}, (), ())
    here.store.write(lambda c: outcomes.save(c, found.id, outcome, "", at))
    here.store.write(lambda c: submissions.advance(c, found.id, event="routed", state="routed", at=at, actor="gateway"))
    carry(here, door, lambda: not waiting())
    answer = {segment[0]: segment for segment in clinic.heard.get(timeout=PATIENCE)}
    assert answer["RF1"][1] == status
    assert answer.get("NTE", [""])[-1] == note


def test_nothing_is_said_before_a_message_is_processed(here, door, clinic, waiting):
    send(door)
    (job,) = here.store.write(lambda c: work.claim(c, task="acknowledge", worker="w", now=here.clock.now(), limit=1))
    assert door.due(job.subject) is None
    assert clinic.heard.empty()


def test_a_listener_that_fails_hears_it_again_and_one_that_refuses_does_not(here, door, clinic, processed, waiting):
    clinic.codes = ["CE", "CR"]
    send(door)
    processed("routed")
    carry(here, door, lambda: not waiting())
    assert clinic.heard.qsize() == 2


def test_a_message_sent_again_is_answered_for_again(here, door, clinic, processed, waiting):
    send(door)
    processed("routed")
    carry(here, door, lambda: not waiting())
    send(door)
    assert waiting() == 1
    carry(here, door, lambda: not waiting())
    first, second = clinic.heard.get(timeout=PATIENCE), clinic.heard.get(timeout=PATIENCE)
    assert first == second


def test_an_answer_that_nobody_takes_any_more_does_not_wait_for_ever(here, door, clinic, overlay, processed, waiting):
    send(door)
    processed("routed")
    overlay()
    carry(here, door, lambda: not waiting())
    assert clinic.heard.empty()
    assert here.store.read(submissions.listing)[0].clinic == CLINIC
