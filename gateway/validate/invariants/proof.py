"""Short looks that show a rule to hold where it is asked most: every entry of every bundle.

One that does not show it says nothing: then the expression is asked.
"""

from collections.abc import Callable
from typing import Any, Final

Proof = Callable[[dict[str, Any]], bool]


def _stands_with(name: str, *types: str) -> Proof:
    """An element stands in every entry of a bundle of these types, and in none of another's."""

    def holds(node: dict[str, Any]) -> bool:
        said, entries = node.get("type"), node.get("entry")
        if type(said) is not str or type(entries) is not list:
            return False
        if said in types:
            return all(type(one) is dict and type(one.get(name)) is dict for one in entries)
        return all(type(one) is dict and name not in one for one in entries)

    return holds


def _differ(node: dict[str, Any]) -> bool:
    """The full URLs of the entries, each with its version, are different texts."""
    entries = node.get("entry")
    if type(entries) is not list or not all(type(one) is dict and "_fullUrl" not in one for one in entries):
        return False
    urls = [one["fullUrl"] for one in entries if "fullUrl" in one]
    return all(type(one) is str for one in urls) and len(set(urls)) == len(urls) and not any(map(_has_version, entries))


def _has_version(entry: dict[str, Any]) -> bool:
    resource = entry.get("resource")
    meta = resource.get("meta") if type(resource) is dict else None
    return meta is not None and (type(meta) is not dict or "versionId" in meta or "_versionId" in meta)


def _is_no_version(node: dict[str, Any]) -> bool:
    url = node.get("fullUrl")
    return type(url) is str and "/_history/" not in url


PROOFS: Final[dict[str, Proof]] = {
    "bdl-3": _stands_with("request", "batch", "transaction", "history"),
    "bdl-4": _stands_with("response", "batch-response", "transaction-response", "history"),
    "bdl-5": lambda node: type(node.get("resource")) is dict,
    "bdl-7": _differ,
    "bdl-8": _is_no_version,
}
