"""A FHIR resource as a record, whether it came as JSON or as XML."""

from functools import lru_cache
from typing import Any, Final

from gateway.core import r4
from gateway.core.errors import MalformedMessageError, TooLargeError, UnsupportedFormatError
from gateway.core.issue import Issue
from gateway.parse.fhir.narrative import clean
from gateway.parse.jsontree import Source

MAX_ENTRIES: Final = 500
_BUNDLES = "document message transaction transaction-response batch batch-response history searchset collection"
BUNDLES: Final = frozenset(_BUNDLES.split())


class Resource(Source):
    """One resource, or one Bundle of them."""

    def narrative(self, div: str) -> tuple[str, bool]:
        """The narrative as we keep it, and whether anything had to go."""
        return _clean(div)


def record(body: Any, issues: list[Issue]) -> Resource:
    """Name the kind of a resource; raises ParseError, TooLargeError or UnsupportedFormatError."""
    if not isinstance(body, dict):
        raise MalformedMessageError
    name = body.get("resourceType")
    if not isinstance(name, str) or not r4.is_resource(name):
        raise UnsupportedFormatError("/resourceType")
    if name != "Bundle":
        return Resource(f"fhir:{name}", body, issues)
    entries = body.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise MalformedMessageError("/entry")
    if len(entries) > MAX_ENTRIES:
        raise TooLargeError("/entry")
    type = body.get("type")
    return Resource(f"fhir:Bundle/{type}" if isinstance(type, str) and type in BUNDLES else "fhir:Bundle", body, issues)


@lru_cache(maxsize=256)
def _clean(div: str) -> tuple[str, bool]:
    return clean(div)
