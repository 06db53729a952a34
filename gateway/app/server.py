"""The default installation: one process that serves, works and keeps, on this machine alone unless told otherwise."""

import signal
import sqlite3
import sys
from types import FrameType
from typing import Any, Final, NoReturn

import structlog
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

from gateway.access import keys
from gateway.app import create_app
from gateway.core import log
from gateway.core.errors import StartupError
from gateway.services import Services, open_services, open_worker
from gateway.settings import Settings, is_loopback, read_settings
from gateway.store import access, work
from gateway.store.engine import sqlite_is_safe

_MEBIBYTE: Final = 1024 * 1024
_log = structlog.get_logger()


def serve(settings: Settings | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C: requests that are being answered and work that is begun come to their end."""
    log.set_up()
    try:
        here = open_services(settings or read_settings())
    except StartupError as wrong:
        sys.exit(f"{wrong.message} {wrong.place}")
    _greet(here)
    worker = open_worker(here)
    server = _server(here)
    signal.signal(signal.SIGTERM, _leave)
    worker.start()
    _log.info("serving", port=server.effective_port)
    try:
        server.run()
    finally:
        server.close()
        worker.stop()
        here.close()
        _log.info("stopped")


def _server(here: Services) -> Any:
    """Waitress, which holds a request until it is whole: slow senders occupy no thread."""
    server = create_server(
        create_app(services=here),
        host=here.settings.host,
        port=here.settings.port,
        threads=8,
        connection_limit=1000,
        channel_timeout=10,
        cleanup_interval=2,
        max_request_header_size=32 * 1024,
        max_request_body_size=here.settings.max_body + _MEBIBYTE,
        # Above what a body can be: waitress would spill it into a temporary file, and it is a patient's.
        inbuf_overflow=here.settings.max_body + 2 * _MEBIBYTE,
        outbuf_overflow=here.settings.max_body + 2 * _MEBIBYTE,
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    server.channel_class = _Channel
    return server


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        """Refuse a request with two lengths: whoever stands before us may believe the other one."""
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding")


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser


def _leave(_: int, __: FrameType | None) -> NoReturn:
    # Asked once is enough. A function and not SIG_IGN, which a child that starts now would inherit.
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise SystemExit(0)


def _greet(here: Services) -> None:
    """Make ready what the last start may have left, and on the first start hand out keys to try it with."""
    if here.store.engine.dialect.name == "sqlite":
        here.store.write(work.free_all)
        if not sqlite_is_safe():
            _log.warning("sqlite-before-3.51.3", version=sqlite3.sqlite_version)
    if is_loopback(here.settings.host) and not here.store.read(access.all_clinics):
        made = {
            "clinic": keys.add_clinic(here.store, here.clock, "Demonstration clinic"),
            "reader": keys.add_key(here.store, here.clock, "reader", "Demonstration EHR", sees=(keys.ALL,)),
            "admin": keys.add_key(here.store, here.clock, "admin", "Demonstration admin"),
        }
        sys.stdout.write("Keys to try it with; they are shown this once:\n")
        sys.stdout.writelines(f"  {role:8}{key}\n" for role, key in made.items())
        sys.stdout.flush()
