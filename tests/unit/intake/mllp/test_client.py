"""gateway/intake/mllp/client.py"""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.intake.mllp.client import Client, Sent, Trouble
from gateway.intake.mllp.frame import framed
from tests.unit.intake.mllp.conftest import message


def acknowledgment(code="AA", number="M1"):
    return f"MSH|^~\\&|SO\rMSA|{code}|{number}\r".encode()


@asynccontextmanager
async def receiver(*scripts, seconds=10.0):
    """A listener whose n-th connection follows the n-th script, and a client to it; gives the client and what came."""
    came, waiting = [], list(scripts)

    async def serve(reader, writer):
        script = waiting.pop(0)
        for said in script:
            if said is not None:
                came.append(await reader.readuntil(b"\x1c\r"))
                writer.write(said)
        if None in script:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = Client("127.0.0.1", server.sockets[0].getsockname()[1], seconds=seconds)
        yield client, came
        await client.close()


def scene(*scripts, send=("M1",), seconds=10.0):
    """What the client says of each message, and how many came."""

    async def play():
        async with receiver(*scripts, seconds=seconds) as (client, came):
            return [await client.send(message(number)) for number in send], len(came)

    return asyncio.run(play())


def test_messages_go_over_one_connection_and_each_is_acknowledged_by_its_number():
    script = [framed(acknowledgment(number="M1")), framed(acknowledgment("CA", "M2"))]
    assert scene(script, send=("M1", "M2")) == ([Sent("AA"), Sent("CA")], 2)


def test_an_answer_to_another_message_is_not_taken_for_this_one():
    late = framed(acknowledgment(number="M0")) + framed(b"garbage") + framed(acknowledgment("AR", "M1"))
    assert scene([late])[0] == [Sent("AR")]


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ([b"", None], Trouble.SILENT),
        ([framed(acknowledgment(number="other")), None], Trouble.SILENT),
        ([acknowledgment(), None], Trouble.UNFRAMED),
        ([b"\r\n" + acknowledgment(), None], Trouble.UNFRAMED),
        ([b""], Trouble.CLOSED),
        ([b"\x0bMSH|half"], Trouble.CLOSED),
    ],
)
def test_what_went_wrong_is_named_and_the_next_message_has_a_connection_of_its_own(script, trouble):
    said, came = scene(script, [framed(acknowledgment())], send=("M1", "M1"), seconds=0.3)
    assert said == [Sent(trouble=trouble), Sent("AA")]
    assert came == 2


def test_nobody_there_is_told_from_no_answer():
    async def play():
        async with receiver() as (client, _):
            pass
        return await client.send(message())

    assert asyncio.run(play()) == Sent(trouble=Trouble.UNREACHABLE)


@pytest.mark.parametrize(
    ("code", "taken", "again"),
    [("AA", True, False), ("CA", True, False), ("AE", False, True), ("CE", False, True), ("AR", False, False)],
)
def test_an_error_may_pass_and_a_refusal_does_not(code, taken, again):
    ((sent,), _) = scene([framed(acknowledgment(code))])
    assert (sent.taken, sent.again) == (taken, again)
