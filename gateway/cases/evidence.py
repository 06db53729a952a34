"""What is known of a case: resources that satisfy a line of a table, and the facts made of such lines."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load

from gateway.cases.trials import numbers
from gateway.core import r4
from gateway.core.outcome import BASE
from gateway.core.table import MAPPINGS, load, refuse_unless

Resource = Mapping[str, Any]
ACTIVITIES: Final = f"{BASE}/CodeSystem/so-activity"
_CODED: Final = ("code", "type", "category", "orderDetail")
# What counts for nothing: an error, and a report or result that was asked for and is not there.
_ERROR: Final = "entered-in-error"
_NOT_THERE: Final = {"DiagnosticReport": ("registered", "cancelled"), "Observation": ("registered", "cancelled")}


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error:
        raise ValidationError("not a regular expression") from None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows something: a resource of this type, with one of the codes, all of the elements, words that fit.

    With `within`, it is one of the nodes there that has to have them.
    """

    resource: str
    within: str = ""
    codes: frozenset[str] = frozenset()
    valued: tuple[str, ...] = ()
    status: frozenset[str] = frozenset()
    at: str = ""
    says: re.Pattern[str] | None = None

    def shown_by(self, resource: Resource) -> bool:
        """Whether this resource shows it."""
        if resource["resourceType"] != self.resource:
            return False
        if self.status and resource.get("status") not in self.status:
            return False
        return any(map(self._holds, values(resource, self.within) if self.within else (resource,)))

    def _holds(self, node: Resource) -> bool:
        if self.codes and self.codes.isdisjoint(_codes(node)):
            return False
        if not all(any(True for _ in values(node, path)) for path in self.valued):
            return False
        return self.says is None or any(self.says.search(text) for text in _texts(node, self.at))


class EvidenceSchema(Schema):
    """A line of evidence in a table."""

    resource = fields.String(required=True, validate=refuse_unless(r4.is_resource))
    within = fields.String(load_default="")
    codes = fields.List(fields.String(), load_default=())
    valued = fields.List(fields.String(), load_default=())
    status = fields.List(fields.String(), load_default=())
    at = fields.String(load_default="")
    says = fields.Function(deserialize=_expression, load_default=None)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Evidence:
        return Evidence(
            found["resource"],
            found["within"],
            frozenset(found["codes"]),
            tuple(found["valued"]),
            frozenset(found["status"]),
            found["at"],
            found["says"],
        )


class _FactSchema(Schema):
    fact = fields.String(required=True)
    shown_by = fields.List(fields.Nested(EvidenceSchema), required=True)


class _FactsSchema(Schema):
    facts = fields.List(fields.Nested(_FactSchema), required=True)


@cache
def facts() -> dict[str, tuple[Evidence, ...]]:
    """What shows each fact, as mappings/cases/facts.yaml says; raises MappingTableError."""
    loaded = load(MAPPINGS / "cases" / "facts.yaml", _FactsSchema())
    return {one["fact"]: tuple(one["shown_by"]) for one in loaded["facts"]}


class Known:
    """The resources of a case by type, and the facts that they show; each fact is looked for once."""

    def __init__(self, resources: Iterable[Resource], referral: Resource) -> None:
        self._every = list(filter(_counts, resources))
        self.by_type: dict[str, list[Resource]] = {}
        for one in self._every:
            self.by_type.setdefault(one["resourceType"], []).append(one)
        self.by_type["ServiceRequest"] = [referral]  # others ask for other things
        self.referral = referral
        self._asked = {
            coding.get("code")
            for detail in referral.get("orderDetail", ())
            for coding in detail.get("coding", ())
            if coding.get("system") == ACTIVITIES
        }
        self._found: dict[str, bool] = {}

    @cached_property
    def trials(self) -> list[str]:
        """The numbers of trials in the words of the case, those of requests to others too."""
        return numbers(self._every)

    def of(self, type: str) -> list[Resource]:
        """The resources of a type."""
        return self.by_type.get(type, [])

    def at(self, place: str) -> Resource:
        """The resource at a place, Type/id; empty where it is not known."""
        type, _, id = place.rpartition("/")
        return next((one for one in self.of(type) if one.get("id") == id), {})

    def shows(self, lines: Sequence[Evidence]) -> bool:
        """Whether any resource satisfies any of the lines."""
        return any(True for _ in self.showing(lines))

    def showing(self, lines: Sequence[Evidence]) -> Iterator[Resource]:
        """The resources that satisfy any of the lines."""
        for line in lines:
            yield from filter(line.shown_by, self.of(line.resource))

    def holds(self, fact: str) -> bool:
        """Whether a fact is shown; `asked X` is a wish of the referral, `not X` its contrary."""
        if fact not in self._found:
            if fact.startswith("not "):
                self._found[fact] = not self.holds(fact[4:])
            elif fact.startswith("asked "):
                self._found[fact] = fact[6:] in self._asked
            else:
                self._found[fact] = self.shows(facts()[fact])
        return self._found[fact]


def is_fact(fact: str) -> bool:
    """Whether tables may name it."""
    named = fact.removeprefix("not ")
    return named.startswith("asked ") or named in facts()


def values(node: Any, path: str) -> Iterator[Any]:
    """What stands at a path of element names, through lists; nothing empty."""
    name, _, rest = path.partition(".")
    if isinstance(node, list):
        for one in node:
            yield from values(one, path)
    elif not path:
        if node not in (None, "", {}, []):
            yield node
    elif isinstance(node, Mapping) and name in node:
        yield from values(node[name], rest)


def references(node: Any) -> Iterator[str]:
    """Every literal reference in the resource, in the order of its elements."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            if isinstance(target := found.get("reference"), str):
                yield target
            waiting.extend(reversed(list(found.values())))
        elif isinstance(found, list):
            waiting.extend(reversed(found))


def _counts(resource: Resource) -> bool:
    """Whether it says something of the patient: our own Tasks do not, and a problem that was ruled out is none."""
    type, status = resource["resourceType"], resource.get("status")
    if type == "Task":
        return True
    verified = set(values(resource.get("verificationStatus"), "coding.code"))
    if _ERROR in (status, *verified) or status in _NOT_THERE.get(type, ()):
        return False
    return type != "Condition" or "refuted" not in verified


def _codes(resource: Resource) -> Iterator[str]:
    for element in _CODED:
        yield from values(resource.get(element), "coding.code")


def _texts(resource: Resource, path: str) -> Iterator[str]:
    for found in values(resource, path):
        if isinstance(found, str):
            yield found
        elif isinstance(found, Mapping):  # a CodeableConcept
            yield from values(found, "text")
            yield from values(found, "coding.display")
            yield from values(found, "coding.code")
