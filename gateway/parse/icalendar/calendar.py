"""A calendar's content lines: components within components, each property with its parameters and its place."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.core.errors import MalformedMessageError, TooLargeError, UnsupportedFormatError
from gateway.core.issue import Issue, Severity
from gateway.parse.icalendar.zone import Zone, zone_of
from gateway.parse.placed import Placed, Said

MAX_LINES: Final = 50_000
MAX_DEPTH: Final = 4  # a calendar, an event, an alarm
_BEGIN: Final = re.compile(r"BEGIN:VCALENDAR\s", re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")  # before the bytes are decoded: a character may be folded in its middle
_VALUE: Final = r'(?:"[^"]*"|[^";:,]*)'
_LINE: Final = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+={_VALUE}(?:,{_VALUE})*)*):(.*)", re.DOTALL)
_PARAMETER: Final = re.compile(rf";([A-Za-z0-9-]+)=({_VALUE}(?:,{_VALUE})*)")
_BREAK: Final = re.compile(r"\r\n?|\n")
_COMMA: Final = re.compile(r"(?<!\\),")
_LISTS: Final = frozenset({"CATEGORIES", "RESOURCES"})  # several texts in one line
_ESCAPES: Final = re.compile(r"\\([nN;,\\])")
_CARETS: Final = re.compile(r"\^([n'^])")  # RFC 6868
# Of these methods an event is only spoken of: an attendee's answer, or a wish for another time.
_SPOKEN_OF: Final = frozenset({"REPLY", "REFRESH", "COUNTER", "DECLINECOUNTER"})
_EVENT: Final = "VEVENT"
Part = dict[str, Any]


class Event(Placed):
    """One event of a calendar, and the zones that the calendar explains."""

    def __init__(self, body: Part, zones: Mapping[str, Zone], issues: list[Issue]) -> None:
        super().__init__("icalendar:event", body, issues)
        self.zones = zones


def is_calendar(text: str) -> bool:
    """Whether the content begins as a calendar does."""
    return _BEGIN.match(text) is not None


def parse(body: bytes) -> list[Event]:
    """The events of a calendar, the newest of several of one id last; what the calendar itself says is the first's.

    Raises ParseError, TooLargeError, or UnsupportedFormatError for a calendar that states no event.
    """
    issues: list[Issue] = []
    body = _FOLD.sub(b"", body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
        issues.append(Issue(Severity.WARNING, "encoding-assumed", location="VCALENDAR"))
    calendar = _calendar(text)
    method = calendar.get("METHOD", [{}])[0].get("value", "")
    events = calendar.pop(_EVENT, [])
    if not events or method.upper() in _SPOKEN_OF:
        raise UnsupportedFormatError("METHOD" if events else _EVENT)
    zones = {zone.name: zone for one in calendar.get("VTIMEZONE", ()) if (zone := zone_of(one)) is not None}
    own, shared = {"calendar": calendar}, {"calendar": {"METHOD": calendar["METHOD"]}} if method else {}
    records = [Event({**one, **(shared if n else own)}, zones, [] if n else issues) for n, one in enumerate(events)]
    return sorted(records, key=_sequence)


def _sequence(event: Event) -> int:
    said = event.body.get("SEQUENCE", [{}])[0].get("value", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _calendar(text: str) -> Part:
    """All components below VCALENDAR; the properties of each by their names, which are the same in any case."""
    root: Part = {}
    path: list[tuple[str, Part]] = [("", root)]
    counted: dict[str, int] = {}
    for number, name, parameters, value in _lines(text):
        place, within = path[-1]
        if name == "BEGIN":
            kind, one = value.strip().upper(), Part()
            counted[kind] = counted.get(kind, 0) + 1
            within.setdefault(kind, []).append(one)
            path.append((f"{kind}[{counted[kind]}]/" if kind != "VCALENDAR" else "VCALENDAR/", one))
        elif name == "END" and within is not root and re.split(r"[/\[]", place)[0] == value.strip().upper():
            path.pop()
        elif name == "END" or within is root:
            raise MalformedMessageError(f"line {number}")
        else:
            several = within.setdefault(name, [])
            several += _property(f"{place}{name}{f'[{len(several) + 1}]' if several else ''}", name, parameters, value)
        if len(path) > MAX_DEPTH:
            raise MalformedMessageError(f"line {number}")
    if len(path) > 1 or len(root.get("VCALENDAR", ())) != 1:
        raise MalformedMessageError("VCALENDAR")
    found: Part = root["VCALENDAR"][0]
    return found


def _lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    lines = _BREAK.split(text)
    if len(lines) > MAX_LINES:
        raise TooLargeError("lines")
    for number, line in enumerate(lines, 1):
        if line.strip("\ufeff\x00 \t"):
            found = _LINE.fullmatch(line)
            if found is None:
                raise MalformedMessageError(f"line {number}")
            yield number, found[1].upper(), found[2], found[3]


def _property(place: str, name: str, parameters: str, value: str) -> list[Part]:
    said: Part = {}
    for one in _PARAMETER.finditer(parameters):
        of = one[1].upper()
        said[of] = Said(_CARETS.sub(_caret, one[2].replace('"', "")), f"{place};{of}")
    texts = _COMMA.split(value) if name in _LISTS else [value]
    made: list[Part] = [{"value": Said(_ESCAPES.sub(_escape, text), place)} for text in texts]
    made[0] |= said
    return made


def _escape(found: re.Match[str]) -> str:
    return "\n" if found[1] in "nN" else found[1]


def _caret(found: re.Match[str]) -> str:
    return {"n": "\n", "'": '"', "^": "^"}[found[1]]
