"""A drop folder as a door: finished files come in like everything else, then move to done/ or refused/.

DIR/<clinic's id>/ is a clinic's folder; with a clinic given, DIR itself is. A file is finished when two looks find it
unchanged, or when it was seen under its name with `.part` behind it before. It moves only after the commit: a crash in
between makes it come in twice, and the same bytes of one clinic are one submission.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.core import fhirjson
from gateway.core.errors import GatewayError, IntakeError, TooLargeError
from gateway.core.outcome import outcome_of
from gateway.intake.receive import Arrival, receive
from gateway.services import Services
from gateway.store import access

AGENT: Final = "folder"
DONE: Final = "done"
REFUSED: Final = "refused"
PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Look:
    """What a file looked like: its length and when it was last written."""

    size: int
    written: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: the submission it is, or the code of its refusal."""

    clinic: str
    submission: str = ""
    refused: str = ""


class Folder:
    """A drop folder, and what was seen in it at the last look."""

    def __init__(self, here: Services, directory: Path, clinic: str | None = None) -> None:
        self._here = here
        self._directory = directory
        self._clinic = clinic
        self._seen: dict[Path, Look] = {}

    def look(self) -> list[Taken]:
        """Look once and take every finished file; one that the store cannot take now stays for the next look."""
        before, self._seen = self._seen, {}
        found = []
        for clinic, path in self._files():
            look = _look(path)
            if look is None:
                continue
            self._seen[path] = look
            finished = before.get(path) == look or path.with_name(path.name + PART) in before
            if finished and path.suffix != PART and (taken := self._take(clinic, path, look)):
                found.append(taken)
        return found

    def _files(self) -> Iterator[tuple[str, Path]]:
        if self._clinic is not None:
            clinics = [(self._clinic, self._directory)]
        else:
            known = self._here.store.read(access.all_clinics)
            clinics = [(id, self._directory / id) for id, _ in known]
        for clinic, folder in clinics:
            if folder.is_dir() and not folder.is_symlink():
                yield from ((clinic, path) for path in sorted(folder.iterdir()) if not path.name.startswith("."))

    def _take(self, clinic: str, path: Path, look: Look) -> Taken | None:
        try:
            arrival = Arrival(self._read(path, look), file_name=path.name)
            receipt = receive(self._here, arrival, clinic=clinic, agent=AGENT)
        except IntakeError as refusal:
            _refuse(path, refusal)
            return Taken(clinic, refused=refusal.code)
        except (OSError, GatewayError):
            return None
        path.rename(_free(path.parent / DONE, path))
        return Taken(clinic, submission=receipt.id)

    def _read(self, path: Path, look: Look) -> bytes:
        if look.size > self._here.settings.max_body:
            raise TooLargeError("body")
        with path.open("rb") as file:
            return file.read(look.size + 1)


def watch(folder: Folder, stop: threading.Event, every: float = 2.0) -> Iterator[Taken]:
    """Look again and again until told to stop."""
    while not stop.is_set():
        yield from folder.look()
        stop.wait(every)


def _look(path: Path) -> Look | None:
    """What the file looks like now; a folder, a link and a file that has just gone are none."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        found = path.stat()
    except OSError:
        return None
    return Look(found.st_size, found.st_mtime_ns)


def _refuse(path: Path, refusal: IntakeError) -> None:
    """Say why, then move: what lies in refused/ always has its reason beside it."""
    target = _free(path.parent / REFUSED, path)
    target.with_name(target.name + ".reason.json").write_bytes(fhirjson.write(outcome_of(refusal)))
    path.rename(target)


def _free(folder: Path, path: Path) -> Path:
    """The file's name in that folder, or the next like it that is free there."""
    folder.mkdir(exist_ok=True)
    target, turn = folder / path.name, 1
    while target.exists():
        turn += 1
        target = folder / f"{path.stem}-{turn}{path.suffix}"
    return target
