"""One interchange: the delimiters that ISA declares, its segments, and the loops that they stand in."""

import re
from typing import Any, Final, NamedTuple

from gateway.core.errors import MalformedMessageError, TooLargeError, UnsupportedFormatError
from gateway.core.issue import Issue, Severity
from gateway.parse.placed import Placed, Said

MAX_SEGMENTS: Final = 50_000
_ISA: Final = re.compile(r"ISA([^\sA-Za-z0-9])")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{1,2}", re.ASCII)
_ELEMENTS: Final = 16  # of ISA; what stands in the last is the component separator, and behind it the terminator
_ANSWER: Final = "271"
# HL03, by which X12 says whose loop begins.
_LEVELS: Final = {"20": "source", "21": "receiver", "22": "subscriber", "23": "dependent"}
_UNDER_BENEFIT: Final = re.compile("DTP|MSG|REF|HSD|III|LS|LE|NM1|N3|N4|PER|PRV|AAA")
Part = dict[str, Any]


class _Signs(NamedTuple):
    element: str
    repetition: str
    component: str
    terminator: str


def is_interchange(text: str) -> bool:
    """Whether the content begins as an interchange does."""
    return _ISA.match(text) is not None


def parse(body: bytes) -> list[Placed]:
    """Read one interchange. Raises ParseError, TooLargeError, or UnsupportedFormatError for other transactions."""
    issues: list[Issue] = []
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
        issues.append(Issue(Severity.WARNING, "encoding-assumed", location="ISA"))
    text = text.lstrip()
    signs = _signs(text)
    segments = [one.strip("\r\n") for one in text.split(signs.terminator)]
    if len(segments) > MAX_SEGMENTS:
        raise TooLargeError("segments")
    found = _loops([one.split(signs.element) for one in segments if one], signs)
    sets = [one for one in found.get("ST", ()) if one.get("e01") == _ANSWER]
    if len(sets) != 1 or len(found["ST"]) != 1:
        raise UnsupportedFormatError("ST-01")
    return [Placed(f"x12:{_ANSWER}", found, issues)]


def _signs(text: str) -> _Signs:
    if not is_interchange(text):
        raise MalformedMessageError("ISA")
    element, at, ends = text[3], 0, list[int]()
    for _ in range(_ELEMENTS):
        at = text.find(element, at) + 1
        ends.append(at)
        if not at:
            raise MalformedMessageError("ISA")
    if len(text) < at + 2:
        raise MalformedMessageError("ISA")
    repetition = text[ends[10]]
    signs = _Signs(element, "" if repetition.isalnum() else repetition, text[at], text[at + 1])
    if signs.terminator.isalnum() or signs.component.isalnum() or len({element, *signs[2:]}) != len(signs) - 1:
        raise MalformedMessageError("ISA")
    return signs


def _loops(segments: list[list[str]], signs: _Signs) -> Part:
    """The segments by their names; from each HL on in the loop of its level, and below EB what tells of one benefit."""
    found: Part = {}
    loop, benefit = found, None
    counted: dict[str, int] = {}
    for name, *elements in segments:
        if not _NAME.fullmatch(name):
            raise MalformedMessageError("segment")
        counted[name] = counted.get(name, 0) + 1
        made = _segment(f"{name}[{counted[name]}]", elements, signs)
        if name == "HL":
            level = _LEVELS.get(elements[2] if len(elements) > 2 else "", "other")
            loop, benefit = {}, None
            found.setdefault(level, []).append(loop)
        elif name in ("SE", "GE", "IEA"):
            loop, benefit = found, None
        if name == "EB":
            benefit = made
        under = benefit if benefit is not None and _UNDER_BENEFIT.fullmatch(name) else loop
        under.setdefault(name, []).append(made)
    return found


def _segment(place: str, elements: list[str], signs: _Signs) -> Part:
    found: Part = {}
    isa = place.startswith("ISA")
    for number, element in enumerate(elements, 1):
        at = f"{place}-{number:02}"
        parts = element.split(signs.repetition) if signs.repetition and not isa else [element]
        made = [_value(part, at, signs, whole=isa) for part in parts if part.strip()]
        if made:
            found[f"e{number:02}"] = made[0] if len(made) == 1 else made
    return found


def _value(text: str, place: str, signs: _Signs, *, whole: bool) -> Said | Part:
    parts = text.split(signs.component)
    if whole or len(parts) == 1:
        return Said(text.strip(), place)
    return {f"c{n}": Said(part.strip(), f"{place}.{n}") for n, part in enumerate(parts, 1) if part.strip()}
