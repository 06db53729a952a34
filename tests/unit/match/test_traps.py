"""People who look alike and are two are never linked; `python -m bench.match` asks the same of many more pairs."""

import pytest

from gateway.match import Grade, decide
from tests.unit.match.traps import KINDS, pairs

PAIRS = 100


@pytest.mark.parametrize("kind", KINDS)
def test_two_people_who_look_alike_are_not_linked(kind):
    linked = [
        decide(one, [two]).rule
        for pair in pairs(kind, PAIRS)
        for one, two in (pair, pair[::-1])
        if decide(one, [two]).grade is Grade.CERTAIN
    ]
    assert linked == []
