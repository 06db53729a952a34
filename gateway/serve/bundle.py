"""Search sets and histories as Bundles whose entries are the stored bytes."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from gateway.core import fhirjson
from gateway.core.issue import Issue, Severity
from gateway.core.labels import high_water
from gateway.core.outcome import operation_outcome
from gateway.serve.door import base
from gateway.serve.page import PARAMETER
from gateway.serve.subset import Subset
from gateway.store.query import Pair
from gateway.store.resources import Stored
from gateway.store.search import Page

_SAFE: Final = "/:,|$"


def search_set(
    page: Page, subset: Subset, links: Sequence[dict[str, str]], dropped: Iterable[str] = ()
) -> dict[str, Any]:
    """One page of a search: matches, what they include, and what is to be said of the search itself."""
    included = Subset(subset.type, subset.summary)
    entries = [_found(one, subset, "match") for one in page.matches]
    entries += [_found(one, included, "include") for one in page.included]
    issues = [Issue(Severity.WARNING, "parameter-dropped", path=name) for name in dropped]
    issues += [Issue(Severity.WARNING, "include-cut")] if page.cut else []
    if issues:
        entries.append({"resource": operation_outcome(issues), "search": {"mode": "outcome"}})
    return _bundle("searchset", page.total, links, entries, (*page.matches, *page.included))


def history_set(total: int, versions: Iterable[Stored], links: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Versions of one resource, the newest first; a deletion has no resource."""
    found = list(versions)
    return _bundle("history", total, links, [_version(one) for one in found], found)


def link(relation: str, place: str, parameters: Sequence[Pair] = (), page: str = "") -> dict[str, str]:
    """A link on our own address."""
    query = urlencode([*parameters, *([(PARAMETER, page)] if page else [])], safe=_SAFE)
    return {"relation": relation, "url": f"{base()}{place}{'?' if query else ''}{query}"}


def _bundle(
    kind: str,
    total: int | None,
    links: Sequence[dict[str, str]],
    entries: list[dict[str, Any]],
    holds: Iterable[Stored],
) -> dict[str, Any]:
    """It bears the highest label of what it holds; an empty `entry` is no FHIR and is left out."""
    bundle: dict[str, Any] = {"resourceType": "Bundle"}
    if labels := high_water(fhirjson.read_own(one.body) for one in holds if b'"security"' in one.body):
        bundle["meta"] = {"security": labels}
    bundle["type"] = kind
    if total is not None:
        bundle["total"] = total
    bundle["link"] = links
    return bundle | {"entry": entries} if entries else bundle


def _found(one: Stored, subset: Subset, mode: str) -> dict[str, Any]:
    return {
        "fullUrl": f"{base()}{one.type}/{one.id}",
        "resource": msgspec.Raw(subset.of(one.body)),
        "search": {"mode": mode},
    }


def _version(one: Stored) -> dict[str, Any]:
    place = f"{one.type}/{one.id}"
    status = HTTPStatus.NO_CONTENT if one.deleted else HTTPStatus.CREATED if one.version == 1 else HTTPStatus.OK
    entry: dict[str, Any] = {"fullUrl": base() + place}
    if not one.deleted:
        entry["resource"] = msgspec.Raw(one.body)
    return entry | {
        "request": {"method": "DELETE" if one.deleted else "PUT", "url": place},
        "response": {
            "status": f"{status.value} {status.phrase}",
            "etag": f'W/"{one.version}"',
            "lastModified": one.updated,
        },
    }
