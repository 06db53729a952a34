"""Broken HL7 v2 messages through the whole corridor: a bundle or a named error each, and accounts that add up."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

import gateway
from gateway.core.errors import GatewayError
from gateway.core.ledger import State
from gateway.parse.hl7v2 import parse

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "hl7v2").glob("*.hl7"))
SHARDS, EACH = 10, 1_000
SEPARATORS = b"|^~\\&\r\n"
# What senders, and nobody at all, put where something else belongs.
FRAGMENTS = (
    *rb"""| ^ ~ & \ "" |""| ^^^^^^^^^^ &&&& ~~~~ |||| \X\ \XC3\ \.br\ \.sp99999999\ \T\ \Zx\ \C2842\ -1 0 1e999 NaN
    20261399 00000000 2026-03-02 20260302246060+9999 NM ED RP CWE SN DT <5 1:0 ISO 2.16.840.1.113883 http://[ % {} <a>
    Infinity __class__ PRN Q0H Q6H&0800""".split(),
    *(b"", b"\r", b"\n", b"\r\r", b"\x0b", b"\x1c\r", b"\x00", b"\t", b" ", b"\xff", b"\xc3", b"\xc2\xa0", b"\x1b$B"),
    *(b"9" * 40, "—".encode(), "😀".encode()),
)
TYPES = (
    *b"""ADT^A01 ADT^A08 ADT^A40 ADT^A24 ADT^A43 ORU^R01 OML^O21 OMG^O19 ORM^O01 RDE^O11 RDS^O13 RAS^O17 REF^I12 RRI^I12
    PPR^PC1 PGL^PC6 PPP^PCB PTR^PCF MDM^T02 SIU^S12 DFT^P03 BAR^P01 VXU^V04 OUL^R22 ACK ZZZ^Z99 ^^ ~""".split(),
    b"",
)
NAMES = sorted({line[:3] for file in FIXTURES for line in file.read_bytes().replace(b"\n", b"\r").split(b"\r") if line})

Mutation = Callable[[random.Random, bytearray], None]


def flip(chance: random.Random, body: bytearray) -> None:
    body[chance.randrange(len(body))] = chance.randrange(256)


def insert(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body) + 1)
    body[at:at] = chance.choice(FRAGMENTS)


def delete(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body))
    del body[at : at + chance.choice((1, 2, 8, 60))]


def truncate(chance: random.Random, body: bytearray) -> None:
    del body[chance.randrange(len(body)) :]


def swap(chance: random.Random, body: bytearray) -> None:
    old, new = chance.choices(SEPARATORS, k=2)
    body[:] = body.replace(bytes([old]), bytes([new]), chance.choice((1, 3, -1)))


def shuffle(chance: random.Random, body: bytearray) -> None:
    first, *others = bytes(body).split(b"\r")
    chance.shuffle(others)
    body[:] = b"\r".join([first, *others])


def duplicate(chance: random.Random, body: bytearray) -> None:
    lines = bytes(body).split(b"\r")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    body[:] = b"\r".join(lines)


def rename(chance: random.Random, body: bytearray) -> None:
    lines = bytes(body).split(b"\r")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice(NAMES) + lines[at][3:]
    body[:] = b"\r".join(lines)


def refill(chance: random.Random, body: bytearray) -> None:
    """Another value in one field or component."""
    sign = chance.choice((b"|", b"^"))
    pieces = bytes(body).split(sign)
    pieces[chance.randrange(len(pieces))] = chance.choice(FRAGMENTS)
    body[:] = sign.join(pieces)


def retype(chance: random.Random, body: bytearray) -> None:
    pieces = bytes(body).split(b"|")
    if len(pieces) > 8:
        pieces[8] = chance.choice(TYPES)
    body[:] = b"|".join(pieces)


def swell(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body) + 1)
    body[at:at] = chance.choice((b"x", b"|", b"^", b"~", b"&", b"\\", b"\\.br\\", b" ", b"\xc3\xa9")) * chance.choice(
        (50, 2_000)
    )


def scatter(chance: random.Random, body: bytearray) -> None:
    at = chance.randrange(len(body) + 1)
    body[at:at] = chance.randbytes(chance.choice((4, 40)))


MUTATIONS: tuple[Mutation, ...] = (
    flip, insert, delete, truncate, swap, shuffle, duplicate, rename, refill, refill, retype, swell, scatter,
)  # fmt: skip


def sample(chance: random.Random) -> bytes:
    """A short message: the header of a fixture and some of its segments, so that many are tried in little time."""
    first, *others = chance.choice(FIXTURES).read_bytes().replace(b"\n", b"\r").split(b"\r")
    kept = sorted(chance.sample(range(len(others)), min(len(others), chance.randrange(5))))
    body = bytearray(b"\r".join([first, *(others[at] for at in kept)]))
    for _ in range(chance.choice((1, 1, 2, 4))):
        if body:
            chance.choice(MUTATIONS)(chance, body)
    return bytes(body)


def look(body: bytes) -> None:
    """Convert it, and compare the account with what the parser counts."""
    made = gateway.convert(body)
    assert made.error is None or made.error["resourceType"] == "OperationOutcome"
    assert made.bundle is not None or made.error is not None
    json.loads(made.to_json())
    try:
        leaves = [location for message in parse(body) for _, location, *_ in message.leaves()]
    except GatewayError:
        leaves = []
    if made.kind.startswith("hl7v2:"):
        assert [entry.location for entry in made.ledger] == leaves
        assert all(isinstance(entry.state, State) for entry in made.ledger)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_broken_message_ends_in_a_bundle_or_a_named_error_and_every_leaf_is_accounted_for(shard):
    chance = random.Random(shard)  # the same messages on every run
    for number in range(EACH):
        body = sample(chance)
        try:
            look(body)
        except Exception as trouble:
            raise AssertionError(f"message {number} of shard {shard}: {body!r}") from trouble


HEADER = b"MSH|^~\\&|A|B|||20260302||ORU^R01|1|P|2.5.1\rPID|1||A1^^^LAB||Roe^Ann\rOBR|1||F1|X^Y^LN\r"


@pytest.mark.parametrize(
    "rest",
    [
        b"OBX|1|ST|A||" + b"x^" * 20_000,
        b"OBX|1|ST|A||" + b"x&" * 20_000,
        b"OBX|1|ST|A||" + b"x~" * 5_000,
        b"OBX|1|ST|A||x|||||||||||||||||||||||||" + b"u^" * 20_000,
        b"OBX|1|ST|A||" + b"x|" * 20_000,
        b"OBX|1|TX|A||" + b"a\\.br\\" * 50_000,
        b"OBX|1|TX|A||" + b"\\Q\\" * 50_000,
        b"NTE|1||a\r" + b"a stray line\r" * 10_000,
        b"\r" * 500_000,
        b"".join(b"NTE|%d||\xc3\xa9\r" % number for number in range(2_000)),
        b"".join(b"ZZ%d|1|2\r" % (number % 10) for number in range(5_000)),
    ],
    ids=lambda rest: rest[:20].decode("latin-1") + f"… {len(rest)}",
)
def test_much_of_anything_takes_no_more_than_its_share(rest):
    look(HEADER + rest)
