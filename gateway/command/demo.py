"""The demonstration: sample files of tests/fixtures go to the running gateway as a clinic would send them."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Final

import requests

from gateway.access import keys
from gateway.core import fhirjson
from gateway.services import open_services
from gateway.settings import read_settings

_SUFFIXES: Final = (".hl7", ".xml", ".json", ".csv", ".zip", ".edi")
_SECONDS: Final = 60


def run(directory: Path) -> Iterator[str]:
    """Submit every sample, wait until each has come as far as it comes, and name the addresses to open."""
    here = open_services(read_settings())
    clinic = keys.add_clinic(here.store, here.clock, "Demonstration clinic")
    reader = keys.add_key(here.store, here.clock, "reader", "Demonstration EHR", sees=(keys.ALL,))
    admin = keys.add_key(here.store, here.clock, "admin", "Demonstration admin")
    base = here.settings.base_url
    here.close()
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {clinic}"
        sent = [(file, _submit(session, base, file)) for file in _samples(directory)]
        for file, id in sent:
            yield f"{_state(session, base, id):12} {file.relative_to(directory)}"
    yield ""
    yield f"A clinic:  {base}/submit        key {clinic}"
    yield f"An EHR:    {base}/fhir/CarePlan  key {reader}"
    yield f"An admin:  {base}/admin         key {admin}"


def _samples(directory: Path) -> list[Path]:
    return sorted(one for one in directory.rglob("*") if one.suffix in _SUFFIXES)


def _submit(session: requests.Session, base: str, file: Path) -> str:
    answer = session.post(f"{base}/submissions", data=file.read_bytes(), timeout=(5, 60))
    answer.raise_for_status()
    return str(fhirjson.read(answer.content)["id"])


def _state(session: requests.Session, base: str, id: str) -> str:
    for _ in range(_SECONDS * 2):
        answer = session.get(f"{base}/submissions/{id}", timeout=(5, 30))
        state = str(fhirjson.read(answer.content)["state"])
        if state in ("routed", "quarantined", "rejected", "duplicate"):
            return state
        sleep(0.5)
    return state
