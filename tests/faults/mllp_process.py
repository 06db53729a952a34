"""`python -m gateway mllp` over the folder of a gateway process, and a peer that speaks to it."""

import signal
import socket
import subprocess
import sys
from contextlib import suppress

from gateway.intake.mllp.frame import Decoder, framed
from tests.faults.gateway_process import PATIENCE, ROOT, GatewayProcess, free_port, until


class MllpProcess:
    """The clinics' door for messages, as a process of its own that can be killed and started again."""

    def __init__(self, gateway: GatewayProcess, **environment: str) -> None:
        self.port = free_port()
        self.log = gateway.folder / "mllp.log"
        self.environment = {
            **gateway.environment,
            "GATEWAY_MLLP_PORT": str(self.port),
            "GATEWAY_MLLP_CLINIC": "riverbend-clinic",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        with open(self.log, "ab") as log:
            command = [sys.executable, "-m", "gateway", "mllp"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        until(self._listens)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to leave; gives its exit status."""
        return self._end(signal.SIGTERM)

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def ask(self, message: bytes, answers: int = 1) -> list[bytes]:
        """Send a message, give its answers."""
        with self.connect() as connection:
            connection.sendall(framed(message))
            return read(connection, answers)

    def memory(self, line: str) -> int:
        """A line of /proc/PID/status, in bytes."""
        assert self.process is not None
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(one.split()[1]) * 1024 for one in status if one.startswith(line))

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        with suppress(OSError):
            self.connect().close()
            return True
        return False

    def _end(self, how: int) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)


def read(connection: socket.socket, number: int) -> list[bytes]:
    """So many answers."""
    decoder, found = Decoder(10**6), []
    while len(found) < number:
        piece = connection.recv(65536)
        assert piece, "the server has closed"
        found += [frame.body for frame in decoder.feed(piece)]
    return found
