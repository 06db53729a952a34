"""Rules of a bundle that stand in no StructureDefinition: full URLs, repeated ids, links of documents and messages."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from gateway.validate.nodes import each
from gateway.validate.references import Neighbours
from gateway.validate.scope import Place, Scope

_ABSOLUTE: Final = re.compile(r"(?:https?://|urn:uuid:|urn:oid:|[a-z][a-z0-9+.-]*:)\S+")
_RESTFUL: Final = re.compile(r"https?://\S+/([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
_ID_REPEATS: Final = ("history", "batch", "transaction", "batch-response", "transaction-response")
# What a document's Composition may not point to outside of the document.
_DOCUMENT_LINKS: Final = (("subject",), ("encounter",), ("author",), ("attester", "party"), ("custodian",))


def check(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    """Judge the bundle as a whole; its entries are judged by themselves."""
    names: Counter[tuple[Any, ...]] = Counter()
    for index, entry in enumerate(_entries(bundle)):
        here = Place(place, "entry", index)
        url, resource = entry.get("fullUrl"), entry.get("resource")
        if type(url) is str:
            _full_url(url, resource, here, scope)
        if type(resource) is not dict:
            continue
        if neighbours.type == "searchset" and not resource.get("id") and not _is_remark(entry, resource):
            scope.error("element-missing", Place(Place(here, "resource"), "id"), "bundle.search-id")
        name = _name(url, resource)
        names[name] += 1
        if names[name] == 2 and resource.get("id") and neighbours.type not in _ID_REPEATS:
            scope.error("id-repeated", Place(here, "resource"), "bundle.id-repeated")
    if neighbours.type == "document":
        _document(bundle, place, scope, neighbours)
    if neighbours.type == "message":
        _message(bundle, place, scope, neighbours)


def _is_remark(entry: dict[str, Any], resource: dict[str, Any]) -> bool:
    """An outcome of the search itself has no id."""
    mode = next(each(entry, "search", "mode"), None)
    return mode == "outcome" or (mode is None and resource.get("resourceType") == "OperationOutcome")


def _name(url: Any, resource: dict[str, Any]) -> tuple[str, ...]:
    version = next(each(resource, "meta", "versionId"), "")
    return tuple(map(str, (url, resource.get("resourceType"), resource.get("id"), version)))


def _full_url(url: str, resource: Any, here: Place, scope: Scope) -> None:
    if _ABSOLUTE.fullmatch(url) is None:
        scope.error("full-url-form", Place(here, "fullUrl"), "bundle.full-url-absolute")
        return
    written = _RESTFUL.fullmatch(url)
    if type(resource) is not dict or written is None or not resource.get("id"):
        return
    if (resource.get("resourceType"), resource["id"]) != written.groups():
        scope.warn("full-url-differs", here, "bundle.full-url-id")


def _document(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    first = next(iter(_entries(bundle)), {})
    composition = first.get("resource")
    if type(composition) is not dict or composition.get("resourceType") != "Composition":
        return  # bdl-11 says so
    here = Place(Place(place, "entry", 0), "resource")
    links = [(name, index, one) for names in _DOCUMENT_LINKS for name, index, one in _located(composition, names)]
    links += list(_section_entries(composition, ""))
    for name, index, link in links:
        _inside(link, Place(here, name, index), first, scope, neighbours)


def _message(bundle: dict[str, Any], place: Place, scope: Scope, neighbours: Neighbours) -> None:
    first = next(iter(_entries(bundle)), {})
    for name, index, link in _located(first.get("resource"), ("focus",)):
        _inside(link, Place(Place(Place(place, "entry", 0), "resource"), name, index), first, scope, neighbours)


def _inside(link: Any, place: Place, entry: dict[str, Any], scope: Scope, neighbours: Neighbours) -> None:
    text = link.get("reference") if type(link) is dict else None
    if type(text) is not str or text.startswith("#"):
        return
    found = neighbours.matches(text, str(entry.get("fullUrl", "")))
    if not found:
        scope.error("reference-unresolved", place, "bundle.inside")
    elif len(found) > 1:
        scope.error("bundle-rule", place, "bundle.several-matches")


def _section_entries(node: dict[str, Any], above: str) -> Iterator[tuple[str, int, Any]]:
    for number, section in enumerate(each(node, "section")):
        if type(section) is dict and "section" in node:
            path = f"{above}section[{number}]."
            yield from ((f"{path}entry", index, one) for _, index, one in _located(section, ("entry",)))
            yield from _section_entries(section, path)


def _located(node: Any, names: tuple[str, ...]) -> list[tuple[str, int, Any]]:
    """What stands at one or two names, with the written name and index of each."""
    found = node.get(names[0]) if type(node) is dict else None
    many = type(found) is list
    rows = [(names[0], index if many else -1, one) for index, one in enumerate(found if many else [found])]  # type: ignore[arg-type]
    if len(names) == 1:
        return [row for row in rows if row[2] is not None]
    return [
        (f"{name}[{index}].{inner}" if index >= 0 else f"{name}.{inner}", at, one)
        for name, index, row in rows
        for inner, at, one in _located(row, names[1:])
    ]


def _entries(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (entry for entry in each(bundle, "entry") if type(entry) is dict)
