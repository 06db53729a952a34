"""The compiler of FHIRPath: a syntax tree to Python functions, once an expression."""

from collections.abc import Callable
from functools import partial
from operator import ge, gt, le, lt
from typing import Any, Final

from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.functions import FUNCTIONS
from gateway.validate.fhirpath.functions.existence import is_subset
from gateway.validate.fhirpath.functions.function import Argument, Decide, Evaluate, integer, one_item
from gateway.validate.fhirpath.functions.subsetting import union
from gateway.validate.fhirpath.item import (
    NONE,
    Item,
    Items,
    Type,
    boxed,
    forms,
    key,
    lineage,
    of_value,
    step,
    truth,
    type_named,
)
from gateway.validate.fhirpath.operators import arithmetic, equal, equivalent, is_number, order, single
from gateway.validate.fhirpath.quantity import Quantity
from gateway.validate.fhirpath.syntax import (
    Binary,
    Call,
    Indexer,
    Literal,
    Member,
    Node,
    Sign,
    Special,
    This,
    TypeTest,
    Variable,
)

# A member of these stands beside a primitive, not in it.
_BESIDE: Final = ("id", "extension")


class Compiler:
    """Compiles one expression; a strict one refuses elements that a type does not have."""

    def __init__(self, strict: bool = False) -> None:
        self._strict = strict

    def compile(self, node: Node) -> Argument:
        """Both ways to evaluate a node: to a collection, and to a truth value."""
        decide = self._decision(node)
        if decide is not None:
            return Argument(lambda this, env: boxed(decide(this, env)), decide)
        items = self._collection(node)
        negated = self.items(node.operand) if isinstance(node, Sign) and node.sign == "-" else None
        return Argument(items, lambda this, env: truth(items(this, env)), negated)

    def items(self, node: Node) -> Evaluate:
        """The collection of a node."""
        return self.compile(node).items

    def _decision(self, node: Node) -> Decide | None:
        """A node that gives a truth value without a collection on the way; None for any other."""
        if isinstance(node, Binary):
            if node.operator in ("and", "or", "xor", "implies"):
                return _LOGIC[node.operator](self.compile(node.left).truth, self.compile(node.right).truth)
            if node.operator == "in" and (among := _constant(node.right)) is not None:
                return _membership_among(self.items(node.left), among)
            if node.operator in _COMPARISONS:
                return _COMPARISONS[node.operator](self.items(node.left), self.items(node.right))
            return None
        if isinstance(node, TypeTest) and node.operator == "is":
            return _is(self.items(node.operand), type_named(node.type, operator=True))
        if isinstance(node, Call):
            return self._decisive_call(node)
        return None

    def _decisive_call(self, node: Call) -> Decide | None:
        if node.name == "is":
            return _is(self.items(node.target), type_named(_specifier(node)))
        if node.name in ("exists", "empty") and not node.arguments and (names := _chain(node.target)):
            return _presence(names, node.name == "exists", self._strict)
        function = FUNCTIONS.get(node.name)
        if function is None or not function.decides:
            return None
        if node.name == "not":
            return _negated(self.compile(node.target).truth)
        return self._applied(node)

    def _collection(self, node: Node) -> Evaluate:
        match node:
            case Literal():
                constant = _constant(node) or NONE
                return lambda this, env: constant
            case This():
                return lambda this, env: this
            case Special():
                return (lambda this, env: env.total) if node.name == "total" else _index
            case Variable():
                name = node.name
                return lambda this, env: env.variable(name)
            case Member():
                return self._member(node)
            case Indexer():
                return _indexed(self.items(node.target), self.items(node.position))
            case Sign():
                return _signed(node.sign, self.items(node.operand))
            case TypeTest():
                return _filtered(self.items(node.operand), type_named(node.type, operator=True))
            case Call():
                return self._call(node)
            case Binary():
                return self._binary(node.operator, self.items(node.left), self.items(node.right))

    def _binary(self, operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
        if operator == "|":
            return lambda this, env: union(left(this, env), env, right(this, env))
        return lambda this, env: arithmetic(operator, left(this, env), right(this, env))

    def _member(self, node: Member) -> Evaluate:
        name, strict = node.name, self._strict
        if node.first and name[0].isupper():
            return _named_type(name, strict)
        if isinstance(node.target, This):
            return lambda this, env: step(this, name, strict)
        target = self.items(node.target)
        return lambda this, env: step(target(this, env), name, strict)

    def _call(self, node: Call) -> Evaluate:
        if node.name in ("as", "ofType"):
            return _filtered(self.items(node.target), type_named(_specifier(node)))
        return self._applied(node)

    def _applied(self, node: Call) -> Callable[[Items, Environment], Any]:
        """A function of the table with its arguments."""
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise ExpressionError("a function that there is not")
        if not function.least <= len(node.arguments) <= function.most:
            raise ExpressionError("too many or too few arguments")
        apply, target = function.apply, self.items(node.target)
        arguments = [self.compile(one) for one in node.arguments]
        if function.takes_expressions:
            return lambda this, env: apply(target(this, env), env, *arguments)
        if not arguments:
            return lambda this, env: apply(target(this, env), env)
        items = [one.items for one in arguments]
        return lambda this, env: apply(target(this, env), env, *[one(this, env) for one in items])


def _constant(node: Node) -> Items | None:
    """What a literal or a union of literals is in every context; None for any other node."""
    if isinstance(node, Literal):
        return NONE if node.type == "" else (Item(node.value, node.type),)
    if isinstance(node, Binary) and node.operator == "|":
        left, right = _constant(node.left), _constant(node.right)
        return None if left is None or right is None else [*left, *right]
    return None


def _chain(node: Node) -> tuple[str, ...]:
    """The names of a path that begins at the context and only goes down; none for any other."""
    if isinstance(node, Member) and not (node.first and node.name[0].isupper()):
        if isinstance(node.target, This):
            return (node.name,)
        names = _chain(node.target)
        return (*names, node.name) if names and node.name not in _BESIDE else ()
    return ()


def _presence(names: tuple[str, ...], wanted: bool, strict: bool) -> Decide:
    """`a.b.exists()` and `a.b.empty()`: looks, and builds no collection."""

    def decide(this: Items, env: Environment) -> bool | None:
        for item in this:
            if isinstance(item.value, dict):
                if strict or _stands(item.value, item.type, names, 0):
                    break
            elif item.partner and step((item,), names[0]):
                break
        else:
            return not wanted
        return wanted

    def careful(this: Items, env: Environment) -> bool | None:
        for name in names:
            this = step(this, name, strict=True)
        return bool(this) == wanted

    return careful if strict else decide


def _stands(node: dict[str, object], holder: str, names: tuple[str, ...], at: int) -> bool:
    last = at == len(names) - 1
    for name, kind, primitive in forms(holder, names[at]):
        found = node.get(name)
        if last:
            if (found is not None and found != []) or (primitive and node.get(f"_{name}")):
                return True
        elif found is not None:
            for one in found if isinstance(found, list) else (found,):
                if isinstance(one, dict):
                    inner = str(one.get("resourceType")) if kind == "Resource" else kind
                    if _stands(one, inner, names, at + 1):
                        return True
    return False


def _both(left: Decide, right: Decide) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        one = left(this, env)
        if one is False:
            return False
        other = right(this, env)
        return False if other is False else None if one is None else other

    return decide


def _either(left: Decide, right: Decide) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        one = left(this, env)
        if one:
            return True
        other = right(this, env)
        return True if other else None if one is None else other

    return decide


def _one_of_two(left: Decide, right: Decide) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        one, other = left(this, env), right(this, env)
        return None if one is None or other is None else one != other

    return decide


def _negated(operand: Decide) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        found = operand(this, env)
        return None if found is None else not found

    return decide


_LOGIC: Final[dict[str, Callable[[Decide, Decide], Decide]]] = {
    "and": _both,
    "or": _either,
    "xor": _one_of_two,
    "implies": lambda left, right: _either(_negated(left), right),
}


def _equality(wanted: bool, left: Evaluate, right: Evaluate) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        found = equal(left(this, env), right(this, env))
        return None if found is None else found == wanted

    return decide


def _equivalence(wanted: bool, left: Evaluate, right: Evaluate) -> Decide:
    return lambda this, env: equivalent(left(this, env), right(this, env)) == wanted


def _ordered(compared: Callable[[int, int], bool], left: Evaluate, right: Evaluate) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        found = order(left(this, env), right(this, env))
        return None if found is None else compared(found, 0)

    return decide


def _membership(one: Evaluate, many: Evaluate) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        item = one_item(one(this, env))
        return None if item is None else is_subset((item,), many(this, env))

    return decide


def _membership_among(one: Evaluate, many: Items) -> Decide:
    """`in` a collection of constants."""
    among = {key(item) for item in many}

    def decide(this: Items, env: Environment) -> bool | None:
        item = one_item(one(this, env))
        return None if item is None else key(item) in among

    return decide


_COMPARISONS: Final[dict[str, Callable[[Evaluate, Evaluate], Decide]]] = {
    "=": partial(_equality, True),
    "!=": partial(_equality, False),
    "~": partial(_equivalence, True),
    "!~": partial(_equivalence, False),
    "<": partial(_ordered, lt),
    "<=": partial(_ordered, le),
    ">": partial(_ordered, gt),
    ">=": partial(_ordered, ge),
    "in": _membership,
    "contains": lambda left, right: _membership(right, left),
}


def _is(operand: Evaluate, kind: Type) -> Decide:
    def decide(this: Items, env: Environment) -> bool | None:
        item = one_item(operand(this, env))
        return None if item is None else kind.holds(item)

    return decide


def _filtered(operand: Evaluate, kind: Type) -> Evaluate:
    """`as` and `ofType`: of several items those of the type, as search parameters are written."""
    return lambda this, env: [item for item in operand(this, env) if kind.is_exactly(item)]


def _named_type(name: str, strict: bool) -> Evaluate:
    """The first step of a path: the type of the context, or an element that is written with a capital."""

    def evaluate(this: Items, env: Environment) -> Items:
        found = [item for item in this if name in lineage(item.type)]
        return found if found or not this else step(this, name, strict)

    return evaluate


def _index(this: Items, env: Environment) -> Items:
    return (of_value(env.index),)


def _indexed(target: Evaluate, index: Evaluate) -> Evaluate:
    def evaluate(this: Items, env: Environment) -> Items:
        at, found = integer(index(this, env)), target(this, env)
        return NONE if at is None or not 0 <= at < len(found) else (found[at],)

    return evaluate


def _signed(sign: str, operand: Evaluate) -> Evaluate:
    def evaluate(this: Items, env: Environment) -> Items:
        value = single(operand(this, env))
        if value is None:
            return NONE
        if isinstance(value, Quantity):
            return (of_value(value._replace(value=-value.value if sign == "-" else value.value)),)
        if not is_number(value):
            raise ExpressionError("a sign before something that is no number")
        return (of_value(-value if sign == "-" else value),)

    return evaluate


def _specifier(node: Call) -> str:
    """The type that `is(T)`, `as(T)` and `ofType(T)` name."""
    if len(node.arguments) != 1:
        raise ExpressionError("too many or too few arguments")
    names: list[str] = []
    here: Node = node.arguments[0]
    while isinstance(here, Member):
        names.append(here.name)
        here = here.target
    return ".".join(reversed(names))
