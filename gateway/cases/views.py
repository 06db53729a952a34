"""What of a case a travel desk, a pharmacy or a payer needs: made anew of what a table names, and of no more."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate

from gateway.cases.evidence import Resource, references, values
from gateway.core import r4
from gateway.core.issue import Issue, Severity
from gateway.core.labels import CONFIDENTIALITY, GUARDED, REDACTED, guarded, labels_of, united
from gateway.core.outcome import BASE, operation_outcome
from gateway.core.table import MAPPINGS, load, refuse_unless

Tree = dict[str, Any]
_ACTIVITIES: Final = f"{BASE}/sid/case-activity"
_NOTE: Final = "redacted"
_ALL: Final = "all"
_GONE: Final = object()


@dataclass(frozen=True, slots=True)
class Part:
    """Which resources of a type, and which of their elements."""

    resource: str
    elements: Tree
    of: str
    status: frozenset[str]
    codes: frozenset[str]
    says: Mapping[str, re.Pattern[str]]
    whole: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """What leaves for one kind of recipient, and which activity of a plan calls for it."""

    view: str
    activity: str
    shown: frozenset[str]
    labels: str
    systems: frozenset[str]
    parts: tuple[Part, ...]


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.ASCII)
    except re.error:
        raise ValidationError("not a regular expression") from None


class _PartSchema(Schema):
    resource = fields.String(required=True, validate=refuse_unless(r4.is_resource))
    elements = fields.List(fields.String(), required=True)
    of = fields.String(load_default="", validate=validate.OneOf(("", "activity", "referral", "reference")))
    status = fields.List(fields.String(), load_default=())
    codes = fields.List(fields.String(), load_default=())
    says = fields.Dict(keys=fields.String(), values=fields.Function(deserialize=_expression), load_default=dict)
    whole = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Part:
        type, tree = found["resource"], Tree()
        for path in found["elements"]:
            below = r4.element(f"{type}.{path}")
            if below is None or not (below.primitive or path.endswith(".coding")):
                raise ValidationError(f"{type}.{path} is no leaf of R4")
            place = tree
            for name in path.split("."):
                place = place.setdefault(name, {})
        if not found["says"].keys() <= set(found["elements"]):
            raise ValidationError("says: no such element")
        whole = {path: tuple(names) for path, names in found["whole"].items()}
        if not {f"{path}.{name}" for path, names in whole.items() for name in names} <= set(found["elements"]):
            raise ValidationError("whole: no such element")
        sets = {name: frozenset(found[name]) for name in ("status", "codes")}
        return Part(type, tree, found["of"], says=found["says"], whole=whole, **sets)


class _ViewSchema(Schema):
    view = fields.String(required=True)
    activity = fields.String(required=True)
    shown = fields.List(fields.String(validate=validate.OneOf((_ALL, *GUARDED))), required=True)
    labels = fields.String(required=True, validate=validate.OneOf((_ALL, "confidentiality")))
    systems = fields.List(fields.String(), required=True)
    parts = fields.List(fields.Nested(_PartSchema), required=True)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> View:
        sets = {name: frozenset(found.pop(name)) for name in ("shown", "systems")}
        return View(**found | sets | {"parts": tuple(found["parts"])})


class _TableSchema(Schema):
    views = fields.List(fields.Nested(_ViewSchema), required=True)


@cache
def views() -> dict[str, View]:
    """Every view by its name; raises MappingTableError."""
    return {one.view: one for one in load(MAPPINGS / "cases" / "views.yaml", _TableSchema())["views"]}


def view_of(name: str, resources: Iterable[Resource], referral: str) -> list[dict[str, Any]]:
    """The view of a case; nothing when its plan does not call for it.

    `resources` are all that is known, `referral` is the id of the one that opened the case.
    """
    view = views()[name]
    chosen = [(one, part) for one in resources if (part := _part(view, one, referral)) is not None]
    if not any(part.of == "activity" for _, part in chosen):
        return []
    while True:  # what lacks what R4 asks for is left out, and then what stood on it
        places = {_place(one) for one, _ in chosen}
        made = [_made(view, one, part, places) for one, part in chosen]
        named = {place for one in made for place in references(one)}
        whole = [
            (one, part)
            for (one, part), left in zip(chosen, made, strict=True)
            if _is_whole(left) and (part.of != "reference" or _place(one) in named)
        ]
        if len(whole) == len(chosen):
            return made
        chosen = whole


def _part(view: View, resource: Resource, referral: str) -> Part | None:
    if "all" not in view.shown and not view.shown.issuperset(guarded(resource)):
        return None
    if "modifierExtension" in resource:  # what is left would mean something else
        return None
    for part in view.parts:
        if part.resource == resource["resourceType"] and _is_of(part, view, resource, referral):
            return part
    return None


def _is_of(part: Part, view: View, resource: Resource, referral: str) -> bool:
    match part.of:
        case "referral":
            fits = resource["id"] == referral
        case "activity":
            numbers = (one for one in resource.get("identifier", ()) if one.get("system") == _ACTIVITIES)
            fits = any(str(one.get("value", "")).endswith(f"/{view.activity}") for one in numbers)
        case _:
            fits = True
    codes = part.codes and part.codes.isdisjoint(values(resource, "code.coding.code"))
    return fits and not codes and (not part.status or resource.get("status") in part.status)


def _made(view: View, resource: Resource, part: Part, places: set[str]) -> dict[str, Any]:
    kept = _Keeper(view.systems, places, part).kept(resource, part.elements, "")
    labels = [one for one in labels_of(resource) if view.labels == _ALL or one.get("system") == CONFIDENTIALITY]
    first = {"resourceType": resource["resourceType"], "id": resource["id"]}
    made = first | {"meta": {"security": united([*labels, REDACTED])}} | (kept if isinstance(kept, dict) else {})
    return _noted(made) if part.of == "activity" else made


def _noted(made: dict[str, Any]) -> dict[str, Any]:
    """The activity says that this is a part; each store takes a note that is contained."""
    note = operation_outcome([Issue(Severity.INFORMATION, "view-redacted")]) | {"id": _NOTE}
    said: dict[str, Any] = {"reference": f"#{_NOTE}"}
    match made["resourceType"]:
        case "ServiceRequest":
            return made | {"contained": [note], "supportingInfo": [said]}
        case "CoverageEligibilityRequest":
            return made | {"contained": [note], "supportingInfo": [{"sequence": 1, "information": said}]}
    return made


class _Keeper:
    """Copies what a tree of names allows; a coding by its system, a reference if it stays within the view."""

    def __init__(self, systems: frozenset[str], places: set[str], part: Part) -> None:
        self._systems, self._places, self._says, self._whole = systems, places, part.says, part.whole

    def kept(self, node: Any, tree: Tree, path: str, *, listed: bool = False) -> Any:
        """What is left of a node; an entry of a list that stood on a reference goes with it."""
        if isinstance(node, list):
            found = [one for below in node if (one := self.kept(below, tree, path, listed=True)) is not _GONE]
            return found or _GONE
        if not tree:
            return self._leaf(node, path)
        if not isinstance(node, Mapping):
            return _GONE
        below = {
            name: self.kept(node[name], inner, f"{path}.{name}".strip("."))
            for name, inner in tree.items()
            if name in node
        }
        left = {name: one for name, one in below.items() if one is not _GONE}
        if path in self._whole and not _said(node) <= _said(left):
            left = {name: left[name] for name in self._whole[path] if name in left}
        stood_on_it = any(one is _GONE and _names(node[name]) for name, one in below.items())
        return _GONE if not left or (listed and stood_on_it) else left

    def _leaf(self, node: Any, path: str) -> Any:
        if path.endswith("coding"):
            if not isinstance(node, Mapping) or node.get("system") not in self._systems:
                return _GONE
            return {name: node[name] for name in ("system", "code") if isinstance(node.get(name), str)}
        if node is None or isinstance(node, Mapping):
            return _GONE
        if path.endswith("reference") and node not in self._places:
            return _GONE
        said = self._says.get(path)
        return node if said is None or (isinstance(node, str) and said.fullmatch(node)) else _GONE


def _said(node: Any, path: str = "") -> frozenset[str]:
    """The elements that a node holds. Codings and extensions may stay behind; what they stand at may not."""
    if isinstance(node, list):
        return frozenset(name for one in node for name in _said(one, path))
    if not isinstance(node, Mapping):
        return frozenset()
    told = {name: one for name, one in node.items() if name not in ("coding", "extension", "id")}
    return frozenset(f"{path}.{name}" for name in told).union(*(_said(one, f"{path}.{n}") for n, one in told.items()))


def _names(node: Any) -> bool:
    return isinstance(node, Mapping) and "reference" in node


def _is_whole(resource: Resource) -> bool:
    """Whether it has what R4 asks for."""
    elements = r4.children(str(resource["resourceType"]))
    stated = {elements[name].choice or name for name in resource if name in elements}
    return {element.choice or name for name, element in elements.items() if element.required} <= stated


def _place(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def types_of(name: str) -> frozenset[str]:
    """The types of resources that a view may hold."""
    return frozenset(part.resource for part in views()[name].parts)
