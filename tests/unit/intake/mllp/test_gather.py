"""gateway/intake/mllp/gather.py"""

import asyncio
from concurrent.futures import Future

import pytest

from gateway.core.errors import StoreError, VersionConflictError
from gateway.core.submission import Receipt
from gateway.intake.mllp.gather import Gathering
from gateway.store.submissions import Incoming


def incoming(number):
    return Incoming("a", b"%d" % number)


class Disk:
    """Writes when it is told to, and notes what it was given together."""

    def __init__(self, trouble=lambda bodies: None):
        self.written = []
        self.trouble = trouble
        self.held = []

    def keep_all(self, messages):
        bodies = [int(message.body) for message in messages]
        self.written.append(bodies)
        answer = Future()
        if found := self.trouble(bodies):
            answer.set_exception(found)
        else:
            answer.set_result([Receipt(str(body), "received", "", 1, "") for body in bodies])
        return answer


async def keep(disk, number):
    gathering = Gathering(disk.keep_all)
    return await asyncio.gather(*(gathering.keep(incoming(n)) for n in range(number)), return_exceptions=True)


def test_what_comes_at_one_moment_is_written_together_and_in_order():
    disk = Disk()
    assert [receipt.id for receipt in asyncio.run(keep(disk, 300))] == [str(n) for n in range(300)]
    assert len(disk.written) == 3
    assert [n for together in disk.written for n in together] == list(range(300))


def test_while_the_store_is_down_everybody_hears_it_and_nothing_is_tried_alone():
    disk = Disk(lambda _: StoreError())
    assert {type(said) for said in asyncio.run(keep(disk, 3))} == {StoreError}
    assert disk.written == [[0, 1, 2]]


def test_one_that_cannot_be_written_does_not_take_the_others_with_it():
    disk = Disk(lambda bodies: VersionConflictError() if 1 in bodies else None)
    first, second, third = asyncio.run(keep(disk, 3))
    assert (first.id, type(second), third.id) == ("0", VersionConflictError, "2")


def test_one_who_left_meanwhile_does_not_harm_the_others():
    async def scene():
        gathering = Gathering(Disk().keep_all)
        leaving, staying = (asyncio.create_task(gathering.keep(incoming(n))) for n in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return (await staying).id

    assert asyncio.run(scene()) == "1"
