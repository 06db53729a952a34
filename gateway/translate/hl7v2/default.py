"""Steps that add what no leaf says: they are no content, so that they alone make no resource."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from gateway.translate.converter import Step, step
from gateway.translate.translation import Translation


def default_step(name: str) -> Callable[[Step], Step]:
    """Register a step whose work does not count as content."""

    def register(function: Step) -> Step:
        @step(name, "hl7v2")
        @wraps(function)
        def run(node: Any, translation: Translation, element: dict[str, Any], **arguments: str) -> None:
            function(node, translation, element, **arguments)
            translation.filled -= 1  # the row around counts one for every call

        return run

    return register
