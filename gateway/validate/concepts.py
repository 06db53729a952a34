"""What ValueSets and ConceptMaps say of codes: the code systems and value sets that are here must bear it out."""

import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.validate.definitions import Library
from gateway.validate.nodes import each
from gateway.validate.scope import Place, Scope

# What a code of a system looks like, for systems that nobody carries with them.
_FORMS: Final = {
    "http://snomed.info/sct": re.compile(r"[1-9]\d{5,17}", re.ASCII),
    "http://loinc.org": re.compile(r"\d{1,7}-\d|(?:LA|LP|LL|LG|MTHU)[\d-]+", re.ASCII),
}
_YES_OR_NO: Final = ("inactive", "notSelectable")  # properties that R4 defines for all code systems


def is_in(system: str, code: str, library: Library) -> bool | None:
    """Whether a code system has a code; None where that cannot be told here."""
    if form := _FORMS.get(system):
        return None if form.fullmatch(code) else False
    codes = library.codes(system)
    return None if codes is None else code in codes


def value_set(resource: dict[str, Any], place: Place, scope: Scope, library: Library) -> None:
    """Each system is one that can be named from outside, each code and filter one that it can have."""
    for part in ("include", "exclude"):
        for index, one in enumerate(each(resource, "compose", part)):
            if type(one) is dict and type(system := one.get("system")) is str:
                here = Place(Place(place, "compose"), part, index)
                if system.startswith("#"):
                    scope.error("system-not-absolute", here, "value-set.contained")
                    continue
                _concepts(one, system, here, scope, library)
                _filters(one, system, here, scope, library)


def _concepts(part: dict[str, Any], system: str, here: Place, scope: Scope, library: Library) -> None:
    for code, where in _coded(part, "concept", here):
        if is_in(system, code, library) is False:
            scope.error("code-not-in-system", where, "value-set.concept")


def _filters(part: dict[str, Any], system: str, here: Place, scope: Scope, library: Library) -> None:
    types = library.property_types(system)
    for index, one in enumerate(each(part, "filter")):
        if type(one) is not dict or type(value := one.get("value")) is not str:
            continue
        where, name = Place(here, "filter", index), str(one.get("property"))
        if one.get("op") in ("is-a", "descendent-of", "generalizes", "is-not-a"):
            if is_in(system, value, library) is False:
                scope.error("code-not-in-system", where, "value-set.filter")
        elif name in _YES_OR_NO or types.get(name) == "boolean":
            if value not in ("true", "false"):
                scope.error("value-format", where, "value-set.filter")
        elif types.get(name) == "Coding":
            of, _, code = value.replace("|", "#").partition("#")
            if is_in(of, code, library) is False:
                scope.error("code-not-in-system", where, "value-set.filter")


def concept_map(resource: dict[str, Any], place: Place, scope: Scope, library: Library) -> None:
    """Codes are in the systems of their group, and in the value sets that the map leads from and to."""
    source, target = (_canonical(resource, name) for name in ("source", "target"))
    for index, group in enumerate(each(resource, "group")):
        if type(group) is not dict:
            continue
        here = Place(Place(place, "group", index), "element")
        for at, one in enumerate(each(group, "element")):
            where = Place(here.above, here.name, at)
            _mapped(one, group.get("source"), source, where, scope, library)
            for number, other in enumerate(each(one, "target")):
                _mapped(other, group.get("target"), target, Place(where, "target", number), scope, library)


def _mapped(one: Any, system: Any, value_set: str, place: Place, scope: Scope, library: Library) -> None:
    code = one.get("code") if type(one) is dict else None
    if type(code) is not str or type(system) is not str:
        return
    expansion = library.expansion(value_set) if value_set else None
    if is_in(system, code, library) is False:
        scope.error("code-not-in-system", Place(place, "code"), "concept-map.code")
    elif expansion is not None and code not in expansion.get(system, ()):
        report = scope.warn if place.name == "target" else scope.error  # a map may lead to more than its target names
        report("code-not-in-value-set", Place(place, "code"), "concept-map.value-set")


def _canonical(resource: dict[str, Any], name: str) -> str:
    found = resource.get(f"{name}Canonical", resource.get(f"{name}Uri"))
    return found if type(found) is str else ""


def _coded(node: dict[str, Any], name: str, here: Place) -> Iterator[tuple[str, Place]]:
    for index, one in enumerate(each(node, name)):
        if type(one) is dict and type(code := one.get("code")) is str:
            yield code, Place(here, name, index)
