"""The library: which profiles, value sets and code systems are known, from the core package and from files."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.core import fhirjson
from gateway.core.ids import digest as body_digest
from gateway.validate import packages, terminology
from gateway.validate.terminology import Codes, Expansion

# What a plan depends on besides the package: raise it when the form of the cache changes.
_FORM: Final = "5"
_CORE_KINDS: Final = ("StructureDefinition", "ValueSet", "CodeSystem")
_KINDS: Final = (*_CORE_KINDS, "Questionnaire")
_VITAL_SIGNS: Final = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
_OWN: Final = Path(__file__).resolve().parents[2] / "fhir_profiles"
_KEPT: tuple[str, ...] = (
    "url",
    "version",
    "type",
    "kind",
    "baseDefinition",
    "derivation",
    "context",
    "contextInvariant",
    "extension",
)


class CorePlan(msgspec.Struct):
    """What is kept of the core package: derived profiles (differentials), expansions, complete code systems."""

    profiles: dict[str, msgspec.Raw]
    expansions: dict[str, msgspec.Raw]
    systems: dict[str, msgspec.Raw]
    open_sets: dict[str, frozenset[str] | None]  # value sets that cannot be expanded here: the systems they take from


class Library:
    """Finds definitions by canonical url; the later source wins over the core package."""

    def __init__(self, definitions: Iterable[dict[str, Any]] = (), core: CorePlan | None = None) -> None:
        self._core = core
        self._known: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS}
        for one in definitions:
            if one.get("resourceType") in self._known and isinstance(url := one.get("url"), str):
                self._known[one["resourceType"]][url] = one
        self._expansions: dict[str, Expansion | None] = {}
        self._codes: dict[str, Codes | None] = {}

    def profile(self, url: str) -> dict[str, Any] | None:
        """The StructureDefinition of a profile or extension; a version after `|` must fit."""
        name, _, version = url.partition("|")
        found = self._known["StructureDefinition"].get(name)
        if found is None and self._core and (raw := self._core.profiles.get(name)):
            found = self._known["StructureDefinition"][name] = msgspec.json.decode(raw)
        return found if found and (not version or found.get("version") == version) else None

    def questionnaire(self, url: str) -> dict[str, Any] | None:
        """The Questionnaire of a canonical url, whatever its version."""
        return self._known["Questionnaire"].get(url.partition("|")[0])

    def kind(self, url: str) -> str:
        """The type of the resource that a canonical url names; empty when it is not known here."""
        name = url.partition("|")[0]
        found = next((kind for kind, known in self._known.items() if name in known), "")
        if found or self._core is None:
            return found
        if name in self._core.expansions or name in self._core.open_sets:
            return "ValueSet"
        if name in self._core.systems:
            return "CodeSystem"
        return "StructureDefinition" if name in self._core.profiles else ""

    def codes(self, system: str) -> Codes | None:
        """Every code of a code system that is here as a whole; None when it is not."""
        name = system.partition("|")[0]
        if name not in self._codes:
            found = self._code_system(name)
            self._codes[name] = None if found is None else terminology.all_codes(found)
        return self._codes[name]

    def property_types(self, system: str) -> dict[str, str]:
        """The properties that a code system from a package defines, with their types."""
        found = self._known["CodeSystem"].get(system.partition("|")[0], {})
        return {str(one.get("code")): str(one.get("type")) for one in found.get("property", ())}

    def expansion(self, url: str) -> Expansion | None:
        """The codes of a value set by system; None when they cannot be listed here."""
        name = url.partition("|")[0]
        if name not in self._expansions:
            self._expansions[name] = self._expand(name)
        return self._expansions[name]

    def systems(self, url: str) -> frozenset[str] | None:
        """The code systems that a value set takes codes from; None when a part of it is not known."""
        return terminology.systems(url.partition("|")[0], self._value_set)

    def _expand(self, url: str) -> Expansion | None:
        if url not in self._known["ValueSet"] and self._core and (raw := self._core.expansions.get(url)):
            return msgspec.json.decode(raw, type=dict[str, frozenset[str]])
        return terminology.expand(url, self._value_set, self._code_system)

    def _value_set(self, url: str) -> dict[str, Any] | None:
        found = self._known["ValueSet"].get(url)
        if found is None and self._core and (raw := self._core.expansions.get(url)):
            codes = msgspec.json.decode(raw, type=dict[str, list[str]])
            found = {
                "compose": {"include": [{"system": s, "concept": [{"code": c} for c in cs]} for s, cs in codes.items()]}
            }
        elif found is None and self._core and (systems := self._core.open_sets.get(url)):
            found = {"compose": {"include": [{"system": one, "filter": [{"op": "open"}]} for one in systems]}}
        return found

    def _code_system(self, url: str) -> dict[str, Any] | None:
        found = self._known["CodeSystem"].get(url)
        if found is None and self._core and (raw := self._core.systems.get(url)):
            found = {"content": "complete", "concept": [{"code": c} for c in msgspec.json.decode(raw, type=list[str])]}
        return found


def default_library(extra: Iterable[Path] = ()) -> Library:
    """The core package, our own profiles, and the packages given."""
    folders = [_OWN, *extra]
    found = [one for folder in folders for one in packages.definitions(folder, *_KINDS)]
    return Library(found, core_plan())


def core_plan() -> CorePlan | None:
    """The plan of the core package, from the cache when it is there; None without the package."""
    if not packages.core_available():
        return None
    key = body_digest(f"{_FORM} {packages.CORE_SHA256}".encode())[:16]
    cached = Path(os.environ.get("GATEWAY_VAR", "var")) / "cache" / f"r4-{key}.json"
    try:
        return msgspec.json.decode(cached.read_bytes(), type=CorePlan)
    except (OSError, msgspec.MsgspecError):
        plan = _build(packages.definitions(packages.core_package(), *_CORE_KINDS))
        _keep(cached, plan)
        return msgspec.json.decode(plan, type=CorePlan)


def _build(definitions: Iterable[dict[str, Any]]) -> bytes:
    known: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _CORE_KINDS}
    for one in definitions:
        if "url" in one:
            known[one["resourceType"]][one["url"]] = one
    _correct(known["StructureDefinition"].get(_VITAL_SIGNS, {}))
    sets, systems = known["ValueSet"].get, known["CodeSystem"].get
    expansions = {url: terminology.expand(url, sets, systems) for url in known["ValueSet"]}
    codes = {url: terminology.all_codes(one) for url, one in known["CodeSystem"].items()}
    derived = {u: _slim(s) for u, s in known["StructureDefinition"].items() if s.get("derivation") == "constraint"}
    plan = {
        "profiles": derived,
        "expansions": {
            url: {system: sorted(codes) for system, codes in one.items()} for url, one in expansions.items() if one
        },
        "systems": {url: sorted(all_of) for url, all_of in codes.items() if all_of},
        "open_sets": {
            url: found and sorted(found)
            for url, one in expansions.items()
            if not one
            for found in [terminology.systems(url, sets)]
        },
    }
    return fhirjson.write(plan)


def _correct(vital_signs: dict[str, Any]) -> None:
    """R4 binds the units of all components to those of the sign itself, which HL7's own examples do not fit."""
    for element in vital_signs.get("differential", {}).get("element", ()):
        if element["id"] == "Observation.component.value[x]":
            element.pop("binding", None)


def _slim(structure: dict[str, Any]) -> dict[str, Any]:
    """A definition without what a check never reads."""
    slim = {key: structure[key] for key in _KEPT if key in structure}
    for view in ("differential", "snapshot"):
        rows = [_slim_element(one) for one in structure.get(view, {}).get("element", ())]
        if rows and (view == "differential" or "differential" not in slim):
            slim[view] = {"element": rows}
    return slim


def _slim_element(element: dict[str, Any]) -> dict[str, Any]:
    prose = ("short", "definition", "comment", "requirements", "alias", "mapping", "example", "base", "condition")
    return {key: value for key, value in element.items() if key not in prose}


def _keep(file: Path, body: bytes) -> None:
    """Write to a name of its own, then rename; where that is not possible the next start builds again."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f".{os.getpid()}.tmp")
        half.write_bytes(body)
        half.replace(file)
    except OSError:
        return
