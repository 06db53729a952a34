"""One search parameter with its value as a condition on resources: token, string, date and reference (R4 search)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, exists, false, or_, select

from gateway.core.errors import UnknownModifierError, UnreadableValueError
from gateway.store.date_range import DateRange, date_range, widened
from gateway.store.index import LONGEST, fold, literal
from gateway.store.parameters import Parameter, registry
from gateway.store.tables import dates, references, resources, strings, tokens
from gateway.store.visibility import Sight, named_for

Condition = ColumnElement[bool]
MOST_VALUES: Final = 200
_ESCAPED: Final = re.compile(r"\\([,|$\\])")
_PREFIXED: Final = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d.*)", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_ADDRESS: Final = re.compile(r"(?:https?://|urn:)\S+")
_TOP: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Asking:
    """What a condition needs to know of the request: our own base address, the time, the clinic that asks (if one)."""

    base: str
    now: datetime
    clinic: Sight = None


def condition(type: str, parameter: Parameter, modifier: str, value: str, asking: Asking) -> Condition:
    """The condition on a resource of this type. Raises UnknownModifierError or UnreadableValueError."""
    if modifier == "missing":
        return _missing(type, parameter, value, asking)
    texts = alternatives(parameter.name, value)
    return _KINDS[parameter.kind](type, parameter, modifier, texts, asking)


def alternatives(name: str, value: str) -> list[str]:
    """The values joined by commas, still escaped; an empty one asks for nothing and is refused."""
    texts = _split(value, ",")
    if len(texts) > MOST_VALUES or not all(texts):
        raise UnreadableValueError(name)
    return texts


def id_condition(texts: Iterable[str]) -> Condition:
    """`_id`: one of these ids."""
    ids = [_plain(text) for text in texts]
    if not all(_ID.fullmatch(id) for id in ids):
        raise UnreadableValueError("_id")
    return resources.c.id.in_(ids)


def updated_condition(texts: Iterable[str], asking: Asking) -> Condition:
    """`_lastUpdated`: an instant compared as a date."""
    found = []
    for text in texts:
        prefix, asked = _dated("_lastUpdated", text, asking)
        found.append(_within(prefix, asked, resources.c.updated, resources.c.updated, instantly=True))
    return or_(*found)


def with_rows(table: Table, type: str, parameter: str, *rest: Condition, few: bool = False) -> Condition:
    """Resources that have a search row of this parameter for which the rest holds.

    What only few resources have (a patient, a name, an identifier) is looked up first and leads to them; what many
    have (a status, a category) is looked at for each that the others lead to.
    """
    if few:
        found = select(table.c.id).where(table.c.type == type, table.c.parameter == parameter, *rest)
        return resources.c.id.in_(found)
    own = exists().where(table.c.type == type, table.c.id == resources.c.id, table.c.parameter == parameter, *rest)
    return own.correlate(resources)


def _missing(type: str, parameter: Parameter, value: str, asking: Asking) -> Condition:
    if value not in ("true", "false"):
        raise UnreadableValueError(parameter.name)
    names = {
        "token": ((tokens, parameter.name), (strings, parameter.name)),
        "string": ((strings, parameter.name),),
        "date": ((dates, parameter.name),),
        "reference": ((references, parameter.name), (tokens, f"{parameter.name}:identifier")),
    }
    seen = {references: named_for(asking.clinic)}
    present = or_(*(with_rows(table, type, name, *seen.get(table, ())) for table, name in names[parameter.kind]))
    return ~present if value == "true" else present


def _token(type: str, parameter: Parameter, modifier: str, texts: list[str], _: Asking) -> Condition:
    if modifier == "text":
        return or_(*(with_rows(strings, type, parameter.name, _starts(text)) for text in texts))
    if modifier not in ("", "not"):
        raise UnknownModifierError(parameter.name)
    wanted = or_(*(_coded(parameter.name, text, parameter.exact) for text in texts))
    found = with_rows(tokens, type, parameter.name, wanted, few=parameter.exact)
    return ~found if modifier == "not" else found


def _coded(name: str, text: str, exact: bool) -> Condition:
    """`code` of any system, `system|code`, `|code` of no system, `system|` with any code."""
    system, *rest = _split(text, "|")
    if len(rest) > 1 or (rest and not system and not rest[0]):
        raise UnreadableValueError(name)
    code = _plain(rest[0] if rest else system)[:LONGEST]
    conditions = [tokens.c.folded == (code if exact else code.casefold())] if code else []
    if rest:
        conditions.append(tokens.c.system == _plain(system) if system else tokens.c.system.is_(None))
    return and_(*conditions)


def _string(type: str, parameter: Parameter, modifier: str, texts: list[str], _: Asking) -> Condition:
    compare = {"": _starts, "exact": _exactly, "contains": _contains}.get(modifier)
    if compare is None:
        raise UnknownModifierError(parameter.name)
    return with_rows(strings, type, parameter.name, or_(*(compare(text) for text in texts)), few=True)


def _starts(text: str) -> Condition:
    folded = fold(_plain(text))
    return and_(strings.c.folded >= folded, strings.c.folded < folded + _TOP)


def _exactly(text: str) -> Condition:
    return strings.c.value == _plain(text)[:LONGEST]


def _contains(text: str) -> Condition:
    return strings.c.folded.contains(fold(_plain(text)), autoescape=True)


def _date(type: str, parameter: Parameter, modifier: str, texts: list[str], asking: Asking) -> Condition:
    if modifier:
        raise UnknownModifierError(parameter.name)
    found = (_within(*_dated(parameter.name, text, asking), dates.c.low, dates.c.high) for text in texts)
    return with_rows(dates, type, parameter.name, or_(*found))


def _dated(name: str, text: str, asking: Asking) -> tuple[str, DateRange]:
    found = _PREFIXED.fullmatch(_plain(text))
    asked = date_range(found[2]) if found else None
    if found is None or asked is None:
        raise UnreadableValueError(name)
    prefix = found[1] or "eq"
    return prefix, widened(asked, asking.now) if prefix == "ap" else asked


def _within(
    prefix: str, asked: DateRange, low: ColumnElement[str], high: ColumnElement[str], *, instantly: bool = False
) -> Condition:
    """What a prefix asks of the range [low, high) that is stored, given the range that is asked for.

    An instant is a range without length: it ends where it begins, so its end may not touch the range's end.
    """
    ends_within = high < asked.high if instantly else high <= asked.high
    ends_beyond = high >= asked.high if instantly else high > asked.high
    inside = and_(low >= asked.low, ends_within)
    conditions: Mapping[str, Condition] = {
        "eq": inside,
        "ne": ~inside,
        "gt": ends_beyond,
        "lt": low < asked.low,
        "ge": or_(inside, ends_beyond),
        "le": or_(inside, low < asked.low),
        "sa": low >= asked.high,
        "eb": high < asked.low if instantly else high <= asked.low,
        "ap": and_(low < asked.high, high >= asked.low if instantly else high > asked.low),
    }
    return conditions[prefix]


def _reference(type: str, parameter: Parameter, modifier: str, texts: list[str], asking: Asking) -> Condition:
    if modifier == "identifier":
        wanted = or_(*(_coded(parameter.name, text, exact=True) for text in texts))
        return with_rows(tokens, type, f"{parameter.name}:identifier", wanted, few=True)
    if modifier and not (modifier in registry() and parameter.points_at(modifier)):
        raise UnknownModifierError(parameter.name)
    wanted = or_(*(_named(parameter, modifier, _plain(text), asking) for text in texts))
    return with_rows(references, type, parameter.name, wanted, *named_for(asking.clinic), few=True)


def _named(parameter: Parameter, type: str, text: str, asking: Asking) -> Condition:
    """`id`, `Type/id`, our own address of it, or a foreign address."""
    if _ID.fullmatch(text):
        types = (type,) if type else parameter.targets
        typed = references.c.target_type.in_(types) if types else references.c.target_type != ""
        return and_(typed, references.c.target_id == text)
    named, id = literal(text, asking.base)
    if not named and not _ADDRESS.fullmatch(id):
        raise UnreadableValueError(parameter.name)
    if type and named != type:
        return false()
    return and_(references.c.target_type == named, references.c.target_id == id[:LONGEST])


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks that no backslash escapes."""
    parts, part, position = [], "", 0
    while position < len(text):
        if text[position] == "\\":
            part += text[position : position + 2]
            position += 2
            continue
        if text[position] == mark:
            parts.append(part)
            part = ""
        else:
            part += text[position]
        position += 1
    return [*parts, part]


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


_Build = Callable[[str, Parameter, str, list[str], Asking], Condition]
_KINDS: Final[Mapping[str, _Build]] = {"token": _token, "string": _string, "date": _date, "reference": _reference}
