"""What an expression sees besides its context."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gateway.validate.fhirpath import temporal
from gateway.validate.fhirpath.errors import ExpressionError, UndecidableError
from gateway.validate.fhirpath.item import NONE, Item, Items, of_resource, of_value
from gateway.validate.fhirpath.temporal import Temporal

Resolve = Callable[[Any], Mapping[str, Any] | None]
_CONSTANTS: Final = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
_PREFIXES: Final = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}


def _no_resolver(reference: Any) -> Mapping[str, Any] | None:
    return None


def _no_answer(*asked: Any) -> bool:
    raise UndecidableError


class Environment:
    """One evaluation: the resources around the context, variables, and who answers what is not in the resource."""

    __slots__ = (
        "_now",
        "conforms",
        "context",
        "index",
        "member_of",
        "resolve",
        "resource",
        "root",
        "total",
        "variables",
    )

    def __init__(self, context: Item, resource: Item | None = None, root: Item | None = None) -> None:
        self.context = context
        self.resource = resource or context
        self.root = root or self.resource
        self.index = 0
        self.total: Items = NONE
        self.variables: dict[str, Items] = {}
        self._now: Temporal | None = None
        self.resolve: Resolve = _no_resolver
        self.member_of: Callable[[Item, str], bool] = _no_answer
        self.conforms: Callable[[Item, str], bool] = _no_answer

    def variable(self, name: str) -> Items:
        """The value of `%name`."""
        if name in self.variables:
            return self.variables[name]
        if name == "resource":
            return (self.resource,)
        if name == "rootResource":
            return (self.root,)
        if name == "context":
            return (self.context,)
        if name in _CONSTANTS:
            return (of_value(_CONSTANTS[name]),)
        for prefix, url in _PREFIXES.items():
            if name.startswith(prefix):
                return (of_value(url + name.removeprefix(prefix)),)
        raise ExpressionError("a variable that there is not")

    @property
    def now(self) -> Temporal:
        """The moment of this evaluation, the same however often it is asked."""
        if self._now is None:
            self._now = temporal.of_clock(datetime.now(UTC))
        return self._now


def of(resource: Mapping[str, Any]) -> Environment:
    """The environment of a resource that stands by itself."""
    return Environment(of_resource(resource))
