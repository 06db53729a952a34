"""Looking into nodes that may be malformed: nothing here raises."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

UCUM = "http://unitsofmeasure.org"
_ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def has(node: Any, *names: str) -> bool:
    """Whether any of the elements stands, by value or by extension; `value[x]` is a choice in any form."""
    if type(node) is not dict:
        return False
    for name in names:
        if name in node or f"_{name}" in node:
            return True
        if name.endswith("[x]") and any(_is_form_of(key, name[:-3]) for key in node):
            return True
    return False


def _is_form_of(key: str, choice: str) -> bool:
    key = key.lstrip("_")
    return len(key) > len(choice) and key.startswith(choice) and key[len(choice)].isupper()


def each(node: Any, *names: str) -> Iterator[Any]:
    """What stands at a path of names, arrays opened."""
    if not names:
        yield from node if type(node) is list else (node,)
    elif type(node) is dict and names[0] in node:
        found = node[names[0]]
        for one in found if type(found) is list else (found,):
            yield from each(one, *names[1:])


def has_coding(node: Any, name: str, system: str, *codes: str) -> bool:
    """Whether a codeable concept holds one of the codes."""
    return any(
        type(coding) is dict and coding.get("system") == system and coding.get("code") in codes
        for coding in each(node, name, "coding")
    )


def number(value: Any) -> Decimal | None:
    """A JSON number as an exact decimal."""
    if type(value) is float:
        return Decimal(str(value))
    return Decimal(value) if type(value) in (int, Decimal) else None


def in_order(start: Any, end: Any) -> bool:
    """Whether the first moment is not after the second; True when their precision does not tell."""
    if type(start) is not str or type(end) is not str:
        return True
    if _ZONED.fullmatch(start) and _ZONED.fullmatch(end):
        try:
            return _utc(start) <= _utc(end)
        except ValueError:
            return True
    length = min(len(start), len(end), 10)
    return start[:length] <= end[:length] or (length == 10 and "T" in start + end and _near(start, end))


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(UTC)


def _near(start: str, end: str) -> bool:
    """A day without a zone and a moment with one may be the same day somewhere."""
    try:
        first, second = datetime.fromisoformat(start[:10]), datetime.fromisoformat(end[:10])
    except ValueError:
        return True
    return (first - second).days <= 1
