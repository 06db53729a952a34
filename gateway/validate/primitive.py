"""The primitive datatypes: JSON type, format, and days that a calendar has."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

Predicate = Callable[[Any], bool]
MAX_STRING: Final = 1_048_576

_YEAR = r"(?!0000)\d{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"

_DATE = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?", re.ASCII)
_DATE_TIME = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?", re.ASCII)
_INSTANT = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}", re.ASCII)
_TIME = re.compile(_CLOCK, re.ASCII)
_CODE = re.compile(r"\S+(?:\s\S+)*+")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_URI = re.compile(r"\S+")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*+(?:=\s*){0,2}")
# Markup that a browser would run, in an element that holds plain text.
ACTIVE_MARKUP: Final = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|svg|style|link|meta)\b|<[^>]*\son\w+\s*=", re.IGNORECASE
)


def is_string(value: Any) -> bool:
    """Any text that is not empty and not beyond FHIR's limit."""
    return type(value) is str and 0 < len(value) <= MAX_STRING


def is_plain_text(value: Any) -> bool:
    """Text in which no markup can be."""
    return type(value) is str and 0 < len(value) <= MAX_STRING and "<" not in value


def is_date(value: Any) -> bool:
    """A year, a month or a day of the calendar."""
    return type(value) is str and _DATE.fullmatch(value) is not None and _in_calendar(value)


def is_date_time(value: Any) -> bool:
    """A date, or a moment with seconds and a zone."""
    return type(value) is str and _DATE_TIME.fullmatch(value) is not None and _in_calendar(value[:10])


def is_instant(value: Any) -> bool:
    """A moment with seconds and a zone."""
    return type(value) is str and _INSTANT.fullmatch(value) is not None and _in_calendar(value[:10])


def is_decimal(value: Any) -> bool:
    """A JSON number."""
    kind = type(value)
    return kind is int or kind is float or (kind is Decimal and value.is_finite())


def is_uri(value: Any) -> bool:
    """Text without blanks; the forms urn:oid and urn:uuid must be right where they are used."""
    if type(value) is not str or _URI.fullmatch(value) is None:
        return False
    if not value.startswith("urn:"):
        return True
    if value.startswith("urn:oid:"):
        return _OID.fullmatch(value) is not None
    return not value.startswith("urn:uuid:") or _UUID.fullmatch(value.partition("#")[0].lower()) is not None


def is_base64(value: Any) -> bool:
    """Base64 in whole groups of four."""
    if type(value) is not str or not value or _BASE64.fullmatch(value) is None:
        return False
    return sum(map(len, value.split())) % 4 == 0


def _in_calendar(day: str) -> bool:
    if len(day) < 10 or day[8:] < "29":
        return True
    try:
        date(int(day[:4]), int(day[5:7]), int(day[8:]))
    except ValueError:
        return False
    return True


def _whole(least: int) -> Predicate:
    return lambda value: type(value) is int and least <= value <= 2_147_483_647


def _matching(pattern: re.Pattern[str]) -> Predicate:
    return lambda value: type(value) is str and pattern.fullmatch(value) is not None


PREDICATES: Final[dict[str, Predicate]] = {
    "base64Binary": is_base64,
    "boolean": lambda value: type(value) is bool,
    "canonical": is_uri,
    "code": _matching(_CODE),
    "date": is_date,
    "dateTime": is_date_time,
    "decimal": is_decimal,
    "id": _matching(_ID),
    "instant": is_instant,
    "integer": _whole(-2_147_483_648),
    "markdown": is_string,
    "oid": _matching(_OID),
    "positiveInt": _whole(1),
    "string": is_string,
    "time": _matching(_TIME),
    "unsignedInt": _whole(0),
    "uri": is_uri,
    "url": is_uri,
    "uuid": _matching(_UUID),
    "xhtml": is_string,
}

_NUMBERS = ("decimal", "integer", "positiveInt", "unsignedInt")


def has_json_type(name: str, value: Any) -> bool:
    """Whether the value has the JSON type of this primitive, whatever its format."""
    if name == "boolean":
        return type(value) is bool
    return type(value) in (int, float, Decimal) if name in _NUMBERS else type(value) is str
