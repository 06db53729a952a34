"""gateway/intake/mllp/server.py, with the door and the store behind it"""

import asyncio
import threading
from collections import defaultdict
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.intake.mllp.door import Answer, Later
from gateway.intake.mllp.frame import Frame, framed
from gateway.intake.mllp.header import read_header
from gateway.intake.mllp.server import Limits
from tests.faults.gateway_process import until
from tests.unit.intake.mllp.conftest import listening, message, said


def always(answer):
    return by_body(defaultdict(lambda: answer))


def by_body(answers):
    async def answer(frame, _):
        return answers[frame.body]

    return answer


@pytest.mark.parametrize(
    ("raw", "answers"),
    [
        (framed(message()), [("AA", "M1")]),
        (framed(message("M1")) + framed(message("M2")), [("AA", "M1"), ("AA", "M2")]),
        (b"\r\n\x00 " + framed(message()) + b"\n\x00\r" + framed(message("M2")), [("AA", "M1"), ("AA", "M2")]),
        (b"\x0bMSH|lost" + framed(message()), [("AA", "M1")]),
        (framed(message())[:-1], [("AA", "M1")]),
        (framed(message())[:-1] + framed(message("M2")), [("AA", "M1"), ("AA", "M2")]),
        (framed(b"hello"), [("AR",)]),
        (framed(b""), [("AR",)]),
        (framed(message(rest="PID|1||\xe9^^^RB\r").decode().encode("latin-1")), [("AA", "M1")]),
        (framed(message(rest="OBX|1|TX|||" + "y" * 60_000)), [("AA", "M1")]),
        (framed(message(rest="OBX|1|TX|||" + "y" * 70_000)), [("AR", "M1")]),
        (framed(message().replace(b"\r", b"\n")), [("AA", "M1")]),
    ],
)
def test_every_frame_is_answered_in_its_order(mllp, raw, answers):
    with mllp.peer() as peer:
        peer.write(raw)
        assert [said(peer.answer()) for _ in answers] == answers
        assert peer.asks(message("after")) == [("AA", "after")]


def test_one_byte_at_a_time_is_a_message_too(mllp):
    with mllp.peer() as peer:
        for byte in framed(message()):
            peer.write(bytes([byte]))
        assert said(peer.answer()) == ("AA", "M1")


def test_many_messages_over_one_connection_are_kept_each_once_and_in_order(mllp, kept):
    sent = [message(f"M{number}") for number in range(40)]
    with mllp.peer() as peer:
        assert peer.asks(*sent) == [("AA", f"M{number}") for number in range(40)]
    assert kept() == sent


def test_answers_keep_the_order_of_their_frames_whichever_is_stored_first():
    second = threading.Event()

    async def answer(frame, _):
        if frame.body == b"first":
            assert await asyncio.to_thread(second.wait, 20)
        else:
            second.set()
        return Answer(b"MSA|AA|" + frame.body + b"\r")

    with listening(answer) as found, found.peer() as peer:
        assert peer.asks(b"first", b"second") == [("AA", "first"), ("AA", "second")]


def test_a_peer_that_does_not_wait_is_read_no_further_than_a_few_messages():
    begun, seen, go = [], threading.Event(), threading.Event()

    async def answer(frame, _):
        begun.append(frame.body)
        if frame.body == b"other":
            seen.set()
        assert await asyncio.to_thread(go.wait, 20)
        return Answer(b"MSA|AA|1\r")

    with listening(answer) as found, found.peer() as peer:
        peer.send(*[b"%d" % number for number in range(100)])
        with found.peer() as other:
            other.send(b"other")
            assert seen.wait(20)
        assert len(begun) <= 17
        go.set()
        assert [said(peer.answer()) for _ in range(100)] == [("AA", "1")] * 100


def test_a_half_open_connection_is_left_and_a_silent_one_too():
    patient = Limits(65_536, idle=0.05, stalled=0.05, quiet=0.01)
    with listening(always(Answer()), limits=patient) as found:
        with found.peer() as silent:
            assert silent.is_left()
        with found.peer() as half:
            half.write(b"\x0bMSH|")
            assert half.is_left()


def test_a_sender_of_a_byte_now_and_then_is_left_when_no_message_comes_of_it():
    with listening(always(Answer()), limits=Limits(65_536, idle=0.1)) as found, found.peer() as dripping:
        dripping.write(b"\x0bMSH|")

        def is_left():
            try:
                dripping.write(b"x")
            except ConnectionError:
                return True

        until(is_left)


def test_a_peer_that_does_not_take_its_answers_is_left_and_makes_room():
    limits = Limits(65_536, connections=1, stalled=0.05)
    with listening(always(Answer(b"y" * 20_000_000)), limits=limits) as found, found.peer() as deaf:
        deaf.send(b"x")

        def has_room():
            with suppress(ConnectionError), found.peer() as other:
                other.send(b"x")
                return not other.is_left()

        until(has_room)


def test_a_connection_too_many_is_closed_and_the_others_go_on():
    with (
        listening(always(Answer(b"MSA|AA|1\r")), limits=Limits(65_536, connections=2)) as found,
        found.peer() as one,
        found.peer() as two,
    ):
        assert one.asks(b"x") == two.asks(b"x") == [("AA", "1")]
        with found.peer() as third:
            assert third.is_left()
        assert one.asks(b"x") == [("AA", "1")]


def test_a_sender_that_is_too_fast_is_read_more_slowly_and_not_refused():
    with listening(always(Answer(b"MSA|AA|1\r")), limits=Limits(65_536, rate=1200)) as found, found.peer() as peer:
        assert set(peer.asks(*[b"x"] * 1210)) == {("AA", "1")}


def test_what_was_read_is_answered_when_the_server_is_told_to_stop():
    begun, go = threading.Event(), threading.Event()

    async def answer(frame, _):
        begun.set()
        assert await asyncio.to_thread(go.wait, 20)
        return Answer(b"MSA|AA|1\r")

    with listening(answer) as found, found.peer() as peer:
        peer.send(b"one")
        peer.write(b"\x0bhalf")
        assert begun.wait(20)
        stopping = threading.Thread(target=found.stop)
        stopping.start()
        go.set()
        assert said(peer.answer()) == ("AA", "1")
        assert peer.answer() is None
        stopping.join()


def test_an_answer_of_processing_comes_when_it_is_done_and_other_answers_before_it():
    states = {"s-1": "received"}
    later = Later("s-1", b"MSA|AA|later\r", b"MSA|AE|later\r", in_order=False)
    answers = {b"slow": Answer(b"MSA|CA|slow\r", (later,)), b"quick": Answer(b"MSA|AA|quick\r")}
    with listening(by_body(answers), lambda _: states) as found, found.peer() as peer:
        assert peer.asks(b"slow", b"quick") == [("CA", "slow"), ("AA", "quick")]
        states["s-1"] = "quarantined"
        assert said(peer.answer()) == ("AE", "later")


def test_a_message_of_a_batch_that_could_not_be_translated_hears_so_though_the_batch_went_well():
    laters = [Later("s-1", b"MSA|AA|%d\r" % at, b"MSA|AE|%d\r" % at, in_order=True, place=at) for at in range(3)]
    answer = always(Answer(b"", tuple(laters)))
    with (
        listening(
            answer, lambda _: {"s-1": "routed"}, told=lambda one: one.ill if one.place == 1 else one.well
        ) as found,
        found.peer() as peer,
    ):
        peer.send(b"x")
        assert [said(peer.answer()) for _ in laters] == [("AA", "0"), ("AE", "1"), ("AA", "2")]


def test_who_has_said_everything_still_hears_what_came_of_it():
    states = {"s-1": "received"}
    later = Later("s-1", b"MSA|AA|later\r", b"", in_order=False)
    with listening(always(Answer(b"MSA|CA|1\r", (later,))), lambda _: states) as found, found.peer() as peer:
        peer.send(b"x")
        peer.finish()
        assert said(peer.answer()) == ("CA", "1")
        states["s-1"] = "routed"
        assert said(peer.answer()) == ("AA", "later")
        assert peer.answer() is None


def test_a_sender_that_hears_nothing_before_processing_waits_in_order():
    states = {"s-1": "received"}
    later = Later("s-1", b"MSA|AA|later\r", b"", in_order=True)
    answers = {b"slow": Answer(b"", (later,)), b"quick": Answer(b"MSA|AA|quick\r")}
    with listening(by_body(answers), lambda _: states) as found, found.peer() as peer:
        peer.send(b"slow", b"quick")
        states["s-1"] = "routed"
        assert [said(peer.answer()), said(peer.answer())] == [("AA", "later"), ("AA", "quick")]


@pytest.fixture(scope="module")
def echo():
    """Answers each frame with its number among the frames of its connection's content."""

    async def answer(frame, _):
        return Answer(b"MSA|AA|%d\r" % len(frame.body))

    with listening(answer, limits=Limits(4096, quiet=0.01)) as found:
        yield found


def _bytes(most):
    return st.binary(max_size=most).map(lambda raw: raw.translate(None, b"\x0b\x1c"))


_header_like = st.text("MSH|^~\\&FBTSPIDAR\r\n\x00é1", max_size=200).map(lambda text: f"MSH|^~\\&{text}".encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_bytes(60), _bytes(200)), max_size=8))
def test_each_well_formed_frame_gets_one_answer_whatever_stands_between(echo, parts):
    with echo.peer() as peer:
        peer.write(b"".join(noise + framed(body) for noise, body in parts) + framed(b"."))
        assert [said(peer.answer()) for _ in range(len(parts) + 1)] == [
            ("AA", str(len(body))) for body in (*(body for _, body in parts), b".")
        ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_no_stream_of_bytes_harms_the_next_connection(echo, raw):
    with echo.peer() as peer:
        peer.write(raw)
    with echo.peer() as peer:
        assert peer.asks(b"four") == [("AA", "4")]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), _header_like))
def test_no_content_is_left_without_an_answer(door, body):
    answer = asyncio.run(door.answer(Frame(body)))
    header = read_header(body)
    asked = header is None or header.is_batch or (header.type != "ACK" and not header.enhanced)
    assert answer.message or not asked
