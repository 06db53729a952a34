"""Whether a JSON value is one of the primitive type that R4 asks for."""

import re
from collections.abc import Callable
from datetime import date as calendar_day
from decimal import Decimal
from typing import Any, Final

_DATE: Final = re.compile(r"([1-9]\d{3}|0\d{3})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?", re.ASCII)
_ZONE: Final = re.compile(r"Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00", re.ASCII)
_FORMS: Final = {
    "id": re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII),
    "code": re.compile(r"\S+(?: \S+)*"),
    "oid": re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII),
    "uuid": re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII),
    "base64Binary": re.compile(r"[A-Za-z0-9+/=\s]+", re.ASCII),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "time": _TIME,
}
_LEAST: Final = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_DATES: Final = frozenset(("date", "dateTime", "instant"))


def is_date_type(type: str) -> bool:
    """Whether the type is one of those that name a day."""
    return type in _DATES


def fits(value: Any, type: str) -> bool:
    """Whether the value may stand in an element of that primitive type."""
    if type == "boolean":
        return isinstance(value, bool)
    if type in _LEAST:
        return isinstance(value, int) and not isinstance(value, bool) and _LEAST[type] <= value < 2**31
    if type == "decimal":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not isinstance(value, str) or not value.strip() or len(value) > 40_000_000:
        return False
    if type in _DATES:
        return _MOMENTS[type](value)
    form = _FORMS.get(type)
    return form is None or form.fullmatch(value) is not None


def _is_date(text: str) -> bool:
    sent = _DATE.fullmatch(text)
    if sent is None:
        return False
    try:
        calendar_day(int(sent[1]), int(sent[2] or 1), int(sent[3] or 1))
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    return _is_instant(text) if "T" in text else _is_date(text)


def _is_instant(text: str) -> bool:
    day, _, rest = text.partition("T")
    time = _TIME.match(rest)
    return len(day) == 10 and _is_date(day) and time is not None and _ZONE.fullmatch(rest[time.end() :]) is not None


_MOMENTS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "dateTime": _is_date_time,
    "instant": _is_instant,
}
