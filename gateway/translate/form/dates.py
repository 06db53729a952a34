"""Days as people write them in a form or a sheet: one that could be two days is not read."""

import re
from typing import Final

from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.plain import in_calendar
from gateway.translate.translation import Translation

_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_MIDNIGHT: Final = re.compile(r"[ T]00:00(?::00(?:\.0+)?)?\Z", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAY_MONTH: Final = re.compile(r"(?P<day>\d{1,2}[ .-]+)?(?P<month>[a-z]{3,9})[ .,-]+(?P<year>\d{4})", re.ASCII)
_MONTH_DAY: Final = re.compile(r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})", re.ASCII)
_MONTH_YEAR: Final = re.compile(r"(\d{1,2})/(\d{4})", re.ASCII)


@converter("date", "form")
def date(node: Node, translation: Translation) -> str:
    """A year, a month or a day, as far as it is known; a day that could be two days is refused."""
    return day(node.text.strip(), node, translation)


def day(text: str, node: Node, translation: Translation) -> str:
    """The same of a text that stands in a node."""
    order = getattr(node.record, "order_of_dates", "") or translation.policy("dates_in_numbers")
    sent = _iso(_MIDNIGHT.sub("", text), order)
    found = _DATE.fullmatch(sent)
    if found is None:
        raise NotConvertedError("date-unreadable")
    in_calendar(*found.groups())
    return sent


def _iso(sent: str, order: str) -> str:
    """A sheet's 03/25/1961 is one day; 03/04/1961 is what its neighbours prove or its sender agreed, else unread."""
    if found := _COMPACT.fullmatch(sent):
        return "-".join(found.groups())
    if found := _DOTTED.fullmatch(sent):
        return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    if found := _MONTH_YEAR.fullmatch(sent):
        return f"{found[2]}-{int(found[1]):02}"
    if found := _DAY_MONTH.fullmatch(sent.lower()) or _MONTH_DAY.fullmatch(sent.lower()):
        return _named(found) or sent
    found = _SLASHED.fullmatch(sent)
    if found is None:
        return sent
    first, second, year = int(found[1]), int(found[2]), found[3]
    if first == second or second > 12 or (order == "month-first" and first <= 12):
        return f"{year}-{first:02}-{second:02}"
    if first > 12 or order == "day-first":
        return f"{year}-{second:02}-{first:02}"
    return sent


def _named(found: re.Match[str]) -> str:
    """4 July 1949 or Jul 1949; empty where the word is no month."""
    month = next((number for number, name in enumerate(_MONTHS, 1) if name.startswith(found["month"])), 0)
    day = f"-{int(found['day'].strip(' .-')):02}" if found["day"] else ""
    return f"{found['year']}-{month:02}{day}" if month else ""
