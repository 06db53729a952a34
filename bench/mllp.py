"""MLLP, message and answer by turns: our server with its durable store, beside floors and python-hl7's own server.

The floors: a bare asyncio echo, and the same with one insert and one commit to SQLite before each answer.

Every server is a process of its own; the same peers speak to each in one run. Ratios only: seconds are the machine's.
"""

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gateway.access.keys import add_clinic
from gateway.core.clock import SystemClock
from gateway.intake.mllp.frame import END, framed
from gateway.store.engine import open_store

ROOT = Path(__file__).parents[1]
MESSAGE = (ROOT / "tests" / "fixtures" / "hl7v2" / "RDE_O11_oral_chemotherapy.hl7").read_bytes()
ROUNDS = 3
PEERS = (1, 8, 32)
MESSAGES = 1500

FLOOR = """
import asyncio, sys
async def serve(reader, writer):
    while True:
        try:
            await reader.readuntil(b"\\x1c\\r")
        except asyncio.IncompleteReadError:
            return writer.close()
        writer.write(b"\\x0bMSH|^~\\\\&|||||20260302||ACK|1|P|2.5.1\\rMSA|AA|1\\r\\x1c\\r")
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()
asyncio.run(main())
"""
DURABLE = """
import asyncio, sqlite3, sys
disk = sqlite3.connect(sys.argv[2], isolation_level=None)
disk.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE m(i INTEGER PRIMARY KEY, b BLOB)")
async def serve(reader, writer):
    while True:
        try:
            message = await reader.readuntil(b"\\x1c\\r")
        except asyncio.IncompleteReadError:
            return writer.close()
        disk.execute("INSERT INTO m(b) VALUES (?)", (message,))
        writer.write(b"\\x0bMSH|^~\\\\&|||||20260302||ACK|1|P|2.5.1\\rMSA|AA|1\\r\\x1c\\r")
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()
asyncio.run(main())
"""
PYTHON_HL7 = """
import asyncio, sys
from hl7.mllp import start_hl7_server
async def serve(reader, writer):
    while not writer.is_closing():
        try:
            message = await reader.readmessage()
        except asyncio.IncompleteReadError:
            return writer.close()
        writer.writemessage(message.create_ack())
        await writer.drain()
async def main():
    async with await start_hl7_server(serve, host="127.0.0.1", port=int(sys.argv[1])) as server:
        await server.serve_forever()
asyncio.run(main())
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def talk(port: int, peers: int) -> float:
    """Messages a second over so many connections, each waiting for its answer before the next message."""

    async def one(peer: int) -> None:
        fields = MESSAGE.split(b"|")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in range(MESSAGES // peers):
            fields[9] = f"{peer}-{turn}-{time.monotonic_ns()}".encode()
            writer.write(framed(b"|".join(fields)))
            if not (await reader.readuntil(END)).count(b"\rMSA|AA|"):
                raise SystemExit("a message was not accepted")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*map(one, range(peers)))
    return MESSAGES // peers * peers / (time.perf_counter() - began)


def wait_for(port: int) -> None:
    """Until somebody listens."""
    last = time.monotonic() + 60
    while time.monotonic() < last:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise SystemExit("a server did not start")


def start(arguments: list[str], **environment: str) -> subprocess.Popen[bytes]:
    """A server in a process of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/gateway.db")
        add_clinic(store, SystemClock(), "bench")
        store.close()
        ports = {"floor": free_port(), "durable": free_port(), "ours": free_port()}
        ours = {"GATEWAY_VAR": folder, "GATEWAY_MLLP_PORT": str(ports["ours"]), "GATEWAY_MLLP_CLINIC": "bench"}
        servers = [
            start(["-c", FLOOR, str(ports["floor"])]),
            start(["-c", DURABLE, str(ports["durable"]), f"{folder}/floor.db"]),
            start(["-m", "gateway", "mllp"], GATEWAY_RATE="100000000", **ours),
        ]
        if importlib.util.find_spec("hl7"):
            ports["python-hl7"] = free_port()
            servers.append(start(["-c", PYTHON_HL7, str(ports["python-hl7"])]))
        else:
            print("python-hl7 is not installed (pip install hl7): no ratio to it")
        try:
            for port in ports.values():
                wait_for(port)
            for peers in PEERS:
                report(
                    peers,
                    {name: max(asyncio.run(talk(port, peers)) for _ in range(ROUNDS)) for name, port in ports.items()},
                )
        finally:
            for server in servers:
                server.terminate()
                server.wait()


def report(peers: int, speeds: dict[str, float]) -> None:
    """The ratios of one number of peers."""
    said = f"{peers:3} connections: {speeds['ours'] / speeds['floor']:6.1%} of the asyncio floor"
    said += f", {speeds['ours'] / speeds['durable']:6.1%} of one insert and commit a message"
    if "python-hl7" in speeds:
        said += f", {speeds['ours'] / speeds['python-hl7']:6.1f} × python-hl7"
    print(said)
    if "-v" in sys.argv:
        print({name: round(speed) for name, speed in speeds.items()})


if __name__ == "__main__":
    main()
