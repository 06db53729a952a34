"""The library: which profiles, value sets and code systems are known, from the core package and from files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.validate import packages, terminology
from gateway.validate.plan import CorePlan, core_plan, core_types
from gateway.validate.terminology import Codes, Expansion

__all__ = ["CorePlan", "Library", "core_plan", "default_library"]

_KINDS: Final = ("StructureDefinition", "ValueSet", "CodeSystem", "Questionnaire")
_OWN: Final = Path(__file__).resolve().parents[2] / "fhir_profiles"


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

    def is_core(self, url: str) -> bool:
        """Whether a profile is one of the core package's own."""
        return self._core is not None and url.partition("|")[0] in self._core.profiles

    def type_definition(self, url: str) -> dict[str, Any] | None:
        """The StructureDefinition of a type of R4, with its snapshot."""
        raw = core_types().get(url) if self._core else None
        return msgspec.json.decode(raw) if raw else None

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
