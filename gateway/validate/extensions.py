"""Extensions: known or not, in a place where their definition allows them, with the content that it asks for."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from gateway.core import r4
from gateway.validate.definitions import Library
from gateway.validate.profile import Profiles
from gateway.validate.scope import Place, Scope

_HL7: Final = "http://hl7.org/fhir/"
_CORE: Final = f"{_HL7}StructureDefinition/"
# Guides that our own profiles go along with, HL7's tools and its tests: their packages need not be here.
_GUIDES: Final = tuple(f"{_HL7}{name}/" for name in ("us/core", "us/mcode", "tools", "test"))
_EXAMPLES: Final = ("example.org", "acme.com", "nema.org")  # whose extensions the standard's own examples carry


class Extensions:
    """Judges extensions against the definitions that the library has."""

    def __init__(self, library: Library, profiles: Profiles) -> None:
        self._library = library
        self._profiles = profiles
        self._contexts: dict[str, tuple[str, ...] | None] = {}

    def check(self, extension: Any, place: Place, scope: Scope) -> None:
        """Judge one extension; nested parts of an extension are named by their own short url."""
        url = extension.get("url") if type(extension) is dict else None
        if type(url) is not str or ":" not in url:
            if type(url) is str and not _is_nested(place):
                scope.error("value-format", Place(place, "url"), "extension.url")
            return
        contexts = self._context(url)
        if contexts is None:
            self._unknown(url, place, scope)
            return
        if contexts and not any(_fits(one, place, scope) for one in contexts):
            # What definitions may carry was widened after R4; in clinical resources the place must be right.
            report = scope.warn if "url" in r4.children(scope.resource["resourceType"]) else scope.error
            report("extension-misplaced", place, "extension.context")
        self._profiles.check(url, extension, place, scope)

    def _context(self, url: str) -> tuple[str, ...] | None:
        """Where an extension may stand: element paths and types; None when it is not known."""
        if url not in self._contexts:
            found = self._library.profile(url)
            self._contexts[url] = None if found is None else tuple(_written(found))
        return self._contexts[url]

    @staticmethod
    def _unknown(url: str, place: Place, scope: Scope) -> None:
        if "|" in url:
            scope.error("value-format", Place(place, "url"), "extension.version")
        elif url.startswith(_CORE):
            scope.warn("extension-unknown", place, "extension.unknown")  # later extension packs use this base too
        elif url.startswith(_GUIDES) or any(host in url for host in _EXAMPLES):
            scope.not_checked(place, "extension.not-checked", url)
        elif scope.found.strict:
            scope.error("extension-undefined", place, "extension.unknown")
        else:
            scope.not_checked(place, "extension.not-checked", url)


def _written(found: dict[str, Any]) -> Iterator[str]:
    for one in found.get("context", ()):
        kind, text = one.get("type"), str(one.get("expression", ""))
        yield text if kind == "element" else f"{kind}:{text}"


def _is_nested(place: Place) -> bool:
    above = place.above
    return above is not None and above.name in ("extension", "modifierExtension")


def _fits(context: str, place: Place, scope: Scope) -> bool:
    """Whether a context of a definition names the place; a FHIRPath context is not run."""
    if context.startswith("fhirpath:") or place.above is None:
        return True
    if context.startswith("extension:"):
        return _is_nested(place)
    return context in _names(str(scope.resource.get("resourceType")), _inside(place.above, scope.place))


def _inside(holder: Place, resource: Place) -> str:
    """The holder's path from its own resource on, without indices."""
    steps: list[str] = []
    here: Place | None = holder
    while here is not None and here != resource:
        steps.append(here.name)
        here = here.above
    return ".".join(reversed(steps))


@lru_cache(maxsize=4096)
def _names(resource_type: str, inside: str) -> frozenset[str]:
    """Every name that a definition may use for a place: its path, its type, and what that type is made from."""
    path = f"{resource_type}.{inside}" if inside else resource_type
    found = r4.element(path)
    if found is None:
        return frozenset((path,))
    holder, _, name = path.rpartition(".")
    around = r4.element(holder) if holder else None
    last = {name, f"{found.choice}[x]", found.choice} if found.choice else {name}
    names = {f"{one.type}.{step}" for one in (around,) if one for step in last}  # HumanName.family, wherever it stands
    names |= {f"{holder}.{step}" if holder else step for step in last}
    return frozenset(names | set(_lineage(found)))


def _lineage(found: r4.Element) -> Iterator[str]:
    """The type of an element and the types that it is made from."""
    here, definition = found.type, r4.definition(found.type)
    yield here
    if definition is None or definition.kind == "backbone":
        yield from ("BackboneElement", "Element") if definition else ("Element",)
        return
    while definition is not None and definition.base:
        yield definition.base
        definition = r4.definition(definition.base)
