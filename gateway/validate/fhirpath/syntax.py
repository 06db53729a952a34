"""The syntax tree of FHIRPath: plain tuples."""

from typing import Any, NamedTuple, Union


class Literal(NamedTuple):
    """A constant with its System type; `{}` has the type of nothing."""

    value: Any
    type: str


class This(NamedTuple):
    """`$this`, and the beginning of every path that names none."""


class Special(NamedTuple):
    """`$index` or `$total`."""

    name: str


class Variable(NamedTuple):
    """An environment variable: `%resource`."""

    name: str


class Member(NamedTuple):
    """One step of a path."""

    target: "Node"
    name: str
    first: bool = False  # the first step may name the type of the context instead of an element


class Call(NamedTuple):
    """A function with its arguments."""

    target: "Node"
    name: str
    arguments: tuple["Node", ...]


class Indexer(NamedTuple):
    """One item of a collection, by its number."""

    target: "Node"
    position: "Node"


class Sign(NamedTuple):
    """A plus or minus before an expression."""

    sign: str
    operand: "Node"


class Binary(NamedTuple):
    """An operator between two expressions."""

    operator: str
    left: "Node"
    right: "Node"


class TypeTest(NamedTuple):
    """`is` and `as` between an expression and a type specifier."""

    operator: str
    operand: "Node"
    type: str


Node = Union[Literal, This, Special, Variable, Member, Call, Indexer, Sign, Binary, TypeTest]  # noqa: UP007
