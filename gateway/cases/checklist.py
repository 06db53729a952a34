"""The checklist: what a review needs, as the tables in mappings/checklists say, and what of it is not there yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate

from gateway.core import r4
from gateway.core.errors import MappingTableError

FOLDER: Final = Path(__file__).parents[2] / "mappings" / "checklists"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What satisfies an item: a resource of this type, with one of the codes and all of the elements."""

    resource: str
    codes: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()

    def found_in(self, resource: dict[str, Any]) -> bool:
        """Whether this resource satisfies."""
        if resource["resourceType"] != self.resource:
            return False
        if self.codes and not any(code in self.codes for code in _codes(resource)):
            return False
        return all(_valued(resource, path.split(".")) for path in self.valued)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the review needs."""

    item: str
    title: str
    need: str
    satisfied: tuple[Evidence, ...]


class _EvidenceSchema(Schema):
    resource = fields.String(required=True, validate=r4.is_resource)
    codes = fields.List(fields.String(), load_default=())
    valued = fields.List(fields.String(), load_default=())

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Evidence:
        return Evidence(found["resource"], tuple(found["codes"]), tuple(found["valued"]))


class _ItemSchema(Schema):
    item = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9-]+\Z"))
    title = fields.String(required=True)
    need = fields.String(required=True, validate=validate.OneOf(("required", "conditional", "optional")))
    satisfied = fields.List(fields.Nested(_EvidenceSchema), required=True)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Item:
        return Item(found["item"], found["title"], found["need"], tuple(found["satisfied"]))


class _ChecklistSchema(Schema):
    checklist = fields.String(required=True)
    items = fields.List(fields.Nested(_ItemSchema), required=True)


@cache
def checklist(name: str = "base") -> tuple[Item, ...]:
    """The items of a checklist; raises MappingTableError."""
    file = FOLDER / f"{name}.yaml"
    try:
        found = yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 (texts only)
        loaded = _ChecklistSchema().load(found)
    except (yaml.YAMLError, ValidationError):
        raise MappingTableError(file.name, 1, "not a checklist") from None
    items: list[Item] = loaded["items"]
    return tuple(items)


def missing(resources: list[dict[str, Any]]) -> list[Item]:
    """The required items that nothing among the resources satisfies."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for found in resources:
        by_type.setdefault(found["resourceType"], []).append(found)
    return [item for item in checklist() if item.need == "required" and not _satisfied(item, by_type)]


def _satisfied(item: Item, by_type: dict[str, list[dict[str, Any]]]) -> bool:
    return any(one.found_in(found) for one in item.satisfied for found in by_type.get(one.resource, ()))


def _codes(resource: dict[str, Any]) -> Iterator[str]:
    category = resource.get("category", ())
    concepts = [resource.get("code"), resource.get("type"), *(category if isinstance(category, list) else [category])]
    for concept in concepts:
        if isinstance(concept, dict):
            yield from (coding["code"] for coding in concept.get("coding", ()) if "code" in coding)


def _valued(node: Any, path: list[str]) -> bool:
    if isinstance(node, list):
        return any(_valued(one, path) for one in node)
    if not path:
        return node not in (None, "", {}, [])
    return isinstance(node, dict) and _valued(node.get(path[0]), path[1:])
