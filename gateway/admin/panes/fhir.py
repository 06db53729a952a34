"""The FHIR pane: every resource as pretty lines; a line knows the leaves that made it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.admin.panes.json_text import JsonLine, pretty
from gateway.admin.panes.mask import Kind, kind
from gateway.admin.panes.pieces import View

_FIRST: Final = ("Patient", "ServiceRequest", "CarePlan", "Task", "Condition", "MedicationRequest", "Observation")
_LAST: Final = ("Organization", "Practitioner", "DocumentReference", "Provenance")


@dataclass(frozen=True, slots=True)
class ElementLine:
    """One line of a resource. `anchor` is set where a ledger line points to."""

    depth: int
    name: str
    text: str
    end: str
    leaves: tuple[int, ...]
    anchor: str
    masked: bool


@dataclass(frozen=True, slots=True)
class ResourceLines:
    """One resource: its type, its id, its lines."""

    type: str
    id: str
    lines: tuple[ElementLine, ...]


@dataclass(frozen=True, slots=True)
class Pane:
    """All resources, and for each leaf the anchor of the element that it went to."""

    resources: tuple[ResourceLines, ...]
    anchors: Mapping[int, str]


def fhir(bundle: Mapping[str, Any] | None, view: View) -> Pane:
    """The resources of the bundle, those of the patient's story first."""
    by_path: dict[str, list[int]] = {}
    for number, entry in enumerate(view.ledger):
        if path := entry.get("path"):
            by_path.setdefault(path, []).append(number)
    anchors: dict[int, str] = {}
    found = []
    for resource in sorted(_resources(bundle), key=_order):
        root = f"{resource['resourceType']}/{resource.get('id', '')}"
        lines = tuple(_line(line, by_path, anchors, view) for line in pretty(resource, root))
        found.append(ResourceLines(resource["resourceType"], resource.get("id", ""), lines))
    return Pane(tuple(found), anchors)


def _line(line: JsonLine, by_path: Mapping[str, Sequence[int]], anchors: dict[int, str], view: View) -> ElementLine:
    leaves = _leaves(line.path, by_path)
    fresh = [number for number in by_path.get(line.path, ()) if number not in anchors]
    anchor = f"f-{fresh[0]}" if fresh else ""
    anchors.update(dict.fromkeys(fresh, anchor))
    end = "," if line.comma else ""
    if line.bracket:
        return ElementLine(line.depth, line.name, line.bracket, end, leaves, anchor, False)
    whole = line.text if not isinstance(line.value, str) else line.value
    shown, masked = view.shown(whole, Kind.PLAIN if not isinstance(line.value, str | float) else kind(line.element))
    text = f'"{shown}"' if isinstance(line.value, str) else shown
    return ElementLine(line.depth, line.name, text, end, leaves, anchor, masked)


def _leaves(path: str, by_path: Mapping[str, Sequence[int]]) -> tuple[int, ...]:
    """The leaves that went to this element or to one that holds it."""
    found: list[int] = []
    while "." in path:
        found += by_path.get(path, ())
        path = path[:-1].rpartition("[")[0] if path.endswith("]") else path.rpartition(".")[0]
    return tuple(found)


def _resources(bundle: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
    return [entry["resource"] for entry in (bundle or {}).get("entry", ()) if "resource" in entry]


def _order(resource: Mapping[str, Any]) -> int:
    type = resource["resourceType"]
    if type in _FIRST:
        return _FIRST.index(type)
    return 100 + _LAST.index(type) if type in _LAST else 50
