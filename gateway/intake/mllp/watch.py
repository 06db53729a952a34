"""Waits until submissions have been processed, in whichever process: by asking the store for all of them at once."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.errors import StoreError
from gateway.store.submissions import STOPPED, UNDER_WAY

_EVERY: Final = 0.25


class Watch:
    """Those who wait for a submission, and a task that looks while there are any."""

    def __init__(self, states: Callable[[Sequence[str]], dict[str, str]], every: float = _EVERY) -> None:
        self._states = states
        self._every = every
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def processed(self, submission: str) -> bool:
        """Wait until it has been processed; says whether it went well."""
        found = self._waiting.setdefault(submission, asyncio.get_running_loop().create_future())
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(found)

    def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> None:
        while self._waiting:
            try:
                states = await asyncio.to_thread(self._states, list(self._waiting))
            except StoreError:
                states = {}
            for id, state in states.items():
                if state not in UNDER_WAY:
                    self._waiting.pop(id).set_result(state not in STOPPED)
            await asyncio.sleep(self._every)
