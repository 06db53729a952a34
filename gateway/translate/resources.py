"""The resources of one translation by their ids: the same thing named twice becomes one."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.core import drug, fhirjson, ids, study
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Ledger
from gateway.core.record import Node
from gateway.translate.mentions import DIRECTORY, again, contradictions, unite

Resource = dict[str, Any]

# What is one patient's although others may have it under the same number: a family has one policy and one account, two
# children have one mother. The element that says whose it is.
_OF_ONE_PATIENT: Final = {"Account": "subject", "Coverage": "beneficiary", "RelatedPerson": "patient"}


# An id that names so many different things names none of them: what follows is not compared with all.
_TOLD_APART: Final = 32


class Here:
    """The resource that rows are filling now; its name is settled when its id is."""

    __slots__ = ("landed", "name", "type")

    def __init__(self, type: str) -> None:
        self.type = type
        self.name = type
        self.landed: list[tuple[Landing, Sequence[Any]]] = []  # which leaves landed where, in one of the directory


class Landing:
    """Where a leaf landed: an element of a resource, written out when the account is closed."""

    __slots__ = ("here", "path")

    def __init__(self, here: Here, path: str) -> None:
        self.here = here
        self.path = path

    def __str__(self) -> str:
        return f"{self.here.name}.{self.path}" if self.path else self.here.name

    @property
    def element(self) -> str:
        """The resource's own element that it lies in."""
        return self.path.partition(".")[0].partition("[")[0]


class Resources:
    """What was taken in so far; a second mention adds to the first, or is told apart from it."""

    def __init__(self, issues: list[Issue], ledger: Ledger) -> None:
        self.all: list[Resource] = []
        self.by_id: dict[tuple[str, str], Resource] = {}
        self._named: dict[tuple[str, str], list[Resource]] = {}  # all that one id of the source names
        self._issues = issues
        self._ledger = ledger

    def take(self, resource: Resource, id: str, node: Node | None, here: Here) -> str:
        """Keep a resource, or let it add to what its id names already; the id under which it stands then."""
        type = resource["resourceType"]
        named = self._named.setdefault((type, id), [])
        for held in named[:_TOLD_APART]:
            if again(held, resource):
                return str(held["id"])
            against = contradictions(held, resource)
            if against and type in DIRECTORY:
                self._second_mention(unite(held, resource, against), type, _place(node), here)
            elif not against:
                unite(held, resource, against)
            else:
                continue
            return str(held["id"])
        if named:
            location = _place(node)
            self._issues.append(Issue(Severity.WARNING, "id-reused", type, location=location))
            id = ids.stable_id(id, location, ids.digest(fhirjson.write(resource)))
        resource = {"resourceType": type, "id": id, **resource}
        named.append(resource)
        self.all.append(resource)
        self.by_id[type, id] = resource
        return id

    def _second_mention(self, left: set[str], type: str, location: str, here: Here) -> None:
        """A second mention of a person or a place says otherwise: the first stands, its leaves have not landed."""
        for name in sorted(left):
            self._issues.append(Issue(Severity.WARNING, "second-value", f"{type}.{name}", location=location))
        for landing, keys in here.landed if here.type == type else ():
            if landing.element in left:
                self._ledger.lose(keys, landing)


def own_identity(resource: Resource, node: Node | None) -> tuple[str, ...]:
    """What names a resource whose table names nothing: its first identifier, its place in a drug list, its content."""
    first = study.naming(resource.get("identifier"))
    if isinstance(first, dict) and first.get("value"):
        whose = resource.get(_OF_ONE_PATIENT.get(resource["resourceType"], ""), ())
        of = [one.get("reference", "") for one in (whose if isinstance(whose, list) else [whose] if whose else [])]
        return ("identifier", first.get("system", ""), first["value"], *of)
    if resource["resourceType"] == "MedicationRequest" and (named := drug.entry_of(resource)):
        return named
    content = ids.digest(fhirjson.write(resource))
    return ("content", content) if resource["resourceType"] in DIRECTORY else ("content", content, _place(node))


def _place(node: Node | None) -> str:
    return node.location if node is not None else ""
