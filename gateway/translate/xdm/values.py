"""Values of registry metadata: fields of HL7 v2 by their components, codes with their schemes, times in digits."""

import re
from typing import Any, Final

from gateway.core.record import Node
from gateway.translate.ccda.codes import system_of
from gateway.translate.converter import NotConvertedError, Primitive, converter, step
from gateway.translate.hl7v2.systems import local
from gateway.translate.hl7v2.times import ORIGINAL_TEXT
from gateway.translate.plain import in_calendar
from gateway.translate.translation import Translation

Element = dict[str, Any]
_TIME: Final = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(\d{2,6})?)?)?", re.ASCII)
_OID: Final = re.compile(r"(?:urn:oid:)?([0-2](?:\.(?:0|[1-9]\d*))+)(?:\^(.+))?", re.ASCII)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_MEDIA: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)
_ANY_URI: Final = "urn:ietf:rfc:3986"


@converter("date", "xdm")
def date(node: Node, translation: Translation) -> str:
    """A year, month or day, as far as it is told."""
    return _day(node)[0]


@converter("date_time", "xdm")
def date_time(node: Node, translation: Translation) -> str | Primitive:
    """The same; an hour without an offset from UTC is kept beside its day, as it was written."""
    day, hour = _day(node)
    if not hour:
        return day
    translation.warn("offset-missing")
    return Primitive(day, [{"url": ORIGINAL_TEXT, "valueString": node.peek.strip()}])


def _day(node: Node) -> tuple[str, str]:
    sent = _TIME.fullmatch(node.text.strip())
    if sent is None:
        raise NotConvertedError("date-unreadable")
    year, month, day, hour = sent.groups()
    in_calendar(year, month, day)
    return "-".join(filter(None, (year, month, day))), hour or ""


@converter("coding", "xdm")
def coding(node: Any, translation: Translation) -> Element | None:
    """A code, its name, and its scheme; one that only the sender knows is the sender's own."""
    said = {name: one.text.strip() for name in ("code", "display") for one in node.at(name)[:1]}
    for scheme in node.at("slots.codingScheme")[:1] if said else ():
        sent = scheme.text.strip()
        return {"system": _system(sent) or local(translation, sent), **said}
    return said or None


@converter("concept", "xdm")
def concept(node: Any, translation: Translation) -> Element | None:
    """The same as a concept."""
    found = coding(node, translation)
    return {"coding": [found]} if found else None


@converter("identifier", "xdm")
def identifier(node: Any, translation: Translation) -> Element | None:
    """CX: a number, and who assigned it."""
    return _numbered(node, "c1", "c4", translation)


@converter("person_number", "xdm")
def person_number(node: Any, translation: Translation) -> Element | None:
    """XCN: the number of a person, and who assigned it."""
    return _numbered(node, "c1", "c9", translation)


@converter("institution_number", "xdm")
def institution_number(node: Any, translation: Translation) -> Element | None:
    """XON: the number of an organization, which may be unique by itself."""
    for one in node.at("c10"):
        if _OID.fullmatch(one.peek):
            return unique_id(one, translation)
    return _numbered(node, "c10", "c6", translation)


def _numbered(node: Any, value: str, whose: str, translation: Translation) -> Element | None:
    for one in node.at(value)[:1]:
        found = {"value": one.text.strip()}
        for universal in node.at(f"{whose}.s2")[:1]:
            if system := _system(universal.peek):
                found["system"] = system
                for part in (universal, *node.at(f"{whose}.s3")):
                    part.text  # noqa: B018 - counted as read
                return found
        translation.warn("identifier-system-unknown")
        return found
    return None


@converter("unique_id", "xdm")
def unique_id(node: Node, translation: Translation) -> Element:
    """An OID, an OID with a number under it, or another URI."""
    sent = node.text.strip()
    if found := _OID.fullmatch(sent):
        root, extension = found.groups()
        return {"system": _ANY_URI if not extension else f"urn:oid:{root}", "value": extension or f"urn:oid:{root}"}
    return {"system": _ANY_URI, "value": sent} if _URI.fullmatch(sent) else {"value": sent}


@converter("media_type", "xdm")
def media_type(node: Node, translation: Translation) -> str:
    """A media type that has the form of one."""
    sent = node.text.strip()
    if not _MEDIA.fullmatch(sent):
        raise NotConvertedError("value-unreadable")
    return sent


@converter("language", "xdm")
def language(node: Node, translation: Translation) -> str:
    """A language that has the form of BCP 47; its first part is written small, a country large."""
    sent = node.text.strip()
    if not _LANGUAGE.fullmatch(sent):
        raise NotConvertedError("value-unreadable")
    first, dash, country = sent.partition("-")
    return first.lower() + dash + (country.upper() if len(country) == 2 else country)


@step("members", "xdm")
def members(node: Any, translation: Translation, element: Element) -> None:
    """The documents that the package holds."""
    made = [one for one in translation.resources if one["resourceType"] == "DocumentReference"]
    if made:
        element["entry"] = [{"item": {"reference": f"DocumentReference/{one['id']}"}} for one in made]


def _system(sent: str) -> str:
    """The URI of a coding scheme or an authority, when it is an OID, a URI or a name that stands for one."""
    if _URI.fullmatch(sent) and not sent.startswith("urn:oid:"):
        return sent
    return system_of(sent.removeprefix("urn:oid:"))
