"""The validator: judges FHIR R4 resources; one verb, `validate`."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gateway.core.issue import Issue
from gateway.validate.judge import Judge
from gateway.validate.library import default_library

__all__ = ["validate", "validate_bundle"]


def validate(resource: dict[str, Any], *, profiles: Sequence[str] = ()) -> list[Issue]:
    """Everything that is to be said of a resource, with its path; without an error it is valid."""
    return _judge().judge(resource, profiles)


def validate_bundle(bundle: dict[str, Any]) -> list[Issue]:
    """Everything that is to be said of a bundle, its entries, and the references among them."""
    return _judge().judge(bundle)


@lru_cache(maxsize=1)
def _judge() -> Judge:
    return Judge(default_library())
