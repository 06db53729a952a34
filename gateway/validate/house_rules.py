"""Invariants of our own profiles, by constraint key."""

from collections.abc import Callable
from typing import Any, Final

from gateway.validate.scope import Scope

HOUSE_RULES: Final[dict[str, Callable[[Any, Scope], bool]]] = {}
