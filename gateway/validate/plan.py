"""What is kept of the core package: profiles, expansions and code systems for the library, types for snapshots."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

from gateway.core import fhirjson
from gateway.validate import cache, packages, terminology

# Raise it when the form of what is kept changes.
_FORM: Final = "5"
_KINDS: Final = ("StructureDefinition", "ValueSet", "CodeSystem")
_VITAL_SIGNS: Final = "http://hl7.org/fhir/StructureDefinition/vitalsigns"
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


def core_plan() -> CorePlan | None:
    """The plan of the core package, from the cache when it is there; None without the package."""
    if not packages.core_available():
        return None
    return cache.kept("r4", f"{_FORM} {packages.CORE_SHA256}", CorePlan, lambda: _build(_core(*_KINDS)))


@lru_cache(maxsize=1)
def core_types() -> dict[str, msgspec.Raw]:
    """Every type of R4 by its url, with its snapshot; none without the package."""
    if not packages.core_available():
        return {}
    key = f"{_FORM} {packages.CORE_SHA256}"
    return cache.kept("r4-types", key, dict[str, msgspec.Raw], lambda: _types(_core("StructureDefinition")))


def _core(*kinds: str) -> Iterable[dict[str, Any]]:
    return packages.definitions(packages.core_package(), *kinds)


def _types(structures: Iterable[dict[str, Any]]) -> bytes:
    found = [one for one in structures if one.get("derivation") != "constraint" and "snapshot" in one]
    rows = {one["url"]: [_slim_element(row) for row in one["snapshot"]["element"]] for one in found}
    return fhirjson.write(
        {one["url"]: {"type": one["type"], "snapshot": {"element": rows[one["url"]]}} for one in found}
    )


def _build(definitions: Iterable[dict[str, Any]]) -> bytes:
    known: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS}
    for one in definitions:
        if "url" in one:
            known[one["resourceType"]][one["url"]] = one
    _correct(known["StructureDefinition"].get(_VITAL_SIGNS, {}))
    sets, systems = known["ValueSet"].get, known["CodeSystem"].get
    expansions = {url: terminology.expand(url, sets, systems) for url in known["ValueSet"]}
    codes = {url: terminology.all_codes(one) for url, one in known["CodeSystem"].items()}
    derived = {u: _slim_core(s) for u, s in known["StructureDefinition"].items() if s.get("derivation") == "constraint"}
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


def slim(structure: dict[str, Any]) -> dict[str, Any]:
    """A definition without what a check never reads."""
    kept = {key: structure[key] for key in _KEPT if key in structure}
    for view in ("differential", "snapshot"):
        if rows := [_slim_element(one) for one in structure.get(view, {}).get("element", ())]:
            kept[view] = {"element": rows}
    return kept


def _slim_core(structure: dict[str, Any]) -> dict[str, Any]:
    """Of the core package, a differential is enough: its base is always here."""
    kept = slim(structure)
    if "differential" in kept:
        kept.pop("snapshot", None)
    return kept


def _slim_element(element: dict[str, Any]) -> dict[str, Any]:
    prose = ("short", "definition", "comment", "requirements", "alias", "mapping", "example", "base", "condition")
    return {key: value for key, value in element.items() if key not in prose}
