"""Thousands of mutated packages through the corridor: each is answered, none breaks it."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from gateway.core.errors import GatewayError
from gateway.parse.xdm import archive
from gateway.pipeline import process
from tests.packages import FOLDER, ORDER, SCAN, metadata, package

EACH, EXAMPLES = 50, 80
WORDS = (b"", b"^^^", b"&amp;&amp;", b"PID-3|", b"PID-5", b"~", b"\x00", b"\xff", b"20261345", b"<Slot/>", b"A" * 3000)
COVER = metadata({"DOC00002.HL7": ORDER, "DOC00003.PDF": SCAN}, "Brackwater^Lorenz^^^", "19580614")
SOUND = package({f"{FOLDER}/METADATA.XML": COVER, f"{FOLDER}/DOC00002.HL7": ORDER, f"{FOLDER}/DOC00003.PDF": SCAN})


def flipped(random: Random) -> bytes:
    """Bytes of the zip itself changed, cut or doubled."""
    body = bytearray(SOUND)
    for _ in range(random.randrange(1, 6)):
        body[random.randrange(len(body))] = random.randrange(256)
    start = random.randrange(len(body)) if random.random() < 0.2 else len(body)
    return bytes(body[:start] if random.random() < 0.7 else body + body[:start])


def reworded(random: Random) -> bytes:
    """Other words in the cover, or pieces of it gone, in a zip that is sound."""
    cover = COVER
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(cover))
        cover = cover[:at] + random.choice(WORDS) + cover[at + random.randrange(30) :]
    return package({f"{FOLDER}/METADATA.XML": cover, f"{FOLDER}/DOC00002.HL7": ORDER})


def valued(random: Random) -> bytes:
    """Other values in the cover, whose XML is sound."""
    parts = COVER.split(b"<Value>")
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(1, len(parts))
        parts[at] = random.choice(WORDS[:6]) + b"</Value>" + parts[at].partition(b"</Value>")[2]
    return package({f"{FOLDER}/METADATA.XML": b"<Value>".join(parts), f"{FOLDER}/DOC00003.PDF": SCAN})


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.integers(0, 2**32))
def test_no_zip_breaks_the_reader_of_zips(seed):
    random = Random(seed)
    for _ in range(EACH):
        try:
            found = archive.unpack(flipped(random))
        except GatewayError:
            continue
        assert sum(len(one.body) for one in found) <= archive.MAX_TOTAL


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.integers(0, 2**32))
def test_no_package_breaks_the_corridor_and_every_ledger_adds_up(seed):
    random = Random(seed)
    for _ in range(EACH // 5):
        outcome = process(random.choice((flipped, reworded, valued))(random), judge=False)
        found = outcome.counts
        assert found["leaves"] == sum(number for state, number in found.items() if state != "leaves")
        assert "row-failed" not in {one.code for one in outcome.issues}
        assert all(line.path == "" for line in outcome.ledger if outcome.bundle is None)
