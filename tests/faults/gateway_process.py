"""The gateway as it is run by people: a process of its own that can be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import requests

from gateway.access.keys import add_clinic
from gateway.core.clock import SystemClock
from gateway.store.engine import Store, open_store

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds until a thing that must happen is held not to


class GatewayProcess:
    """`python wsgi.py` over a folder of its own."""

    def __init__(self, folder: Path, destination: str = "", **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ},
            "GATEWAY_VAR": str(folder),
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_DESTINATION_URL": destination,
            **environment,
        }
        with self.store() as store:
            self.key = add_clinic(store, SystemClock(), "Riverbend Clinic")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "wsgi.py"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        until(self._answers)

    def kill(self) -> None:
        """As a power cut would, as far as a process can tell."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to leave; gives its exit status."""
        return self._end(signal.SIGTERM)

    def submit(self, body: bytes, media_type: str = "application/fhir+json") -> str:
        """Send a submission until it is acknowledged, through restarts; gives its id."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": media_type}

        def sent() -> str | None:
            with suppress(requests.RequestException):
                answer = requests.post(f"{self.url}/submissions", body, headers=headers, timeout=10)
                if answer.status_code == 202:
                    return str(answer.json()["id"])
            return None

        return until(sent)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Its store, for looking; while it does not run."""
        store = open_store(self.environment.get("DATABASE_URL", f"sqlite:///{self.folder}/gateway.db"))
        yield store
        store.close()

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False

    def _end(self, how: int) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)


def until(happens: Callable[[], T]) -> T:
    """Ask again and again until the answer is one; fail when that takes too long."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last:
        if found := happens():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
