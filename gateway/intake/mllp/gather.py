"""Messages that come while others are being written are written next, together: one wait for the disk for all."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Final

from gateway.core.errors import GatewayError
from gateway.core.submission import Receipt
from gateway.store.submissions import Incoming

_MOST: Final = 128  # messages in one transaction
_Place = tuple[Incoming, "asyncio.Future[Receipt]"]


class Gathering:
    """Keeps messages in the order in which they are given to it, whichever connection they are from."""

    def __init__(self, keep_all: Callable[[Sequence[Incoming]], "futures.Future[list[Receipt]]"]) -> None:
        self._keep_all = keep_all
        self._waiting: list[_Place] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, message: Incoming) -> Receipt:
        """Wait until the message is on disk. Raises GatewayError when it is not."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, answer))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await answer

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            await self._settle(together)

    async def _settle(self, together: Sequence[_Place]) -> None:
        """Write them; what fails together and is not the store's weakness is tried one by one."""
        try:
            receipts = await asyncio.wrap_future(self._keep_all([message for message, _ in together]))
        except GatewayError as trouble:
            if len(together) > 1 and not trouble.retryable:
                for one in together:
                    await self._settle([one])
                return
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(trouble)
            return
        for (_, answer), receipt in zip(together, receipts, strict=True):
            if not answer.done():
                answer.set_result(receipt)
