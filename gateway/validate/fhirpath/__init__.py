"""FHIRPath over the JSON of R4: `compile` an expression once, then evaluate it as often as you like."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.validate.fhirpath import absence
from gateway.validate.fhirpath.compiler import Compiler
from gateway.validate.fhirpath.environment import Alone, Environment, Resolve
from gateway.validate.fhirpath.errors import ExpressionError, UndecidableError
from gateway.validate.fhirpath.item import Item, Items
from gateway.validate.fhirpath.parser import parse

__all__ = ["Environment", "Expression", "ExpressionError", "Item", "Items", "UndecidableError", "compile", "unbroken"]


class Expression:
    """A compiled expression."""

    def __init__(self, text: str, strict: bool = False) -> None:
        try:
            compiled = Compiler(strict).compile(parse(text))
        except RecursionError:
            raise ExpressionError("an expression that is nested too deep") from None
        self.items, self.truth = compiled.items, compiled.truth

    def __call__(self, resource: Mapping[str, Any], resolve: Resolve | None = None) -> list[Any]:
        """The values that the expression finds in a resource: JSON, or values of System."""
        around = Alone(resource, resolve)
        return [item.value for item in self.items((around.context,), around)]


@lru_cache(maxsize=2048)
def compile(expression: str, strict: bool = False) -> Expression:
    """The compiled form of an expression; ExpressionError when it has none."""
    return Expression(expression, strict)


def unbroken(expression: str, type_name: str) -> list[frozenset[str]]:
    """Groups of JSON names: a node of the type that has no name of one group does not break the expression."""
    return absence.unbroken(parse(expression), type_name)
