"""A FHIR store of our own on a real socket, which can be told to misbehave as real ones have."""

import json
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("503", "429", "reset", "late", "half")


class StoreDouble:
    """What was put, by place, in the order it came; `fault()` names the next fault or none."""

    def __init__(self, fault: Callable[[], str | None] = lambda: None) -> None:
        self.fault = fault
        self.held: dict[str, list[str]] = defaultdict(list)
        self.requests = 0
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/fhir"

    def put(self, body: bytes) -> bytes:
        """Commit a transaction and give the answer that says so."""
        entries = json.loads(body)["entry"]
        with self._lock:
            for entry in entries:
                self.held[entry["request"]["url"]].append(json.dumps(entry["resource"], sort_keys=True))
        answers = [{"response": {"status": "200 OK", "location": f"{e['request']['url']}/_history/1"}} for e in entries]
        return json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": answers}).encode()

    def _handler(double) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                double.requests += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fault = double.fault()
                if fault in ("503", "429"):
                    return self._answer(int(fault), b"<html>busy</html>")
                if fault == "reset":
                    return self.connection.close()
                said = double.put(body)
                if fault == "late":  # committed, and nobody is told
                    return self.connection.close()
                if fault == "half":
                    return self._answer(200, said[: len(said) // 2], len(said))
                return self._answer(200, said)

            def do_GET(self) -> None:
                held = double.held.get(self.path.removeprefix("/fhir/"))
                self._answer(200, held[-1].encode()) if held else self._answer(404, b"{}")

            def _answer(self, status: int, body: bytes, promised: int | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(promised or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (ConnectionError, ValueError):
                    self.close_connection = True

        return Handler


def now_and_then(seed: int, share: float = 0.15) -> Callable[[], str | None]:
    """Every fault, at random, in that share of requests."""
    dice = random.Random(seed)
    return lambda: dice.choice(FAULTS) if dice.random() < share else None


@contextmanager
def store_double(fault: Callable[[], str | None] = lambda: None) -> Iterator[StoreDouble]:
    """A store that runs while it is needed."""
    double = StoreDouble(fault)
    thread = threading.Thread(target=double.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield double
    double.server.shutdown()
    double.server.server_close()
    thread.join()
