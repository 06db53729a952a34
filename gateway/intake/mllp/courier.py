"""Takes answers and replies to the clinics' own listeners. What is due stands in the work table and outlives us."""

import asyncio
import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Final

import structlog
from sqlalchemy import Connection

from gateway.core.clock import instant
from gateway.core.submission import Listener
from gateway.intake.mllp.client import Client
from gateway.intake.mllp.door import Due
from gateway.route.retry import wait
from gateway.services import Services
from gateway.store import work
from gateway.store.work import Job

TASK: Final = "acknowledge"
_AT_ONCE: Final = 8  # clinics
_ATTEMPTS: Final = 50  # then the answer is given up; the submission itself is long done
_SOON: Final = timedelta(seconds=1)
_log = structlog.get_logger()


class Courier:
    """Claims answers that are due; those of one clinic go one after the other."""

    def __init__(
        self,
        here: Services,
        due: Callable[[str], Due | None],
        every: float = 0.25,
        task: str = TASK,
        heard: Callable[[Connection, str, bool], None] = lambda *_: None,
    ) -> None:
        """`heard` enters what follows, in the transaction that ends the work: whether the listener took it."""
        self._here = here
        self._due = due
        self._heard = heard
        self._every = every
        self._task = task
        self._name = f"{task}-{os.getpid()}-{secrets.token_hex(4)}"
        self._random = Random()  # noqa: S311 - spreads retries
        self._clients: dict[Listener, Client] = {}

    async def run(self) -> None:
        """Carry what is due until cancelled; whatever goes wrong, the row stays and its turn comes again."""
        try:
            while True:
                try:
                    await asyncio.gather(*map(self._carry, await asyncio.to_thread(self._claim)))
                except Exception as trouble:  # noqa: BLE001 - the edge: a courier that ended would carry nothing more
                    _log.error("courier-waits", task=self._task, kind=type(trouble).__name__)
                await asyncio.sleep(self._every)
        finally:
            for client in self._clients.values():
                await client.close()

    def _claim(self) -> list[Job]:
        now, store = self._here.clock.now(), self._here.store
        if not store.read(lambda connection: work.ready(connection, task=self._task, now=now)):
            return []
        return store.write(
            lambda connection: work.claim(connection, task=self._task, worker=self._name, now=now, limit=_AT_ONCE)
        )

    async def _carry(self, job: Job) -> None:
        due = await asyncio.to_thread(self._due, job.subject)
        if due is None:
            await self._again(job, _SOON, forgive=True)
        elif due.listener is None or not due.messages:
            await self._write(lambda connection: work.finish(connection, job))
        elif (taken := await self._said(job, due.listener, due.messages)) is not None:
            await self._finish(job, taken=taken)
        elif job.attempts >= _ATTEMPTS:
            _log.error("acknowledgment-given-up", submission=job.subject)
            await self._finish(job, taken=False)
        else:
            await self._again(job, wait(job.attempts, None, self._random))

    async def _said(self, job: Job, listener: Listener, messages: list[bytes]) -> bool | None:
        """Whether the clinic took all; one that refuses an answer has heard it too. None when it has not heard."""
        client, taken = self._clients.setdefault(listener, Client(listener.host, listener.port)), True
        for message in messages:
            sent = await client.send(message)
            _log.info("acknowledgment-sent", submission=job.subject, code=sent.code or sent.trouble)
            if sent.again:
                return None
            taken = taken and sent.taken
        return taken

    async def _finish(self, job: Job, *, taken: bool) -> None:
        def change(connection: Connection) -> None:
            work.finish(connection, job)
            self._heard(connection, job.subject, taken)

        await self._write(change)

    async def _again(self, job: Job, pause: timedelta, *, forgive: bool = False) -> None:
        due = instant(self._here.clock.now() + pause)
        await self._write(lambda connection: work.release(connection, job, due=due, forgive=forgive))

    async def _write(self, change: Callable[..., None]) -> None:
        await asyncio.wrap_future(self._here.store.write_soon(change))
