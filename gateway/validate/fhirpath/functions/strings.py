"""Strings."""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from gateway.validate.fhirpath.environment import Environment
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.functions.function import Function, given, integer, result, text
from gateway.validate.fhirpath.item import Items

_LONGEST: Final = 1_048_576
# A group that ends with a repetition and is repeated itself can take a time that has no end.
_RUNS_AWAY: Final = re.compile(r"[+*}]\)[+*{]")


def _substring(focus: Items, env: Environment, start: Items, *length: Items) -> Items:
    whole, first = text(focus), integer(start)
    if whole is None or first is None or not 0 <= first < len(whole):
        return ()
    count = integer(length[0]) if length else None
    return result(whole[first:] if count is None else whole[first : first + max(count, 0)])


@lru_cache(maxsize=1024)
def _pattern(written: str) -> re.Pattern[str]:
    """A pattern of a definition: no longer than one can read, and none that runs away."""
    if len(written) > 1000 or _RUNS_AWAY.search(written):
        raise ExpressionError("a pattern that is not run")
    try:
        return re.compile(written, re.DOTALL)
    except re.error:
        raise ExpressionError("a pattern that cannot be read") from None


def _searched(value: str, written: str) -> bool | None:
    return None if len(value) > _LONGEST else _pattern(written).search(value) is not None


def _matched_whole(value: str, written: str) -> bool | None:
    return None if len(value) > _LONGEST else _pattern(written).fullmatch(value) is not None


def _replaced(value: str, written: str, other: str) -> str:
    return _pattern(written).sub(re.sub(r"\$(\d+)", r"\\\1", other), value) if written else value


def _joined(focus: Items, env: Environment, *separator: Items) -> Items:
    between = (text(separator[0]) or "") if separator else ""
    return result(between.join(text((item,)) or "" for item in focus))


def _encoded(value: str, format: str) -> str | None:
    body = value.encode()
    if format == "hex":
        return body.hex()
    if format not in ("base64", "urlbase64"):
        return None
    return (base64.b64encode if format == "base64" else base64.urlsafe_b64encode)(body).decode()


def _decoded(value: str, format: str) -> str | None:
    read: dict[str, Callable[[str], bytes]] = {
        "hex": bytes.fromhex,
        "base64": base64.b64decode,
        "urlbase64": base64.urlsafe_b64decode,
    }
    try:
        return read[format](value).decode() if format in read else None
    except (ValueError, binascii.Error):
        raise ExpressionError("an encoding that cannot be read") from None


def _escaped(value: str, target: str) -> str | None:
    if target == "html":
        return html.escape(value, quote=False).replace('"', "&quot;")
    return json.dumps(value, ensure_ascii=False)[1:-1] if target == "json" else None


def _unescaped(value: str, target: str) -> str | None:
    if target == "html":
        return html.unescape(value)
    if target != "json":
        return None
    try:
        return str(json.loads('"' + re.sub(r'(?<!\\)"', r"\"", value) + '"'))
    except ValueError:
        raise ExpressionError("an escape that cannot be read") from None


FUNCTIONS: Final = {
    "startsWith": given(str.startswith, text, text),
    "endsWith": given(str.endswith, text, text),
    "contains": given(str.__contains__, text, text),
    "indexOf": given(str.find, text, text),
    "lastIndexOf": given(str.rfind, text, text),
    "length": given(len, text),
    "lower": given(str.lower, text),
    "upper": given(str.upper, text),
    "trim": given(str.strip, text),
    "toChars": given(list, text),
    "split": given(lambda value, at: value.split(at) if at else list(value), text, text),
    "join": Function(0, 1, _joined),
    "substring": Function(1, 2, _substring),
    "replace": given(str.replace, text, text, text),
    "matches": given(_searched, text, text),
    "matchesFull": given(_matched_whole, text, text),
    "replaceMatches": given(_replaced, text, text, text),
    "encode": given(_encoded, text, text),
    "decode": given(_decoded, text, text),
    "escape": given(_escaped, text, text),
    "unescape": given(_unescaped, text, text),
}
