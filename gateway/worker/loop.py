"""The worker: claims work, does it, and sees to it that nothing vanishes and nothing blocks a lane for ever."""

import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from gateway.core.clock import instant
from gateway.core.errors import LeaseLostError, StoreError
from gateway.store import work
from gateway.store.work import Job
from gateway.worker.deliver import deliver, give_up
from gateway.worker.desk import Desk
from gateway.worker.process import process, quarantine
from gateway.worker.tend import tend

CRASHES: Final = 3  # of the corridor on one submission, then a person looks
DEATHS: Final = 20  # of whole processes that had it in hand: mostly they were killed for other reasons
POLL: Final = 0.25  # seconds; commits of this process wake us at once
TEND: Final = 900.0  # seconds between two looks at what time alone changes
THREADS: Final = {"process": 1, "deliver": 4}
_PAUSE: Final = timedelta(seconds=1)
_DO: Final[dict[str, Callable[[Desk, Job], None]]] = {"process": process, "deliver": deliver}
_SET_ASIDE: Final[dict[str, Callable[[Desk, Job], None]]] = {"process": quarantine, "deliver": give_up}
_log = structlog.get_logger()


class Worker:
    """One or more threads that turn the work table; each start has a name of its own, which is the fence."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work in the background."""
        for task, number in THREADS.items():
            for place in range(number):
                name = f"{self.name}-{task}-{place}"
                thread = threading.Thread(target=self.run, args=(task, name), name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self, seconds: float = 8.0) -> bool:
        """Claim nothing more and finish what is begun, or give it back; says whether all came to their end in time."""
        self._stop.set()
        with self.desk.store.committed:
            self.desk.store.committed.notify_all()
        last = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, last - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if not ended:
            with suppress(StoreError):  # then the lease ends by itself
                self.desk.store.write(lambda connection: work.free_held(connection, self.name))
        return ended

    def run(self, task: str, name: str) -> None:
        """Turn until told to stop; while the store is down, wait and ask again."""
        if task == "process":
            self.desk.warm()
        tended = -TEND
        while not self._stop.is_set():
            try:
                if task == "process" and time.monotonic() - tended >= TEND:
                    tended = time.monotonic()
                    tend(self.desk)
                if self.turn(task, name):
                    continue
            except Exception as trouble:  # noqa: BLE001 - a thread that ends would leave its work to nobody
                _log.error("worker-waits", task=task, kind=type(trouble).__name__)
                self._stop.wait(_PAUSE.total_seconds())
            with self.desk.store.committed:
                self.desk.store.committed.wait(POLL)

    def turn(self, task: str, name: str = "") -> int:
        """Claim what is due and do it; says how much that was."""
        now = self.desk.clock.now()
        if not self.desk.store.read(lambda connection: work.ready(connection, task=task, now=now)):
            return 0
        jobs = self.desk.store.write(
            lambda connection: work.claim(connection, task=task, worker=name or self.name, now=now, limit=1)
        )
        for job in jobs:
            self._do(job)
        return len(jobs)

    def _do(self, job: Job) -> None:
        """The edge: whatever happens to one piece of work, it is counted, tried again, and in the end set aside."""
        try:
            if job.task == "process" and job.attempts > DEATHS:
                _SET_ASIDE[job.task](self.desk, job)
            else:
                _DO[job.task](self.desk, job)
        except LeaseLostError:
            _log.warning("lease-lost", task=job.task, subject=job.subject)
        except StoreError as outage:
            if not outage.retryable:
                self._crashed(job, outage)
                return
            _log.error("store-unavailable", task=job.task, subject=job.subject, code=outage.code)
            due = instant(self.desk.clock.now() + _PAUSE)
            self.desk.store.write(lambda connection: work.release(connection, job, due=due, forgive=True))
        except Exception as crash:  # noqa: BLE001 - a submission must never vanish
            self._crashed(job, crash)

    def _crashed(self, job: Job, crash: Exception) -> None:
        _log.error("crash", task=job.task, subject=job.subject, attempt=job.attempts, kind=type(crash).__name__)
        if job.attempts < CRASHES:
            self.desk.store.write(lambda connection: work.release(connection, job))
        else:
            _SET_ASIDE[job.task](self.desk, job)
