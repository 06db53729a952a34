"""Lines of the inbox that one fault makes, put together as they are shown: one line with its places."""

import re
from collections.abc import Iterable
from typing import Final

from gateway.core.ledger import State
from gateway.store.inbox import Line

_LEAF: Final = frozenset({State.UNMAPPED, State.FAILED, State.UNTRANSLATED})


def faults(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines by their fault, each where its first line stood; what is done is done to a line."""
    found: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        found.setdefault(_fault(line), []).append(line)
    return list(found.values())


def _fault(line: Line) -> tuple[str, ...]:
    """A code that nobody knows, a rule that is broken, a segment or element that no row reads."""
    # The id of a table's row says where it was noticed; that of a constraint says what is wrong.
    rule = "" if "#" in line.rule else line.rule
    around = _around(line.location) if line.trouble in _LEAF else ""
    return line.format, line.trouble, line.state, line.effect, line.system, line.code, rule, around


def _around(location: str) -> str:
    """The segment of a field, the element of an attribute, the row of a cell."""
    if location.startswith("/"):
        return location.rsplit("/", 2)[0]
    return re.split("-| / ", location)[0]
