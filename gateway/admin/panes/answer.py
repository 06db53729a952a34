"""What a destination answered: its OperationOutcome in lines; words that could repeat a value only when revealed."""

from typing import Any, Final

import msgspec

from gateway.core import fhirjson

_MOST: Final = 20_000


def answer(body: bytes, *, revealed: bool) -> str:
    """The answer as it may be seen."""
    if revealed:
        return body[:_MOST].decode("utf-8", "replace")
    if not body:
        return ""
    try:
        said = fhirjson.read_own(body)
    except (msgspec.DecodeError, RecursionError):
        return f"‹{len(body)} bytes›"
    issues = said.get("issue") if isinstance(said, dict) else None
    if not isinstance(issues, list):
        return f"‹{len(body)} bytes›"
    return "\n".join(_issue(one) for one in issues if isinstance(one, dict))


def _issue(one: dict[str, Any]) -> str:
    """Weight, kind and place; the store's own words as their length."""
    places = one.get("expression") or one.get("location") or []
    words = [one.get("diagnostics"), (one.get("details") or {}).get("text")]
    hidden = sum(len(text) for text in words if isinstance(text, str))
    parts = [str(one.get("severity", "")), str(one.get("code", "")), *map(str, places)]
    return " · ".join(filter(None, [*parts, f"‹{hidden}›" if hidden else ""]))
