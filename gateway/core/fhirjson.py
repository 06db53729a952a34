"""JSON in and out with exact decimals: what comes in as 1.50 goes out as 1.50."""

import re
from decimal import Decimal
from typing import Any, Final

import jiter
import msgspec

from gateway.core.errors import UnsafeJsonError

MAX_DEPTH: Final = 64
# FHIR's own limit on precision is 18 digits; beyond 64 nobody measures anything, and int() of such a text never ends.
_LONG_NUMBERS: Final = (b"0" * 64, b"0e0000", b"0e+0000")  # as they look when all digits are the same
_ALIKE: Final = bytes.maketrans(b"123456789.E-", b"0000000000e+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROL_ESCAPED = re.compile(rb"\\(?:[bf]|u00[01])")  # the only way in: bare ones are no JSON

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
    alike = body.translate(_ALIKE)
    if any(one in alike for one in _LONG_NUMBERS):
        _refuse_long_numbers(found)
    _refuse_depth(found)
    if _CONTROL_ESCAPED.search(body):
        _refuse_controls(found)
    return found


def read_own(body: bytes) -> Any:
    """Read JSON that we wrote ourselves."""
    return _decoder.decode(body)


def write(value: Any) -> bytes:
    """Write JSON, decimals as they were sent."""
    return _encoder.encode(value)


def _refuse_depth(found: Any) -> None:
    """Level by level, so that no depth can end the process."""
    level = [found]
    for _ in range(MAX_DEPTH):
        parts = (one.values() if type(one) is dict else one for one in level if type(one) is dict or type(one) is list)
        level = [part for each in parts for part in each if type(part) is dict or type(part) is list]
        if not level:
            return
    raise UnsafeJsonError


def _refuse_controls(found: Any) -> None:
    waiting = [found]
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            waiting.extend(node.keys())
            waiting.extend(node.values())
        elif type(node) is list:
            waiting.extend(node)
        elif type(node) is str and _CONTROL.search(node):
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
