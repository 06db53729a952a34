"""Rules of a profile as a resource: its differential narrows its base."""

from typing import Any, Final

from gateway.validate.definitions import Library
from gateway.validate.nodes import each
from gateway.validate.scope import Place, Scope
from gateway.validate.snapshot import NO_BASE, Generator

_VERSION: Final = "4.0"


def check(resource: dict[str, Any], place: Place, scope: Scope, library: Library) -> None:
    """Each rule that the differential breaks, at its element; a base that is not here is said to be unchecked."""
    if resource.get("derivation") != "constraint" or not str(resource.get("fhirVersion", _VERSION)).startswith(
        _VERSION
    ):
        return
    said = Place(place, "differential")
    rows = list(each(resource, "differential", "element"))
    if not all(type(one) is dict and type(one.get("path")) is str for one in rows):
        return  # what has no path is told by the structure
    places = {one.get("id", one["path"]): Place(said, "element", number) for number, one in enumerate(rows)}
    for fault in Generator(library).faults(resource):
        # an element may be broken by what is said of its slices alone
        where = next((here for id, here in places.items() if f"{id}:".startswith(f"{fault.element}:")), said)
        if fault == NO_BASE:
            scope.not_checked(place, "differential.not-checked", str(resource.get("baseDefinition", "")))
        else:
            (scope.error if fault.grave else scope.warn)(f"differential-{fault.code}", where, fault.element)
