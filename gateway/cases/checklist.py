"""What a review needs, as the tables in mappings/cases/checklists say, and what of it is not there yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.cases.evidence import Evidence, EvidenceSchema, Known, is_fact, values
from gateway.core.table import MAPPINGS, load, refuse_unless

FOLDER: Final = MAPPINGS / "cases" / "checklists"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
BASE_LIST: Final = "base"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a review needs."""

    item: str
    title: str
    need: str
    satisfied: tuple[Evidence, ...]
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    posted: str = ""

    def needed(self, known: Known) -> bool:
        """Whether this case cannot be reviewed without it."""
        if self.need == "optional" or any(known.holds(fact) for fact in self.unless):
            return False
        return self.need == "required" or any(known.holds(fact) for fact in self.when)

    def lacks(self, known: Known, settled: Mapping[str, str]) -> bool:
        """Whether this case still waits for it; of what comes by post a person says that it is here, or not wanted."""
        if not self.needed(known) or (self.posted and self.item in settled):
            return False
        return not known.shows(self.satisfied)


@dataclass(frozen=True, slots=True)
class Checklist:
    """The items for a group of tumours, told by the categories of ICD-10-CM."""

    name: str
    items: tuple[Item, ...]
    categories: frozenset[str] = frozenset()
    days: int = 0


class _ItemSchema(Schema):
    item = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9-]+\Z"))
    title = fields.String(required=True)
    need = fields.String(required=True, validate=validate.OneOf(("required", "conditional", "optional")))
    when = fields.List(fields.String(validate=refuse_unless(is_fact)), load_default=())
    unless = fields.List(fields.String(validate=refuse_unless(is_fact)), load_default=())
    posted = fields.String(load_default="", validate=refuse_unless(is_fact))
    satisfied = fields.List(fields.Nested(EvidenceSchema), required=True)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Item:
        return Item(**found | {name: tuple(found[name]) for name in ("when", "unless", "satisfied")})


class _ChecklistSchema(Schema):
    checklist = fields.String(required=True)
    categories = fields.List(fields.String(), data_key="for", load_default=())
    days = fields.Integer(load_default=0)
    items = fields.List(fields.Nested(_ItemSchema), required=True)


@cache
def checklist(name: str = BASE_LIST) -> Checklist:
    """A checklist, the base's items under its own; raises MappingTableError."""
    loaded = load(FOLDER / f"{name}.yaml", _ChecklistSchema())
    items = {item.item: item for item in loaded["items"]}
    days = loaded["days"]
    if name != BASE_LIST:
        base = checklist()
        items = {item.item: item for item in base.items} | items
        days = days or base.days
    return Checklist(name, tuple(items.values()), frozenset(loaded["categories"]), days)


@cache
def checklists() -> tuple[Checklist, ...]:
    """The checklists of all tumour groups; raises MappingTableError."""
    return tuple(checklist(file.stem) for file in sorted(FOLDER.glob("*.yaml")) if file.stem != BASE_LIST)


def checklist_for(known: Known) -> Checklist:
    """The checklist of the tumour group that the patient's conditions name first; the base for any other."""
    for category in _categories(known.of("Condition")):
        for found in checklists():
            if category in found.categories:
                return found
    return checklist()


def missing(known: Known, settled: Mapping[str, str]) -> list[Item]:
    """The items that this case needs and nothing satisfies; `settled` is what a person said of activities and post."""
    return [item for item in checklist_for(known).items if item.lacks(known, settled)]


@cache
def by_post() -> frozenset[str]:
    """The items that may come by post, which a person ticks off."""
    return frozenset(item.item for one in (checklist(), *checklists()) for item in one.items if item.posted)


def _categories(conditions: Sequence[Any]) -> Iterator[str]:
    for condition in conditions:
        for coding in values(condition, "code.coding"):
            if coding.get("system") == ICD_10_CM:
                yield coding.get("code", "")[:3].upper()
