"""The validator: judges FHIR R4 resources; one verb, `validate`."""

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from gateway.core.issue import Issue
from gateway.validate.definitions import default_library
from gateway.validate.judge import Judge

__all__ = ["validate", "validate_bundle"]


def validate(resource: dict[str, Any], *, profiles: Sequence[str] = ()) -> list[Issue]:
    """Everything that is to be said of a resource, with its path; without an error it is valid."""
    return _judge().judge(resource, profiles)


def validate_bundle(bundle: dict[str, Any]) -> list[Issue]:
    """Everything that is to be said of a bundle that came in or goes out; what no receiver minds is a warning."""
    return _judge().judge(bundle, strict=False)


@lru_cache(maxsize=1)
def _judge() -> Judge:
    folder = os.environ.get("GATEWAY_PACKAGES")
    return Judge(default_library([Path(folder)] if folder else ()))


class _Verb(ModuleType):
    """The room is its verb: importing it puts this module where the public face has its function."""

    def __call__(self, resource: dict[str, Any], *, profiles: Sequence[str] = ()) -> list[Issue]:
        """Judge one resource, as `validate` does."""
        return validate(resource, profiles=profiles)


sys.modules[__name__].__class__ = _Verb
