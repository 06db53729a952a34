"""The process of `python -m gateway mllp`: it takes messages and stores them; the worker beside it does the rest."""

import asyncio
import signal
import ssl
import sys

import structlog

from gateway import casework
from gateway.core import log
from gateway.core.errors import SettingsError, StartupError
from gateway.intake.mllp.courier import Courier
from gateway.intake.mllp.door import Door
from gateway.intake.mllp.server import Limits, Server
from gateway.intake.mllp.watch import Watch
from gateway.services import Services, open_services
from gateway.settings import Settings, is_loopback, read_settings
from gateway.store import submissions

_log = structlog.get_logger()


def run(settings: Settings | None = None) -> None:
    """Listen until SIGTERM or Ctrl-C; what was read by then is answered."""
    log.set_up()
    try:
        here = open_services(settings or read_settings())
        tls = tls_of(here.settings)
    except StartupError as wrong:
        sys.exit(f"{wrong.message} {wrong.place}")
    here.store.leave_checkpoints()
    try:
        asyncio.run(_serve(here, tls))
    finally:
        here.close()
        _log.info("stopped")


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer when a certificate is set; clients must show one of theirs when it is set who signs them."""
    if settings.mllp_certificate is None or settings.mllp_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.mllp_certificate, settings.mllp_key)
        if settings.mllp_client_ca is not None:
            context.load_verify_locations(settings.mllp_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError):
        raise SettingsError("GATEWAY_MLLP_CERTIFICATE") from None
    return context


def server_of(here: Services, door: Door) -> Server:
    """A server that opens this door, with the limits of the settings."""
    said = here.settings
    limits = Limits(said.max_body, said.mllp_connections, said.rate, said.mllp_idle)
    watch = Watch(lambda wanted: here.store.read(lambda connection: submissions.states(connection, wanted)))
    return Server(door.answer, watch, limits, door.told)


async def _serve(here: Services, tls: ssl.SSLContext | None) -> None:
    stop = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, stop.set)
    door = Door(here)
    server = server_of(here, door)
    port = await server.start(here.settings.mllp_host, here.settings.mllp_port, tls)
    if tls is None and not is_loopback(here.settings.mllp_host):
        _log.warning("mllp-without-tls", port=port)
    _log.info("listening", port=port)
    couriers = Courier(here, door.due), Courier(here, door.due_of_case, task=casework.REPLY, heard=door.heard_of_case)
    carrying = {asyncio.create_task(one.run()) for one in couriers}
    await stop.wait()
    for one in carrying:
        one.cancel()
    await asyncio.wait(carrying)
    await server.stop()
