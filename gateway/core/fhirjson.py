"""JSON in and out with exact decimals: what comes in as 1.50 goes out as 1.50."""

import re
from decimal import Decimal
from typing import Any, Final

import jiter
import msgspec

from gateway.core.errors import UnsafeJsonError

MAX_DEPTH: Final = 64
# FHIR's own limit on precision is 18 digits; beyond 64 nobody measures anything, and int() of such a text never ends.
_LONG_NUMBER = re.compile(rb"[0-9.]{64,}|[eE][+-]?[0-9]{4,}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def read(body: bytes) -> Any:
    """Read JSON from outside; refuse what is not strict, too deep, or ambiguous. Raises UnsafeJsonError."""
    try:
        found = jiter.from_json(
            body, catch_duplicate_keys=True, float_mode="decimal", allow_inf_nan=False, cache_mode="keys"
        )
    except ValueError:
        raise UnsafeJsonError from None
    if _LONG_NUMBER.search(body):
        _refuse_long_numbers(found)
    _look(found)
    return found


def read_own(body: bytes) -> Any:
    """Read JSON that we wrote ourselves."""
    return _decoder.decode(body)


def write(value: Any) -> bytes:
    """Write JSON, decimals as they were sent."""
    return _encoder.encode(value)


def _look(found: Any) -> None:
    """Walk with a stack, so that no depth can end the process."""
    waiting = [(found, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UnsafeJsonError
        if isinstance(node, dict):
            for key, value in node.items():
                if _CONTROL.search(key):
                    raise UnsafeJsonError
                if isinstance(value, (dict, list)):
                    waiting.append((value, depth + 1))
                elif isinstance(value, str) and _CONTROL.search(value):
                    raise UnsafeJsonError
        elif isinstance(node, list):
            for value in node:
                if isinstance(value, (dict, list)):
                    waiting.append((value, depth + 1))
                elif isinstance(value, str) and _CONTROL.search(value):
                    raise UnsafeJsonError
        elif isinstance(node, str) and _CONTROL.search(node):
            raise UnsafeJsonError


def _refuse_long_numbers(found: Any) -> None:
    waiting = [found]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, int) and not isinstance(node, bool) and abs(node) >= 10**64:
            raise UnsafeJsonError
        elif isinstance(node, Decimal):
            _, digits, exponent = node.as_tuple()
            if len(digits) > 64 or abs(int(exponent)) > 999:
                raise UnsafeJsonError
