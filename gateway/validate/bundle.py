"""Rules of a bundle that stand in no StructureDefinition: full URLs, links, searches, documents, messages."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from gateway.core import r4
from gateway.validate.nodes import each
from gateway.validate.references import Neighbours
from gateway.validate.scope import Place, Scope

_ABSOLUTE: Final = re.compile(r"(?:https?://|urn:uuid:|urn:oid:|[a-z][a-z0-9+.-]*:)\S+")
_RESTFUL: Final = re.compile(r"https?://\S+/([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
_ANSWERS: Final = ("batch-response", "transaction-response")
_WITHOUT_URLS: Final = ("batch", "transaction", *_ANSWERS)
_ID_REPEATS: Final = ("history", *_WITHOUT_URLS)
_PAGES: Final = ("first", "previous", "prev", "next", "last")
# What a document's Composition may not point to outside of the document.
_DOCUMENT_LINKS: Final = (
    ("subject",), ("encounter",), ("author",), ("custodian",), ("attester", "party"), ("event", "detail"),
)  # fmt: skip
_SECTION_LINKS: Final = (("author",), ("focus",), ("entry",))


def check(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    """Judge the bundle as a whole; its entries are judged by themselves."""
    names: Counter[tuple[Any, ...]] = Counter()
    for index, entry in _entries(bundle):
        here = Place(place, "entry", index)
        url, resource = entry.get("fullUrl"), entry.get("resource")
        if type(url) is str:
            _full_url(url, resource, here, scope)
        elif neighbours.type not in _WITHOUT_URLS and not _is_passing(resource):
            scope.fault("element-missing", Place(here, "fullUrl"), "bundle.full-url")
        elif scope.found.strict and neighbours.type not in _ANSWERS and _refers(resource):
            scope.error("element-missing", Place(here, "fullUrl"), "bundle.full-url-base")
        if type(resource) is not dict:
            continue
        name = _name(url, resource)
        names[name] += 1
        if names[name] == 2 and resource.get("id") and neighbours.type not in _ID_REPEATS:
            scope.error("id-repeated", Place(here, "resource"), "bundle.id-repeated")
    _links(bundle, place, scope, neighbours)
    if neighbours.type == "searchset":
        _searchset(bundle, place, scope)
    if neighbours.type == "document":
        _document(bundle, place, scope, neighbours)
    if neighbours.type == "message":
        _message(bundle, place, scope, neighbours)


def _is_passing(resource: Any) -> bool:
    """Whether this lives in the answer only and has no address."""
    return type(resource) is dict and resource.get("resourceType") in ("OperationOutcome", "Parameters")


def _refers(node: Any) -> bool:
    """Whether a reference in it leads out of its container: without a full URL of its own nobody can follow it."""
    if type(node) is list:
        return any(_refers(one) for one in node)
    if type(node) is not dict:
        return False
    text = node.get("reference")
    return (type(text) is str and not text.startswith("#")) or any(_refers(one) for one in node.values())


def _name(url: Any, resource: dict[str, Any]) -> tuple[str, ...]:
    version = next(each(resource, "meta", "versionId"), "")
    return tuple(map(str, (url, resource.get("resourceType"), resource.get("id"), version)))


def _full_url(url: str, resource: Any, here: Place, scope: Scope) -> None:
    if _ABSOLUTE.fullmatch(url) is None:
        scope.error("full-url-form", here, "bundle.full-url-absolute")
        return
    written = _RESTFUL.fullmatch(url)
    if type(resource) is not dict or written is None or not r4.is_resource(written[1]):
        return
    if (resource.get("resourceType"), resource.get("id")) != written.groups():
        scope.fault("full-url-differs", here, "bundle.full-url-id")


def _links(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    """Pages belong to searches and histories; a relation stands once."""
    paged, seen = neighbours.type in ("searchset", "history"), set()
    for index, link in enumerate(each(bundle, "link")):
        relation = link.get("relation") if type(link) is dict else None
        here = Place(place, "link", index)
        if type(relation) is not str:
            continue
        if relation in _PAGES and not paged:
            scope.error("bundle-rule", Place(here, "relation"), "bundle.link")
        elif relation in seen and relation in (*_PAGES, "self"):
            scope.error("bundle-rule", here if paged else Place(here, "relation"), "bundle.link-repeated")
        seen.add(relation)


def _searchset(bundle: dict[str, Any], place: Place, scope: Scope) -> None:
    """What was found has an id and the type that was asked for; remarks on the search are OperationOutcomes."""
    wanted = _types_asked_for(bundle)
    for index, entry in _entries(bundle):
        here, resource = Place(place, "entry", index), entry.get("resource")
        mode = next(each(entry, "search", "mode"), None)
        if type(resource) is not dict:
            scope.error("element-missing", Place(here, "resource"), "bundle.search-resource")
            continue
        name, inner = resource.get("resourceType"), Place(here, "resource")
        if mode == "outcome":
            if name != "OperationOutcome":
                scope.error("bundle-rule", inner, "bundle.search-outcome")
        elif not resource.get("id") and name != "OperationOutcome":
            report = scope.warn if mode is None else scope.error
            report("element-missing", Place(inner, "id"), "bundle.search-id")
        if mode == "match" and wanted and name not in wanted:
            scope.error("bundle-rule", inner, "bundle.search-type")


def _types_asked_for(bundle: dict[str, Any]) -> set[str]:
    """The resource types that the search itself names, in its self link."""
    links = [one for one in each(bundle, "link") if type(one) is dict and one.get("relation") == "self"]
    url = urlsplit(str(links[0].get("url", ""))) if links else urlsplit("")
    last = url.path.rpartition("/")[2]
    return {last} if r4.is_resource(last) else set(",".join(parse_qs(url.query).get("_type", [])).split(",")) - {""}


def _document(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    index, first = next(_entries(bundle), (0, {}))
    composition = first.get("resource")
    if type(composition) is not dict or composition.get("resourceType") != "Composition":
        return  # bdl-11 says so
    here = Place(Place(place, "entry", index), "resource")
    links = [link for names in _DOCUMENT_LINKS for link in _located(composition, names, here)]
    for link, where in [*links, *_section_links(composition, here)]:
        _inside(link, where, first, scope, neighbours)
    for lost in neighbours.unreachable(bundle):
        scope.fault("entry-unreachable", Place(place, "entry", lost), "bundle.reachable")


def _message(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    index, first = next(_entries(bundle), (0, {}))
    for link, where in _located(first.get("resource"), ("focus",), Place(Place(place, "entry", index), "resource")):
        _inside(link, where, first, scope, neighbours)


def _inside(link: Any, place: Place, entry: dict[str, Any], scope: Scope, neighbours: Neighbours) -> None:
    text = link.get("reference") if type(link) is dict else None
    if type(text) is not str or text.startswith("#"):
        return
    found = neighbours.matches(text, str(entry.get("fullUrl", "")))
    if not found:
        scope.error("reference-unresolved", place, "bundle.inside")
    elif len(found) > 1:
        scope.error("bundle-rule", place, "bundle.several-matches")


def _section_links(node: dict[str, Any], here: Place) -> Iterator[tuple[Any, Place]]:
    for section, where in _located(node, ("section",), here):
        if type(section) is dict:
            for names in _SECTION_LINKS:
                yield from _located(section, names, where)
            yield from _section_links(section, where)


def _located(node: Any, names: tuple[str, ...], here: Place) -> Iterator[tuple[Any, Place]]:
    """What stands at a path of names, each with its place."""
    found = node.get(names[0]) if type(node) is dict else None
    if found is None:
        return
    many = type(found) is list
    for index, one in enumerate(found if type(found) is list else [found]):
        where = Place(here, names[0], index if many else -1)
        if len(names) == 1:
            yield one, where
        else:
            yield from _located(one, names[1:], where)


def _entries(bundle: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((index, entry) for index, entry in enumerate(each(bundle, "entry")) if type(entry) is dict)
