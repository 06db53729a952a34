"""When to try again: exponential back-off with full jitter, or when the destination asked for."""

from datetime import timedelta
from random import Random
from typing import Final

FIRST: Final = timedelta(seconds=1)
CAP: Final = timedelta(minutes=15)
_DOUBLINGS: Final = 10  # 1 s doubled ten times is past the cap


def wait(attempts: int, asked: timedelta | None, random: Random) -> timedelta:
    """How long to wait after that many attempts.

    Full jitter spreads deliveries that failed together over the whole span, so that they do not return together.
    """
    span: timedelta = min(FIRST * 2 ** min(max(attempts - 1, 0), _DOUBLINGS), CAP)
    drawn: timedelta = span * random.random()
    return max(drawn, asked or timedelta())
