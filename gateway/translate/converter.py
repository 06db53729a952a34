"""Converters and steps: what a row of a table may name, registered under the name that tables use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from gateway.core.ledger import State

Converter = Callable[..., Any]
Step = Callable[..., None]
C = TypeVar("C", bound=Callable[..., Any])

ANY: Final = "*"
_converters: dict[tuple[str, str], Converter] = {}
_steps: dict[tuple[str, str], Step] = {}


class NotConvertedError(Exception):
    """A value does not fit; the row turns it into a ledger entry and an issue. Never leaves this room."""

    def __init__(self, code: str, state: State = State.FAILED, *, system: str = "", concept: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.state = state
        self.system = system
        self.concept = concept


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive with extensions beside it: `value` goes to the element, `extension` to its underscore twin."""

    value: Any
    extension: list[dict[str, Any]] = field(default_factory=list)


def converter(name: str, format: str = ANY) -> Callable[[C], C]:
    """Register a converter under the name that tables use, for one format or for all."""

    def register(function: C) -> C:
        _converters[format, name] = function
        return function

    return register


def step(name: str, format: str = ANY) -> Callable[[C], C]:
    """Register a coded step under the name that tables use, for one format or for all."""

    def register(function: C) -> C:
        _steps[format, name] = function
        return function

    return register


def converter_named(name: str, format: str) -> Converter | None:
    """The format's own converter, else the one for all."""
    return _converters.get((format, name)) or _converters.get((ANY, name))


def step_named(name: str, format: str) -> Step | None:
    """The format's own step, else the one for all."""
    return _steps.get((format, name)) or _steps.get((ANY, name))
