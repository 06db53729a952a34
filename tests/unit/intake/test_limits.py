"""gateway/intake/limits.py"""

import gzip
from datetime import timedelta

import pytest

from gateway.core.errors import IntakeError, ThrottledError, TooLargeError, UnsupportedFormatError
from gateway.intake.limits import Rate, unpack


def test_what_is_not_packed_stays_as_it_is():
    assert unpack(b"\x1f\x8bnot to be touched", "", 10) == b"\x1f\x8bnot to be touched"


def test_gzip_is_undone():
    assert unpack(gzip.compress(b"MSH|", mtime=0), " GZIP ", 100) == b"MSH|"


def test_what_fits_exactly_is_taken_and_one_byte_more_is_not():
    assert len(unpack(gzip.compress(b"x" * 100), "gzip", 100)) == 100
    with pytest.raises(TooLargeError):
        unpack(gzip.compress(b"x" * 101), "gzip", 100)


def test_a_gzip_bomb_is_refused_before_it_goes_off():
    with pytest.raises(TooLargeError):
        unpack(gzip.compress(bytes(50_000_000)), "gzip", 1000)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"not gzip",
        gzip.compress(b"whole", mtime=0)[:-3],
        gzip.compress(b"one", mtime=0) + b"rest",
        gzip.compress(b"a", mtime=0) * 2,
    ],
)
def test_gzip_that_is_broken_or_followed_by_something_is_refused(sent):
    with pytest.raises(IntakeError):
        unpack(sent, "gzip", 1000)


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd", "../../gzip"])
def test_another_coding_is_not_guessed(coding):
    with pytest.raises(UnsupportedFormatError):
        unpack(b"x", coding, 1000)


def test_a_clinic_that_sends_too_fast_waits_and_another_does_not(clock):
    rate = Rate(60, clock)
    for _ in range(60):
        rate.take("riverbend")
    with pytest.raises(ThrottledError):
        rate.take("riverbend")
    rate.take("harbor")
    clock.move(timedelta(seconds=1))
    rate.take("riverbend")
    with pytest.raises(ThrottledError):
        rate.take("riverbend")


def test_a_quiet_hour_saves_up_one_minute_and_no_more(clock):
    rate = Rate(2, clock)
    rate.take("riverbend")
    clock.move(timedelta(hours=1))
    rate.take("riverbend")
    rate.take("riverbend")
    with pytest.raises(ThrottledError):
        rate.take("riverbend")
