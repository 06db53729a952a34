"""A FHIR store that others wrote (sekmet-fhir), in an environment of its own, on this machine only."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from tests.faults.gateway_process import free_port, until

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("sekmet-requirements.txt")
SETTINGS = """\
base_url: http://127.0.0.1:{port}
host: 127.0.0.1
port: {port}
data_dir: {folder}
simulator: {{enabled: false}}
log_inbound: false
server_auth: {{types: [none]}}
validation: {{inbound: strict}}
"""


class NotInstalledError(Exception):
    """The store cannot be installed here."""


def installed() -> Path:
    """The environment's folder of programs; made once for each state of the requirements, under var/."""
    version = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = ROOT / "var" / f"sekmet-{version}"
    if not (folder / "ready").exists():
        try:
            _run(sys.executable, "-m", "venv", "--clear", str(folder))
            _run(str(folder / "bin" / "pip"), "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as trouble:
            raise NotInstalledError from trouble
        (folder / "ready").touch()
    return folder / "bin"


@contextmanager
def third_party_store(folder: Path) -> Iterator[str]:
    """Start it over an empty folder; gives its FHIR base."""
    port = free_port()
    settings = folder / "sekmet.yaml"
    settings.write_text(SETTINGS.format(port=port, folder=folder / "data"))
    environment = {"SEKMET_CONFIG": str(settings), "PATH": os.environ["PATH"], "HOME": str(folder)}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [installed() / "sekmet", "serve"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield until(lambda: _base(process, port, folder))
    finally:
        process.terminate()
        process.wait(30)


def _base(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> str | None:
    """Where its CapabilityStatement is."""
    assert process.poll() is None, (folder / "log").read_text()[-2000:]
    for base in (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/fhir"):
        with suppress(requests.RequestException):
            answer = requests.get(f"{base}/metadata", timeout=5)
            if answer.status_code == 200:
                return base
    return None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=600)
