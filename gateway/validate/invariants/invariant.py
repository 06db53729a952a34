"""An invariant: a key and the rule that was compiled from its expression."""

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from gateway.core import r4
from gateway.validate import fhirpath, references
from gateway.validate.fhirpath import Environment, Expression, ExpressionError, Item, UndecidableError
from gateway.validate.invariants.native import CULPRITS, NATIVE, Rule
from gateway.validate.invariants.proof import PROOFS, Proof
from gateway.validate.invariants.table import expression_of, is_of_r4
from gateway.validate.scope import Place, Scope


class Invariant(NamedTuple):
    """What must hold of a node, and whether breaking it is an error."""

    key: str
    rule: Rule
    mild: bool = False
    names: frozenset[str] = frozenset()  # one of them stands in every node that can break it; none: any node can

    def judge(self, node: Any, place: Place, scope: Scope) -> None:
        """Say what the rule says; one that cannot be decided or evaluated is named and never passes in silence."""
        try:
            broken = self.rule(node, scope) is False  # an empty answer breaks nothing
        except UndecidableError:
            scope.not_checked(place, f"{self.key}.not-checked")
        except ExpressionError:
            scope.warn("invariant-failed", place, self.key)
        else:
            report = scope.warn if self.mild else scope.error
            if broken and self.key in CULPRITS:
                for name, index in CULPRITS[self.key](node):
                    report("invariant-broken", Place(place, name, index), self.key)
            elif broken:
                report("invariant-broken", place, self.key)


def of_r4(key: str, holder: str, type_name: str) -> Invariant:
    """The invariant of R4 with this key on a type or path, for nodes of a type."""
    if native := NATIVE.get(key):
        return Invariant(key, native.rule, names=native.names)
    expression = expression_of(key, holder)
    asked, holds = compiled(expression, type_name), PROOFS.get(key)
    names = next(iter(fhirpath.unbroken(expression, type_name)), frozenset[str]())
    return Invariant(key, _unless_shown(holds, asked) if holds else asked, names=names)


def _unless_shown(holds: Proof, asked: Rule) -> Rule:
    return lambda node, scope: (type(node) is dict and holds(node)) or asked(node, scope)


def advised_of_r4(key: str, expression: str, type_name: str) -> Invariant:
    """A rule that R4 only advises."""
    return Invariant(key, compiled(expression, type_name), mild=True)


def of_profile(constraint: Mapping[str, Any], type_name: str) -> Invariant | None:
    """The invariant that a profile writes; None for one of R4 itself, which is judged with the structure."""
    key, expression = str(constraint.get("key", "")), str(constraint.get("expression", ""))
    if is_of_r4(key, expression) or r4.definition(str(constraint.get("source", "")).rpartition("/")[2]):
        return None
    return Invariant(key, compiled(expression, type_name), constraint.get("severity") != "error")


def compiled(expression: str, type_name: str) -> Rule:
    """The rule of an expression for nodes of a type; it is compiled when it is first asked."""
    known: Expression | None = None
    groups: list[frozenset[str]] = []

    def rule(node: Any, scope: Scope) -> bool | None:
        nonlocal known, groups
        if known is None:
            known, groups = fhirpath.compile(expression), fhirpath.unbroken(expression, type_name)
        if type(node) is dict:
            names = node.keys()
            for group in groups:
                if names.isdisjoint(group):  # nothing that it speaks of is there
                    return True
        context = Item(node, type_name)
        return known.truth((context,), _Surroundings(context, scope))

    return rule


class _Surroundings(Environment):
    """What stands around a node under judgement: its resource, the container of that, the bundle."""

    def __init__(self, context: Item, scope: Scope) -> None:
        super().__init__(context, scope.resource, scope.root)
        self._scope = scope

    def resolved(self, reference: Any) -> Mapping[str, Any] | None:
        """The resource itself; else its type, as far as the reference tells it."""
        reference = reference if isinstance(reference, dict) else {"reference": reference}
        found = references.resolve(reference, self._scope)
        if found is not None or not isinstance(reference.get("reference"), str):
            return found
        if name := references.type_of(reference, self._scope):
            return _Elsewhere(resourceType=name)
        raise UndecidableError


class _Elsewhere(dict[str, Any]):
    """A resource that is not here: its type is known, and nothing else of it can be asked."""

    def get(self, key: str, default: Any = None) -> Any:
        """The type; what else there may be cannot be decided."""
        return self["resourceType"] if key == "resourceType" else self._unknown()

    def _unknown(self, *asked: Any) -> NoReturn:
        raise UndecidableError

    __iter__ = items = keys = values = _unknown
