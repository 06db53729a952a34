"""Thousands of mutated interchanges through the corridor: each is answered, none breaks it."""

from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from gateway.pipeline import process

SENT = (Path(__file__).parents[1] / "fixtures" / "x12" / "271_active.edi").read_bytes()
WORDS = (b"", b"*", b"**", b":", b"^", b"~", b"~\n", b"\xff", b"\x00", b"20261345", b"EB", b"HL*9*3*23*0~", b"A" * 999)


def mutated(random: Random) -> bytes:
    """The sample with other words in it, pieces gone, segments moved."""
    body = SENT
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(body))
        body = body[:at] + random.choice(WORDS) + body[at + random.randrange(12) :]
    if random.random() < 0.3:
        segments = body.split(b"~")
        random.shuffle(segments)
        body = b"~".join(segments)
    return body


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.integers(0, 2**32))
def test_no_interchange_breaks_the_corridor_and_every_ledger_adds_up(seed):
    random = Random(seed)
    for _ in range(50):
        outcome = process(mutated(random), judge=False)
        found = outcome.counts
        assert outcome.error is None or outcome.error.status < 500
        assert found["leaves"] == sum(number for state, number in found.items() if state != "leaves")
        assert "row-failed" not in {one.code for one in outcome.issues}
