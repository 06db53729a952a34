"""A PostgreSQL of our own for one test run: a temporary folder, a Unix socket in it, no network."""

import getpass
import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = "/usr/lib/postgresql/*/bin"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian keeps them off the path."""
    for folder in sorted(glob.glob(DEBIAN), reverse=True):
        if Path(folder, "pg_ctl").exists():
            return Path(folder)
    found = shutil.which("pg_ctl")
    return Path(found).resolve().parent if found else None


@contextmanager
def private_postgres(bin: Path, *, fsync: bool = False) -> Iterator[str]:
    """Start it, give the address up to the database's name, stop it. It does not run as root, so root is nobody."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    user = "nobody" if os.getuid() == 0 else getpass.getuser()
    if os.getuid() == 0:
        shutil.chown(folder, user)
    options = f"-c listen_addresses= -k {folder} -c fsync={'on' if fsync else 'off'} -c max_connections=60"
    data = str(folder / "data")

    def run(program: str, *words: str) -> None:
        command = [str(bin / program), *words]
        as_user = {"user": user} if os.getuid() == 0 else {}
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=120, **as_user)

    try:
        run("initdb", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-U", "gateway", "-D", data)
        # The log goes to a file: with a pipe, the server would hold it open and the call would not end.
        run("pg_ctl", "-w", "-D", data, "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://gateway@/{{database}}?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "-D", data, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
