"""gateway/intake/mllp/frame.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.mllp.frame import HEAD, Decoder, framed

MOST = 20_000


def frames(*pieces, most=MOST, quiet=True):
    decoder = Decoder(most)
    found = [frame for piece in pieces for frame in decoder.feed(piece)]
    return [frame.body for frame in (*found, *(decoder.rest() if quiet else ()))]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"\x0bone\x1c\r", [b"one"]),
        (b"\x0bone\x1c\r\x0btwo\x1c\r", [b"one", b"two"]),
        (b"\r\n\x00 junk\x0bone\x1c\r\n\r\x00\x0btwo\x1c\r", [b"one", b"two"]),
        (b"\x0blost\x0bone\x1c\r", [b"one"]),
        (b"\x0bone\x1c\x0btwo\x1c\r", [b"one", b"two"]),
        (b"\x0bone\x1c\n\x0btwo\x1c\n", [b"one", b"two"]),
        (b"\x0bone\x1c", [b"one"]),
        (b"\x0bo\x1cne\x1c\r", [b"o\x1cne"]),
        (b"\x0bone\x1c\x1c\r", [b"one\x1c"]),
        (b"\x0b\x1c\r", [b""]),
        (b"no frame at all\x1c\r", []),
        (b"\x0bnot yet", []),
    ],
)
def test_frames_are_found_whole_and_byte_by_byte(sent, found):
    assert frames(sent) == found
    assert frames(*(sent[at : at + 1] for at in range(len(sent)))) == found


def test_an_end_without_its_last_byte_is_an_end_only_when_nothing_more_comes():
    assert frames(b"\x0bone\x1c", quiet=False) == []
    assert frames(b"\x0bone\x1c", b"\r", quiet=False) == [b"one"]


def test_what_was_begun_again_is_counted():
    decoder = Decoder(MOST)
    assert [frame.body for frame in decoder.feed(b"\x0bhalf\x0bwhole\x1c\r")] == [b"whole"]
    assert decoder.restarts == 1


@pytest.mark.parametrize("over", [0, 1, 17, 50_000])
def test_of_a_message_above_the_limit_the_head_is_kept_and_the_next_is_found(over):
    decoder = Decoder(MOST)
    sent = framed(b"x" * (MOST + over)) + framed(b"next")
    most, found = 0, []
    for at in range(0, len(sent), 100):
        found += decoder.feed(sent[at : at + 100])
        most = max(most, decoder.held)
    assert [(len(frame.body), frame.whole) for frame in found] == [(HEAD, False) if over else (MOST, True), (4, True)]
    assert most <= MOST + 200


@given(st.lists(st.binary(max_size=40).filter(lambda b: not {0x0B, 0x1C} & set(b)), max_size=5), st.data())
def test_well_formed_frames_come_out_as_they_went_in_however_they_are_cut(bodies, data):
    between = st.text("\x00\r\n z", max_size=3).map(str.encode)
    sent = b"".join(data.draw(between) + framed(body) for body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert frames(*pieces) == bodies


@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"a", b"\x00"]), max_size=30), st.data())
def test_where_the_wire_cuts_makes_no_difference(signs, data):
    sent = b"".join(signs)
    at = data.draw(st.integers(0, len(sent)))
    assert frames(sent[:at], sent[at:]) == frames(sent)
