"""What holds of a node because elements are absent from it: told once, by the form of an expression."""

from itertools import product
from typing import Any, Final, NamedTuple, NoReturn

from gateway.core import r4
from gateway.validate.fhirpath.compiler import Compiler
from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.errors import ExpressionError, UndecidableError
from gateway.validate.fhirpath.functions import FUNCTIONS
from gateway.validate.fhirpath.item import Item, forms
from gateway.validate.fhirpath.syntax import Binary, Call, Indexer, Member, Node, Sign, This, TypeTest

Group = frozenset[str]

_MOST: Final = 4
_HOLDS: Final = (True, None)  # an empty answer breaks no rule
_FAILS: Final = (False, None)


def unbroken(node: Node, type_name: str) -> list[Group]:
    """Groups of JSON names: a node of the type that has no name of one group does not break the expression."""
    elements = r4.children(type_name)
    groups = dict.fromkeys(_Absence(type_name).groups(node, True))
    named = [{form.key for name in group for form in forms(type_name, name)} for group in groups]
    # what a node must have is never absent
    optional = [keys for keys in named if not any(key in elements and elements[key].required for key in keys)]
    return [frozenset(keys | {f"_{key}" for key in keys}) for keys in optional]


class _Absence(NamedTuple):
    type_name: str

    def groups(self, node: Node, holds: bool) -> list[Group]:
        """The groups of names without which a node holds, or fails, or has no answer."""
        match node:
            case Binary("or" | "implies" | "and" as operator, left, right):
                first, second = self.groups(left, holds != (operator == "implies")), self.groups(right, holds)
                if holds == (operator != "and"):  # one side is enough
                    return sorted(first + second, key=len)[:_MOST]
                return [one | other for one, other in product(first, second)][:_MOST]
            case Call(target, "not", ()):
                return self.groups(target, not holds)
        names = _asked(node)
        return [names] if names and self._is_known(node, _HOLDS if holds else _FAILS) else []

    def _is_known(self, node: Node, wanted: tuple[bool | None, ...]) -> bool:
        """What is said of a node without any element is said of all that lack those that are asked for."""
        nothing = Item({}, self.type_name)
        try:
            return Compiler().compile(node).truth((nothing,), _Nowhere(nothing, {}, {})) in wanted
        except (ExpressionError, UndecidableError):
            return False


class _Nowhere(Environment):
    """The surroundings of no node in particular: whatever is asked of them cannot be told."""

    def variable(self, name: str) -> NoReturn:
        """None is known here."""
        raise UndecidableError

    def resolved(self, reference: Any) -> NoReturn:
        """Nothing can be had from here."""
        raise UndecidableError


def _asked(node: Node) -> Group | None:
    """The elements of the context that an expression asks for; None when it looks at the context in another way."""
    match node:
        case This():
            return None
        case Member(This(), name, first):
            return None if first and name[0].isupper() else frozenset((name,))
        case Member(target) | Sign(_, target) | TypeTest(_, target):
            return _asked(target)
        case Binary(_, left, right) | Indexer(left, right):
            return _together(left, right)
        case Call(target, name, arguments):
            function = FUNCTIONS.get(name)
            # what is asked of each item of the target is not asked of the context
            inside = function is None or function.takes_expressions
            return _asked(target) if inside else _together(target, *arguments)
    return frozenset()


def _together(*nodes: Node) -> Group | None:
    found = [_asked(one) for one in nodes]
    return None if None in found else frozenset[str]().union(*(one for one in found if one))
