"""From resources to FHIR transactions: each resource a PUT under its own id, after those that it refers to."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.cases.evidence import references
from gateway.core import fhirjson
from gateway.core.labels import high_water
from gateway.core.outcome import BASE

Resource = Mapping[str, Any]
_OURS: Final = ("versionId", "lastUpdated")


def plan(resources: Sequence[Resource], *, max_entries: int) -> list[bytes]:
    """As few transactions as the store takes, to be sent in this order; the same resources give the same bytes."""
    ordered = in_dependency_order(resources)
    parts = [ordered[start : start + max_entries] for start in range(0, len(ordered), max_entries)]
    return [fhirjson.write(transaction(part)) for part in parts]


def transaction(resources: Sequence[Resource]) -> dict[str, Any]:
    """A transaction that puts each resource where it belongs; sent twice, it says the same twice.

    It bears the highest label of what is in it.
    """
    labels = high_water(resources)
    first = {"resourceType": "Bundle"} | ({"meta": {"security": labels}} if labels else {})
    return first | {"type": "transaction", "entry": [_entry(resource) for resource in resources]}


def in_dependency_order(resources: Sequence[Resource]) -> list[Resource]:
    """Each resource after those it refers to; where references run in a circle, the order given decides."""
    by_place = {place(resource): resource for resource in resources}
    ordered: dict[str, Resource] = {}
    for start in by_place:
        # Depth first with a stack: a resource is placed when all that it refers to was visited.
        visited, waiting = {start}, [(start, references(by_place[start]))]
        while waiting:
            at, targets = waiting[-1]
            target = next((t for t in targets if t in by_place and t not in ordered and t not in visited), None)
            if target is None:
                ordered.setdefault(at, by_place[at])
                waiting.pop()
            else:
                visited.add(target)
                waiting.append((target, references(by_place[target])))
    return list(ordered.values())


def place(resource: Resource) -> str:
    """Where the resource lives: Type/id."""
    return f"{resource['resourceType']}/{resource['id']}"


def _entry(resource: Resource) -> dict[str, Any]:
    where = place(resource)
    return {
        "fullUrl": f"{BASE}/fhir/{where}",
        "resource": _without_stamp(resource),
        "request": {"method": "PUT", "url": where},
    }


def _without_stamp(resource: Resource) -> dict[str, Any]:
    """Version and time of change are each store's own to say."""
    meta = {name: said for name, said in resource.get("meta", {}).items() if name not in _OURS}
    first = {"resourceType": resource["resourceType"], "id": resource["id"]} | ({"meta": meta} if meta else {})
    return first | {name: said for name, said in resource.items() if name not in (*first, "meta")}
