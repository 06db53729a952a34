"""The command line: python -m gateway … ; each command loads only the rooms that it needs."""

import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.core.submission import Sender
    from gateway.services import Services


@click.group()
def main() -> None:
    """A FHIR gateway for second opinions."""


@main.command()
@click.option("--sender", help="Translate as agreed in the overlay of this name; without it nothing is agreed.")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def convert(sender: str | None, files: tuple[str, ...]) -> None:
    """Translate files; one JSON object a line, bad files included."""
    from gateway.command.convert import lines

    out = sys.stdout.buffer
    for line in lines(files, _overlay(sender)):
        out.write(line + b"\n")


@main.command()
@click.option("--profile", "profiles", multiple=True, help="A profile's canonical url.")
@click.option("--package", "packages", multiple=True, type=click.Path(), help="A FHIR package or a definition's file.")
@click.option("--terminology", default="", help="The address of a FHIR terminology server, for codes not known here.")
@click.option("--second-opinion", is_flag=True, help="Ask the models of fhir.resources as well.")
@click.argument("files", nargs=-1, required=True, type=click.Path())
def validate(
    profiles: tuple[str, ...],
    packages: tuple[str, ...],
    terminology: str,
    second_opinion: bool,
    files: tuple[str, ...],
) -> None:
    """Judge FHIR resources; one OperationOutcome a line."""
    from gateway.validate import package
    from gateway.validate.command import run

    for name in package.unmet(package.opened(Path(one) for one in packages)):
        click.echo(f"package-missing {name}", err=True)
    out = sys.stdout.buffer
    for line in run(files, profiles, packages, terminology, second_opinion=second_opinion):
        out.write(line + b"\n")


@main.command()
def serve() -> None:
    """Serve the three doors, the worker included."""
    from gateway.app.server import serve as run

    run()


@main.command()
def mllp() -> None:
    """Take HL7 v2 messages over MLLP, beside the process that serves and works."""
    from gateway.intake.mllp.run import run

    run()


@main.command()
def worker() -> None:
    """Process and deliver what waits, without serving; for PostgreSQL, where several may run."""
    import signal

    from gateway.core import log
    from gateway.services import open_worker

    log.set_up()
    here, stop = _services(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run = open_worker(here)
    run.start()
    try:
        with suppress(KeyboardInterrupt):
            stop.wait()
    finally:
        run.stop()
        here.close()


@main.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--clinic", help="The clinic whose folder this is; without it, each sub-folder is a clinic's.")
@click.option("--once", is_flag=True, help="Take what is finished now and end.")
def folder(directory: Path, clinic: str | None, once: bool) -> None:
    """Take files from a drop folder."""
    from gateway.intake.folder import Folder, watch

    here = _services()
    drop, stop = Folder(here, directory, clinic), threading.Event()
    if once:
        drop.look()
        found = drop.look()
    else:
        found = watch(drop, stop)  # type: ignore[assignment]
    for taken in found:
        click.echo(f"{taken.clinic}\t{taken.submission or taken.refused}")
    here.close()


@main.group()
def clinic() -> None:
    """Clinics and their keys."""


@clinic.command("add")
@click.argument("name")
def add_clinic(name: str) -> None:
    """Enter a clinic; its key is printed this once, and to stderr its id, which lists and agreements name."""
    from gateway.access import keys
    from gateway.store.access import clinic_by_name

    here = _services()
    click.echo(keys.add_clinic(here.store, here.clock, name))
    click.echo(here.store.read(lambda connection: clinic_by_name(connection, name)), err=True)
    here.close()


@main.group()
def reader() -> None:
    """EHR systems that pull."""


@reader.command("add")
@click.argument("label")
@click.option("--sees", multiple=True, help="A label whose resources it is shown (GDIS, HIV, 42CFRPart2 ...), or all.")
def add_reader(label: str, sees: tuple[str, ...]) -> None:
    """Make a reader's key; it is printed this once."""
    _add_key("reader", label, sees)


@main.group()
def admin() -> None:
    """Admins."""


@admin.command("add")
@click.argument("label")
def add_admin(label: str) -> None:
    """Make an admin's key; it is printed this once."""
    _add_key("admin", label)


@main.group()
def key() -> None:
    """The keys of clinics, readers and admins."""


@key.command("list")
def list_keys() -> None:
    """List every key: id, role, clinic, label, labels shown, made, expires, revoked; never what opens the door."""
    from dataclasses import astuple

    from gateway.store.access import all_keys

    here = _services()
    for one in here.store.read(all_keys):
        click.echo("\t".join(astuple(one)))
    here.close()


@key.command("revoke")
@click.argument("id")
def revoke_key(id: str) -> None:
    """End a key, and every session that was opened with it, at once."""
    from gateway.access import keys
    from gateway.core.errors import NotFoundError

    here = _services()
    try:
        keys.revoke(here, id)
    except NotFoundError:
        raise click.BadParameter("there is no such key, or it is revoked already", param_hint="ID") from None
    finally:
        here.close()


@main.command()
@click.argument("submissions", nargs=-1, required=True)
def replay(submissions: tuple[str, ...]) -> None:
    """Put submissions to work again, with the mappings as they are now."""
    from gateway.core.clock import instant
    from gateway.store.submissions import requeue

    here = _services()

    def change(connection: "Connection") -> None:
        for one in submissions:
            requeue(connection, one, instant(here.clock.now()))

    here.store.write(change)
    here.close()


@main.command()
def reconcile() -> None:
    """Count submissions by state, waiting work and deliveries; exits 1 when one is in no visible state."""
    from gateway.store.standing import reconcile as count

    here = _services()
    standing = here.store.read(count)
    here.close()
    for name, number in standing.counts.items():
        click.echo(f"{number:8}  {name}")
    if standing.unexplained:
        raise SystemExit(1)


@main.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@click.option(
    "--checkpoint", "kept", multiple=True, help="What an earlier verify printed; it shows a tail that was cut."
)
def verify(kept: tuple[str, ...]) -> None:
    """Check the hash chain and print a checkpoint; exits 1 at a break and names its place."""
    from gateway.audit.trail import Checkpoint
    from gateway.audit.trail import verify as check
    from gateway.core.errors import RequestError

    try:
        checkpoints = [Checkpoint.read(text) for text in kept]
    except RequestError:
        raise click.BadParameter("a checkpoint is a position, a colon and a hash", param_hint="--checkpoint") from None
    here = _services()
    verdict = check(here.store, here.audit_key, checkpoints)
    here.close()
    click.echo(f"{verdict.count} events, checkpoint {verdict.checkpoint}")
    if not verdict.sound:
        click.echo(f"broken at {verdict.first_bad}")
        raise SystemExit(1)


@main.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def demo(directory: Path) -> None:
    """Submit the sample files of a folder to the running gateway and print the addresses to open."""
    from gateway.command.demo import run

    for line in run(directory):
        click.echo(line)


def _overlay(name: str | None) -> "Sender":
    from gateway.core.submission import Sender

    if name is None:
        return Sender()
    from gateway.pipeline import open_senders
    from gateway.settings import read_settings

    try:
        return open_senders(read_settings().senders).named(name)
    except KeyError:
        raise click.BadParameter("there is no such overlay", param_hint="--sender") from None


def _add_key(role: str, label: str, sees: tuple[str, ...] = ()) -> None:
    from gateway.access import keys
    from gateway.core.errors import RequestError

    here = _services()
    try:
        click.echo(keys.add_key(here.store, here.clock, role, label, sees=sees))
    except RequestError:
        raise click.BadParameter("there is no such label", param_hint="--sees") from None
    finally:
        here.close()


def _services() -> "Services":
    from gateway.services import open_services
    from gateway.settings import read_settings

    return open_services(read_settings())


if __name__ == "__main__":
    main()
