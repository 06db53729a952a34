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


class Environment:
    """One evaluation; whoever knows more than the resource answers `resolved`, `is_member` and `conforms`."""

    index = 0
    total: Items = NONE
    _now: Temporal | None = None
    _variables: Mapping[str, Items] = {}

    def __init__(self, context: Item, resource: Mapping[str, Any], root: Mapping[str, Any]) -> None:
        self.context = context
        self._resource = resource
        self._root = root

    def variable(self, name: str) -> Items:
        """The value of `%name`."""
        if name in self._variables:
            return self._variables[name]
        if name == "context":
            return (self.context,)
        if name in ("resource", "rootResource"):
            return (of_resource(self._resource if name == "resource" else self._root),)
        if name in _CONSTANTS:
            return (of_value(_CONSTANTS[name]),)
        for prefix, url in _PREFIXES.items():
            if name.startswith(prefix):
                return (of_value(url + name.removeprefix(prefix)),)
        raise ExpressionError("a variable that there is not")

    def define(self, name: str, value: Items) -> None:
        """Give `%name` a value from here on."""
        self._variables = {**self._variables, name: value}

    @property
    def now(self) -> Temporal:
        """The moment of this evaluation, the same however often it is asked."""
        if self._now is None:
            self._now = temporal.of_clock(datetime.now(UTC))
        return self._now

    def resolved(self, reference: Any) -> Mapping[str, Any] | None:
        """The resource that a reference points to, where it can be had."""
        return None

    def is_member(self, item: Item, value_set: str) -> bool:
        """Whether a code is in a value set."""
        raise UndecidableError

    def conforms(self, item: Item, profile: str) -> bool:
        """Whether an element fits a profile."""
        raise UndecidableError


class Alone(Environment):
    """The environment of a resource that stands by itself, with a resolver or without one."""

    def __init__(self, resource: Mapping[str, Any], resolve: Resolve | None = None) -> None:
        super().__init__(of_resource(resource), resource, resource)
        self._resolve = resolve

    def resolved(self, reference: Any) -> Mapping[str, Any] | None:
        """What the resolver finds."""
        return self._resolve(reference) if self._resolve else None
