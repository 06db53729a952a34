"""A FHIR package: who it is, what it rests on, and its definitions, each left unread until somebody asks for it."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.core import fhirjson
from gateway.core.errors import PackageError, ParseError
from gateway.validate import cache, packages
from gateway.validate.plan import slim

KINDS: Final = ("StructureDefinition", "ValueSet", "CodeSystem", "Questionnaire")
_FORM: Final = "1"  # raise it when the form of what is kept changes
_CORE: Final = "hl7.fhir.r4.core"
_ANY: Final = ("", "current", "dev", "latest")
_R4: Final = "4.0"


class Package(msgspec.Struct):
    """What is kept of a package."""

    name: str
    version: str
    dependencies: dict[str, str]
    definitions: dict[str, dict[str, msgspec.Raw]]  # by type and url


def opened(sources: Iterable[Path]) -> list[Package]:
    """The packages that files and folders hold, the newer version of one behind the older."""
    found = [_opened(archive) for source in sources for archive in _archives(source)]
    return sorted(found, key=lambda one: (one.name, _order(one.version)))


def unmet(known: Sequence[Package]) -> list[str]:
    """The packages that others rest on and that are not here; what needs them is said to be unchecked."""
    here = [(_CORE, "4.0.1"), *((one.name, one.version) for one in known)]
    asked = {(name, version) for one in known for name, version in one.dependencies.items()}
    return [f"{n}#{v}" for n, v in sorted(asked) if not any(n == name and _fits(v, found) for name, found in here)]


def _archives(source: Path) -> list[Path]:
    if source.is_dir() and not packages.is_unpacked(source):
        return sorted(source.rglob("*.tgz"))
    return [source] if source.is_dir() or source.suffix == ".tgz" else []


def _opened(source: Path) -> Package:
    """From the cache when its content is known there."""
    try:
        bodies = list(packages.bodies(source)) if source.is_dir() else None
        content = _digest(bodies) if bodies else packages.digest(source)
    except OSError:
        raise PackageError(source.name) from None
    made = cache.kept("package", f"{_FORM} {content}", Package, lambda: _made(bodies or packages.bodies(source)))
    if not made.name:
        raise PackageError(f"{source.name} (it has no package.json with a name)")
    if not made.dependencies[_CORE].startswith(_R4):
        raise PackageError(f"{source.name} (it is not for FHIR R4)")
    return made


def _digest(bodies: Iterable[tuple[str, bytes]]) -> str:
    made = hashlib.sha256()
    for name, body in bodies:
        made.update(f"{name} {len(body)} ".encode() + body)
    return made.hexdigest()


def _made(bodies: Iterable[tuple[str, bytes]]) -> bytes:
    manifest: dict[str, Any] = {}
    known: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for name, body in bodies:
        try:
            one = fhirjson.read(body)
        except ParseError:
            continue  # a package may carry files that are no FHIR
        if name == "package.json" and type(one) is dict:
            manifest = one
        elif type(one) is dict and one.get("resourceType") in KINDS and type(one.get("url")) is str:
            known[one["resourceType"]][one["url"]] = slim(one) if one["resourceType"] == KINDS[0] else one
    versions = manifest.get("fhirVersions") or manifest.get("fhir-version-list") or [_R4]
    core = next((one for one in map(str, versions) if one.startswith(_R4)), str(versions[0]))
    return fhirjson.write(
        {
            "name": str(manifest.get("name", "")),
            "version": str(manifest.get("version", "")),
            "dependencies": {**_texts(manifest.get("dependencies")), _CORE: core},
            "definitions": known,
        }
    )


def _texts(given: Any) -> dict[str, str]:
    return {str(name): str(version) for name, version in given.items()} if type(given) is dict else {}


def _fits(wanted: str, found: str) -> bool:
    """Whether a version is the one that is asked for; `4.0.x` is any that begins so."""
    return wanted in _ANY or wanted == found or (wanted.endswith(".x") and found.startswith(wanted[:-1]))


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Versions by their numbers; one that is not final comes before the final one."""
    numbers, _, label = version.partition("-")
    return tuple(int(one) for one in re.findall(r"\d+", numbers)), not label, label
