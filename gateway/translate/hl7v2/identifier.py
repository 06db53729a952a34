"""CX, EI, EIP, XON, XCN, PLN, DLN and plain numbers to Identifier."""

from typing import Any

from gateway.core.outcome import BASE
from gateway.translate.converter import converter
from gateway.translate.hl7v2.leaf import Part, at, peek, reword, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.systems import (
    V2,
    authority,
    coding_system,
    in_table,
    local,
    plain,
    say_universal,
    standard,
    universal,
)
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
TYPES = f"{V2}0203"
_NPI, _SSN = "http://hl7.org/fhir/sid/us-npi", "http://hl7.org/fhir/sid/us-ssn"
_CHECK_DIGIT = f"{BASE}/StructureDefinition/so-check-digit"
_KNOWN_BY_TYPE = {"NPI": _NPI, "SS": _SSN, "SSN": _SSN}


@converter("identifier", "hl7v2")
def identifier(part: Part, translation: Translation, type: str = "", use: str = "") -> Element | None:
    """CX: value, assigning authority, type and period, each repetition for itself."""
    return _extended(part, translation, text(part, 5) or type, use, value=1, check=2, hd=4, facility=6, dates=(7, 8))


@converter("entity_identifier", "hl7v2")
def entity_identifier(
    part: Part, translation: Translation, type: str = "", use: str = "", label: str = ""
) -> Element | None:
    """EI: the value with its namespace or universal id."""
    value, hd = text(part, 1), _hd_of(part, 2)
    if not value:
        return authority_identifier(hd, translation) if hd is not None and hd.part(2) is not None else None
    system, name = authority(hd, translation)
    made = _identifier(value, system, type, use, translation)
    if label:
        made.setdefault("type", {})["text"] = label
    return _assigned(made, [name])


@converter("authority_identifier", "hl7v2")
def authority_identifier(part: Part, translation: Translation) -> Element | None:
    """HD: a universal id as the identifier of what it names; what is none is a number of the kind that the HD says."""
    if uri := universal(peek(part, 2), peek(part, 3)):
        say_universal(part, uri, translation)
        return {"system": "urn:ietf:rfc:3986", "value": uri}
    if not (value := text(part, 2)):
        return None
    kind = text(part, 3)
    return {**({"type": {"text": kind}} if kind else {}), "system": local(translation), "value": value}


@converter("authority_uri", "hl7v2")
def authority_uri(part: Part, translation: Translation) -> str | None:
    """The authority of an EI as a URI."""
    hd = _hd_of(part, 2)
    uri = universal(peek(hd, 2), peek(hd, 3)) if hd is not None else ""
    if hd is not None and uri:
        say_universal(hd, uri, translation)
    return uri or None


@converter("entity_identifier_pair", "hl7v2")
def entity_identifier_pair(part: Part, translation: Translation, type: str = "") -> list[Element]:
    """EIP: the placer's number and the filler's; an EI sent in its place is the placer's."""
    found = []
    for number, kind in ((1, "PLAC"), (2, "FILL")):
        inner = part.part(number)
        if inner is not None and (made := entity_identifier(inner, translation, type or kind)):
            found.append(made)
    return found


@converter("person_identifier", "hl7v2")
def person_identifier(part: Part, translation: Translation) -> Element | None:
    """XCN: the person's number with its authority (9), type (13), facility (14) and period (19, 20)."""
    return _extended(part, translation, text(part, 13), "", value=1, check=11, hd=9, facility=14, dates=(19, 20))


@converter("embedded_person_identifier", "hl7v2")
def embedded_person_identifier(part: Part, translation: Translation) -> Element | None:
    """CNN: a person's number inside a larger field, its authority in the parts 9 to 11."""
    value = text(part, 1)
    if not value:
        return None
    system, name = authority(_hd_of(part, 9), translation)
    return _assigned(_identifier(value, system, "", "", translation), [name])


@converter("organization_identifier", "hl7v2")
def organization_identifier(part: Part, translation: Translation) -> list[Element]:
    """XON: the organisation's identifier (10) with its authority and type, and its number of before version 2.5 (3)."""
    at_value = 10 if peek(part, 10) else 3
    made = _extended(part, translation, text(part, 7), "", value=at_value, check=4, hd=6, facility=8, dates=())
    found = [made] if made else []
    if at_value == 10 and (number := text(part, 3)) and number != peek(part, 10):
        found.append({"system": local(translation), "value": number})
    return found


@converter("practitioner_number", "hl7v2")
def practitioner_number(part: Part, translation: Translation) -> Element | None:
    """PLN: number, type, issuer and expiry of a licence or registration."""
    value = text(part, 1)
    if not value:
        return None
    made = _identifier(value, "", text(part, 2), "", translation)
    if period := between(None, part.part(4), translation):
        made["period"] = period
    return _assigned(made, [text(part, 3)])


@converter("licence", "hl7v2")
def licence(part: Part, translation: Translation, type: str = "DL") -> Element | None:
    """DLN: number, issuing state and expiry of a driver's licence."""
    value = text(part, 1)
    if not value:
        return None
    made = _identifier(value, "", type, "", translation)
    if period := between(None, part.part(3), translation):
        made["period"] = period
    return _assigned(made, [text(part, 2)])


@converter("bare_identifier", "hl7v2")
def bare_identifier(
    part: Part, translation: Translation, type: str = "", label: str = "", system: str = ""
) -> Element | None:
    """ST: a bare number, in the sender's namespace unless the field says whose it is."""
    value = part.text
    if not value:
        return None
    made = _identifier(value, system, type, "", translation)
    if label:
        made.setdefault("type", {})["text"] = label
    return made


@converter("coded_identifier", "hl7v2")
def coded_identifier(part: Part, translation: Translation) -> list[Element]:
    """CWE: the codes that stand for an organisation, each in the system it is from."""
    made = []
    for number in (1, 4):
        if value := text(part, number):
            system = coding_system(reword(part.part(number + 2), translation), "", "", value, translation)
            made.append({"system": system or local(translation), "value": value})
    return made


def _extended(
    part: Part,
    translation: Translation,
    type: str,
    use: str,
    *,
    value: int,
    check: int,
    hd: int,
    facility: int,
    dates: tuple[int, ...],
) -> Element | None:
    sent = text(part, value)
    if not sent:
        return None
    system, name = authority(part.part(hd), translation)
    facility_part = part.part(facility)
    made = _identifier(sent, system, type, use, translation)
    digit, scheme = text(part, check), text(part, check + 1)
    if digit or scheme:
        made["extension"] = [_check_digit(digit, scheme, translation)]
    if dates and (period := between(part.part(dates[0]), part.part(dates[1]), translation)):
        made["period"] = period
    return _assigned(made, [name, phrase(facility_part) if facility_part is not None else ""])


def _check_digit(digit: str, scheme: str, translation: Translation) -> Element:
    """The check digit and its scheme (table 0061), for which R4 has no element and no extension."""
    parts: list[Element] = [{"url": "digit", "valueString": digit}] if digit else []
    if scheme:
        system = f"{V2}0061" if in_table("0061", scheme) else local(translation)
        parts.append({"url": "scheme", "valueCoding": {"system": system, "code": plain(scheme)}})
    return {"url": _CHECK_DIGIT, "extension": parts}


def _identifier(value: str, system: str, type: str, use: str, translation: Translation) -> Element:
    made: Element = {}
    if use:
        made["use"] = use
    sent = plain(type)
    code = standard("0203", sent, translation)
    if code:
        made["type"] = {"coding": [{"system": TYPES, "code": code}]} if in_table("0203", code) else {"text": code}
        if code != sent:
            made["type"]["text"] = sent
    made["system"] = system or _KNOWN_BY_TYPE.get(code) or local(translation, type)
    made["value"] = value
    return made


def _assigned(made: Element, names: list[str]) -> Element:
    if named := ", ".join(dict.fromkeys(filter(None, names))):
        made["assigner"] = {"display": named}
    return made


class _Shifted:
    """An HD whose three parts stand in a row inside a larger field, as those of an EI do."""

    def __init__(self, part: Part, first: int) -> None:
        self._part = part
        self._first = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    def part(self, number: int) -> Part | None:
        """The n-th part of the HD."""
        return self._part.part(self._first + number - 1)

    def text_at(self, number: int) -> str:
        """Its text, counted as read."""
        return self._part.text_at(self._first + number - 1)

    def peek_at(self, number: int) -> str:
        """The same, not counted."""
        return self._part.peek_at(self._first + number - 1)


def _hd_of(part: Part, first: int) -> Part | None:
    if any(at(part, first + n) is not None for n in range(3)):
        return _Shifted(part, first)  # type: ignore[return-value]
    return None
