"""XTN to ContactPoint."""

from typing import Any

from gateway.translate.converter import converter
from gateway.translate.hl7v2.leaf import Part, convert, peek, text
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]


@converter("telecom", "hl7v2")
def telecom(part: Part, translation: Translation, use: str = "", system: str = "") -> Element | None:
    """XTN: the number as one text, its system, use, period and rank."""
    equipment, purpose = peek(part, 3), peek(part, 2)
    value = _value(part, equipment)
    if not value:
        return None
    made: Element = {"system": _system(part, equipment, purpose, value, system, translation), "value": value}
    _use(made, part, equipment, purpose, use, translation)
    if period := between(part.part(13), part.part(14), translation):
        made["period"] = period
    convert(made, "rank", part.part(18), translation, "rank")
    return made


@converter("rank", "hl7v2")
def rank(part: Part, translation: Translation) -> int | None:
    """A preference order, 1 is the first."""
    sent = part.peek
    return int(part.text) if sent.isdigit() and 0 < int(sent) < 1000 else None


def _value(part: Part, equipment: str) -> str:
    """The number as its parts say it, else as written (.1, .12); an address of the internet stands in .4."""
    mail = text(part, 4)
    if mail:
        return mail
    parts = _assembled(part)
    written = text(part, 1) or text(part, 12)
    if not parts:
        return " ext. ".join(filter(None, (written, text(part, 8)))) if written else ""
    if written and written != parts:
        return f"{written} ({parts})" if _digits(parts) not in _digits(written) else written
    return parts


def _assembled(part: Part) -> str:
    number = text(part, 7)
    if not number:
        return ""
    country, area, extension = text(part, 5), text(part, 6), text(part, 8)
    prefix = f"+{country.lstrip('+')}" if country else ""
    main = " ".join(filter(None, (prefix, area, number)))
    return f"{main} ext. {extension}" if extension else main


def _digits(said: str) -> str:
    return "".join(sign for sign in said if sign.isdigit())


def _system(part: Part, equipment: str, purpose: str, value: str, given: str, translation: Translation) -> str:
    found = translation.concept_map("v2-0202-telecom-system").translate(equipment) if equipment else None
    if found is not None:
        text(part, 3)
        return found.code
    if purpose == "NET" or "@" in value:
        return "email"
    return given or "phone"


def _use(made: Element, part: Part, equipment: str, purpose: str, use: str, translation: Translation) -> None:
    found = translation.concept_map("v2-0201-telecom-use").translate(purpose) if purpose else None
    if purpose and (found is not None or purpose == "NET"):
        text(part, 2)
    if equipment == "CP":
        made["use"] = "mobile"
    elif found is not None:
        made["use"] = found.code
    elif use:
        made["use"] = use
