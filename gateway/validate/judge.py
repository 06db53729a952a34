"""The judge: one resource with everything in it, against R4, the profiles it claims and those asked for."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.core import r4
from gateway.core.issue import Issue, Severity
from gateway.validate import bundle, concepts, differential, narrative, questionnaire, references, vital_signs
from gateway.validate.definitions import Library
from gateway.validate.extensions import Extensions
from gateway.validate.nodes import each
from gateway.validate.profile import Profiles
from gateway.validate.references import Neighbours
from gateway.validate.scope import Found, Place, Scope
from gateway.validate.structure import Structure

# Rules of one type that ask the library for more than its own definition.
_FURTHER: Final = {
    "ConceptMap": concepts.concept_map,
    "QuestionnaireResponse": questionnaire.check,
    "StructureDefinition": differential.check,
    "ValueSet": concepts.value_set,
}


class Judge:
    """Judges resources against one library of definitions; compiled checks are kept."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._profiles = Profiles(library)
        self._structure = Structure(library, self._nested, Extensions(library, self._profiles).check)

    def judge(self, resource: Any, profiles: Sequence[str] = (), *, strict: bool = True) -> list[Issue]:
        """Everything that is to be said of a resource; no error among it means that it is valid."""
        return self.examine(resource, profiles, strict=strict).issues

    def examine(self, resource: Any, profiles: Sequence[str] = (), *, strict: bool = True) -> Found:
        """All that is found in a resource, with what only a terminology server can decide."""
        found = Found(resource, strict)
        name = resource.get("resourceType") if type(resource) is dict else None
        if type(name) is str and r4.is_resource(name):
            self._judge(Scope(resource, Place(None, name), found), profiles)
        else:
            place = str(name) if name in r4.resource_types() else ""
            found.add(Issue(Severity.ERROR, "resource-unknown", place, "json.resource"))
        return found

    def _judge(self, scope: Scope, profiles: Sequence[str] = ()) -> None:
        resource, place = scope.resource, scope.place
        name = resource["resourceType"]
        if name == "Bundle":
            scope.bundle = Neighbours(resource)
        self._structure.of(name)(resource, place, scope)
        for pointer in scope.pointers:
            references.judge(pointer, scope)
        text = resource.get("text")
        div = text.get("div") if type(text) is dict else None
        if type(div) is str and "#" in div and not narrative.links_are_found(div, scope.found.whole):
            scope.fault("link-unresolved", Place(Place(place, "text"), "div"), "extra.narrative-link")
        if scope.bundle and name == "Bundle":
            bundle.check(resource, place, scope, scope.bundle)
        if further := _FURTHER.get(name):
            further(resource, place, scope, self._library)
        if "contained" in resource:
            _contained_ids(resource, place, scope)
        claimed = [url for url in each(resource, "meta", "profile") if type(url) is str] if "meta" in resource else []
        if scope.found.strict and name == "Observation" and (url := vital_signs.profile_of(resource)):
            claimed.append(url)
        for url in dict.fromkeys([*claimed, *profiles]):
            self._profiles.check(url, resource, place, scope)

    def _nested(self, value: Any, place: Place, scope: Scope) -> None:
        """A resource inside another: contained in it, or an entry with a life of its own."""
        name = value.get("resourceType") if type(value) is dict else None
        if type(name) is not str or not r4.is_resource(name):
            scope.error("resource-unknown", place, "json.resource")
            return
        if place.name == "contained":
            self._judge(scope.contained(value, place))
            return
        inner = Scope(value, place, scope.found)
        inner.bundle = scope.bundle
        inner.full_url = scope.bundle.full_urls.get(id(value), "") if scope.bundle else ""
        self._judge(inner)


def _contained_ids(resource: dict[str, Any], place: Place, scope: Scope) -> None:
    seen = set()
    for index, one in enumerate(each(resource, "contained")):
        name = one.get("id") if type(one) is dict and type(one.get("id")) is str else None
        if name is None:
            scope.error("element-missing", Place(Place(place, "contained", index), "id"), "extra.contained-id")
        elif name in seen:
            scope.error("id-repeated", Place(place, "contained", index), "extra.contained-id")
        seen.add(name)
