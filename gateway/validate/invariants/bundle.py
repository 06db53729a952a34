"""Invariants of Bundle, Composition and MessageHeader."""

from typing import Any

from gateway.validate.invariants.registry import RULES, any_of, invariant, not_both, where
from gateway.validate.nodes import each, has
from gateway.validate.scope import Scope

RULES.update(
    {
        "bdl-5": any_of("resource", "request", "response"),
        "bdl-8": lambda node, scope: "/_history/" not in str(node.get("fullUrl", "")),
        "bdl-10": where("type", ("document",), any_of("timestamp")),
        "cmp-1": any_of("text", "entry", "section"),
        "cmp-2": not_both("emptyReason", "entry"),
    }
)


@invariant("bdl-1")
def _total_of_searches_and_histories(node: Any, scope: Scope) -> bool:
    return not has(node, "total") or node.get("type") in ("searchset", "history")


@invariant("bdl-2")
def _search_only_in_searchsets(node: Any, scope: Scope) -> bool:
    return node.get("type") == "searchset" or not any(has(entry, "search") for entry in each(node, "entry"))


@invariant("bdl-3")
def _requests_where_they_belong(node: Any, scope: Scope) -> bool:
    wanted = node.get("type") in ("batch", "transaction", "history")
    return all(has(entry, "request") == wanted for entry in each(node, "entry"))


@invariant("bdl-4")
def _responses_where_they_belong(node: Any, scope: Scope) -> bool:
    wanted = node.get("type") in ("batch-response", "transaction-response", "history")
    return all(has(entry, "response") == wanted for entry in each(node, "entry"))


@invariant("bdl-7")
def _full_urls_are_distinct(node: Any, scope: Scope) -> bool:
    if node.get("type") == "history":
        return True
    seen = [_identity(entry) for entry in each(node, "entry") if has(entry, "fullUrl")]
    return len(seen) == len(set(seen))


@invariant("bdl-9")
def _document_is_identified(node: Any, scope: Scope) -> bool:
    identifier = node.get("identifier")
    return node.get("type") != "document" or (has(identifier, "system") and has(identifier, "value"))


@invariant("bdl-11")
def _document_begins_with_a_composition(node: Any, scope: Scope) -> bool:
    return bool(node.get("type") != "document" or _first(node) == "Composition")


@invariant("bdl-12")
def _message_begins_with_a_header(node: Any, scope: Scope) -> bool:
    return bool(node.get("type") != "message" or _first(node) == "MessageHeader")


def _first(node: Any) -> Any:
    entry = next(each(node, "entry"), None)
    return next((one.get("resourceType") for one in each(entry, "resource") if type(one) is dict), None)


def _identity(entry: Any) -> tuple[str, str]:
    version = next(each(entry, "resource", "meta", "versionId"), "")
    return str(entry.get("fullUrl")), str(version)
