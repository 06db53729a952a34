"""Ten thousand mutated HL7 v2 messages, batches among them, through the corridor: each is answered, none breaks it."""

from collections.abc import Callable
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from gateway.core.errors import GatewayError
from gateway.pipeline import process
from tests.mappings.hl7v2_fixtures import FOLDER

EACH, EXAMPLES = 25, 400
OURS = [file.read_bytes() for file in sorted(FOLDER.glob("*.hl7"))]
WORDS = [
    b'""', b"^", b"~~", b"&&", b"a&b^c~d", b"20261345", b"99999999999999", b"-1", b"1e9", b"0", b"Y", b" ", b"\t",
    b"\\F\\", b"\\X\\", b"\\XZZ\\", b"\\X0A0D\\", b"\\.br\\", b"\\.sp99999\\", b"\\H\\\\N\\", b"\\C2842\\", b"\\Zx\\",
    b"\\",     b"\xff\xfe", "ünï".encode(), b"\x1b$B", b"\x00", b"Q1J17", b"QOD~BID", b"<0.5", b"1:128", b"A" * 5000,
]  # fmt: skip
DELIMITERS = [b"|^~\\&", b"$#*!@", b"^|~\\&", b"|^~\\&#", b"|^~", b"|", b"|^^^^", b"\xa6^~\\&", b",;~\\&", b"|&~\\^"]
Mutation = Callable[[Random, list[bytes]], None]


def word(random: Random, segments: list[bytes]) -> None:
    """Something else in a field."""
    at = random.randrange(len(segments))
    fields = segments[at].split(b"|")
    fields[random.randrange(len(fields))] = random.choice(WORDS)
    segments[at] = b"|".join(fields)


def piece(random: Random, segments: list[bytes]) -> None:
    """Something within a field, or bytes that are missing from it."""
    at = random.randrange(len(segments))
    start = random.randrange(len(segments[at]) + 1)
    segments[at] = segments[at][:start] + random.choice(WORDS) + segments[at][start + random.randrange(3) :]


def moved(random: Random, segments: list[bytes]) -> None:
    """A segment at another place."""
    segments.insert(random.randrange(len(segments) + 1), segments.pop(random.randrange(len(segments))))


def twice(random: Random, segments: list[bytes]) -> None:
    """A segment again, at any place."""
    segments.insert(random.randrange(len(segments) + 1), random.choice(segments))


def gone(random: Random, segments: list[bytes]) -> None:
    """A segment less."""
    del segments[random.randrange(len(segments))]
    segments.append(b"")


def foreign(random: Random, segments: list[bytes]) -> None:
    """A segment of another message."""
    segments.insert(random.randrange(len(segments) + 1), random.choice(random.choice(OURS).split(b"\r")))


def local(random: Random, segments: list[bytes]) -> None:
    """A segment of the sender's own, whole or broken."""
    own = b"Z%c%d|" % (random.choice(b"AZ9a"), random.randrange(10)) + b"|".join(random.sample(WORDS, 3))
    segments.insert(random.randrange(len(segments) + 1), own)


def retyped(random: Random, segments: list[bytes]) -> None:
    """The message as one of another type."""
    fields = segments[0].split(b"|")
    segments[0] = b"|".join([*fields[:8], random.choice(OURS).split(b"|")[8], *fields[9:]])


MUTATIONS: list[Mutation] = [word, word, piece, moved, twice, gone, foreign, local, retyped]


def mutated(random: Random) -> bytes:
    """A message of ours after some mutations, with other delimiters or ends of line, or several in a batch."""
    segments = random.choice(OURS).split(b"\r")
    for _ in range(random.randrange(1, 6)):
        random.choice(MUTATIONS)(random, segments)
    body = b"\r".join(segments)
    if random.random() < 0.2:
        usual, others = b"|^~\\&", random.choice(DELIMITERS)
        body = body.translate(bytes.maketrans(usual, (others + usual[len(others) :])[:5]))
    if random.random() < 0.1:
        body = body.replace(b"\r", random.choice([b"\n", b"\r\n", b"\r\r", b"\x0b"]))
    if random.random() < 0.1:
        body = (
            b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + body + b"\r" + random.choice(OURS) + random.choice([b"\rBTS|2", b"\rFTS|x"])
        )
    return body


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.integers(min_value=0))
def test_no_mutated_message_breaks_the_corridor_and_every_leaf_is_accounted_for(seed):
    random = Random(seed)
    for _ in range(EACH):
        found = process(mutated(random), judge=False)
        assert found.error is None or (isinstance(found.error, GatewayError) and found.error.status < 500)
        assert (found.error is None) is (found.bundle is not None)
        assert found.counts["leaves"] == sum(number for state, number in found.counts.items() if state != "leaves")
        assert "row-failed" not in {one.code for one in found.issues}
