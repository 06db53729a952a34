"""The library: which profiles, value sets and code systems are known, from the core package and from files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.core import fhirjson
from gateway.validate import package, packages, terminology
from gateway.validate.package import KINDS, Package
from gateway.validate.plan import CorePlan, core_plan, core_types
from gateway.validate.terminology import Codes, Expansion

__all__ = ["CorePlan", "Library", "core_plan", "default_library"]

_OWN: Final = Path(__file__).resolve().parents[2] / "fhir_profiles"


class Library:
    """Finds definitions by canonical url; the later source wins over the core package."""

    def __init__(
        self,
        definitions: Iterable[dict[str, Any]] = (),
        core: CorePlan | None = None,
        others: Sequence[Package] = (),
    ) -> None:
        self._core = core
        self._others = others[::-1]  # the newest first
        self._known: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        for one in definitions:
            if one.get("resourceType") in self._known and isinstance(url := one.get("url"), str):
                self._known[one["resourceType"]][url] = one
        self._expansions: dict[str, Expansion | None] = {}
        self._codes: dict[str, Codes | None] = {}

    def profile(self, url: str) -> dict[str, Any] | None:
        """The StructureDefinition of a profile or extension; a version after `|` must fit."""
        name, _, version = url.partition("|")
        found = self._find("StructureDefinition", name, version)
        if found is None and self._core and (raw := self._core.profiles.get(name)):
            found = self._known["StructureDefinition"][name] = msgspec.json.decode(raw)
        return found if found and (not version or found.get("version") == version) else None

    def _find(self, kind: str, url: str, version: str = "") -> dict[str, Any] | None:
        """A definition by its url: one given alone goes before those of packages, the newest of these before older."""
        name = f"{url}|{version}" if version else url
        found = self._known[kind].get(url)
        if found is None or (version and found.get("version") != version):
            found = self._known[kind].get(name)
        if found is not None:
            return found
        for one in self._others:
            if raw := one.definitions[kind].get(url):
                read: dict[str, Any] = fhirjson.read_own(raw)
                if not version or read.get("version") == version:
                    return self._known[kind].setdefault(name, read)
        return None

    def is_core(self, url: str) -> bool:
        """Whether a profile is one of the core package's own."""
        return self._core is not None and url.partition("|")[0] in self._core.profiles

    def type_definition(self, url: str) -> dict[str, Any] | None:
        """The StructureDefinition of a type of R4, with its snapshot."""
        raw = core_types().get(url) if self._core else None
        return msgspec.json.decode(raw) if raw else None

    def questionnaire(self, url: str) -> dict[str, Any] | None:
        """The Questionnaire of a canonical url, whatever its version."""
        return self._find("Questionnaire", url.partition("|")[0])

    def kind(self, url: str) -> str:
        """The type of the resource that a canonical url names; empty when it is not known here."""
        name = url.partition("|")[0]
        found = next((kind for kind in KINDS if self._find(kind, name)), "")
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
        found = self._find("CodeSystem", system.partition("|")[0]) or {}
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
        if self._find("ValueSet", url) is None and self._core and (raw := self._core.expansions.get(url)):
            return msgspec.json.decode(raw, type=dict[str, frozenset[str]])
        return terminology.expand(url, self._value_set, self._code_system)

    def _value_set(self, url: str) -> dict[str, Any] | None:
        found = self._find("ValueSet", url)
        if found is None and self._core and (raw := self._core.expansions.get(url)):
            codes = msgspec.json.decode(raw, type=dict[str, list[str]])
            found = {
                "compose": {"include": [{"system": s, "concept": [{"code": c} for c in cs]} for s, cs in codes.items()]}
            }
        elif found is None and self._core and (systems := self._core.open_sets.get(url)):
            found = {"compose": {"include": [{"system": one, "filter": [{"op": "open"}]} for one in systems]}}
        return found

    def _code_system(self, url: str) -> dict[str, Any] | None:
        found = self._find("CodeSystem", url)
        if found is None and self._core and (raw := self._core.systems.get(url)):
            found = {"content": "complete", "concept": [{"code": c} for c in msgspec.json.decode(raw, type=list[str])]}
        return found


def default_library(extra: Iterable[Path] = ()) -> Library:
    """The core package, our own profiles, and the packages and files given."""
    extra = list(extra)
    loose = [one for source in [_OWN, *extra] for one in packages.loose(source, *KINDS)]
    return Library(loose, core_plan(), package.opened(extra))
