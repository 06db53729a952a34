"""gateway/route/retry.py and gateway/route/breaker.py"""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gateway.route.breaker import PAUSE, TROUBLES, Breaker
from gateway.route.retry import CAP, FIRST, wait

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@given(attempts=st.integers(0, 10_000), seed=st.integers())
def test_the_wait_lies_anywhere_in_a_span_that_doubles_up_to_a_cap(attempts, seed):
    span = min(CAP, FIRST * 2 ** min(max(attempts - 1, 0), 20))
    assert timedelta(0) <= wait(attempts, None, Random(seed)) <= span


@given(asked=st.timedeltas(timedelta(0), timedelta(hours=1)), seed=st.integers())
def test_the_destination_is_never_asked_sooner_than_it_said(asked, seed):
    assert wait(1, asked, Random(seed)) >= asked


def test_waits_that_began_together_do_not_end_together():
    spread = {wait(8, None, Random(seed)) for seed in range(50)}
    assert len(spread) == 50
    assert max(spread) - min(spread) > timedelta(seconds=60)


def test_a_destination_that_is_down_is_asked_by_one_until_it_is_back():
    breaker = Breaker()
    for _ in range(TROUBLES):
        assert breaker.opens(NOW) is None
        breaker.went(False, NOW)
    assert breaker.opens(NOW) == NOW + PAUSE
    later = NOW + PAUSE
    assert breaker.opens(later) is None
    assert breaker.opens(later) == later + PAUSE
    breaker.went(True, later)
    assert breaker.opens(later) is None


def test_one_trouble_among_answers_opens_nothing():
    breaker = Breaker()
    for well in [False, False, True] * TROUBLES:
        breaker.went(well, NOW)
    assert breaker.opens(NOW) is None
