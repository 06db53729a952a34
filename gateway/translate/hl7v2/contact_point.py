"""XTN to ContactPoint."""

from typing import Any, Final

from gateway.translate.converter import converter
from gateway.translate.hl7v2.leaf import Part, convert, peek, reword, text
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_PART: Final = "http://hl7.org/fhir/StructureDefinition/contactpoint-"


@converter("telecom", "hl7v2")
def telecom(part: Part, translation: Translation, use: str = "", system: str = "") -> list[Element] | None:
    """XTN: the number as one text, its system, use, period and rank; an address beside a number is another one."""
    equipment, purpose = peek(part, 3), peek(part, 2)
    mail, numbers = text(part, 4), _numbers(part)
    found: list[Element] = [
        {"system": _system(part, equipment, purpose, number, system, translation), "value": number}
        for number in numbers
    ]
    if mail:
        found.append({"system": "email" if "@" in mail or not numbers else "other", "value": mail})
        if equipment in ("Internet", "X.400"):
            reword(part.part(3), translation)
    if found and numbers and not peek(part, 7):
        _beside(found[0], part)
    period = between(part.part(13), part.part(14), translation) if found else None
    for one in found:
        _use(one, part, equipment, purpose, use, translation)
        if period:
            one["period"] = period
        convert(one, "rank", part.part(18), translation, "rank")
    return found or None


@converter("rank", "hl7v2")
def rank(part: Part, translation: Translation) -> int | None:
    """A preference order, 1 is the first."""
    sent = part.peek
    return int(part.text) if sent.isdigit() and 0 < int(sent) < 1000 else None


def _numbers(part: Part) -> list[str]:
    """The number as its parts say it, else as it was written (.1, .12); what is written otherwise is another number."""
    written = [one for one in (text(part, 1), text(part, 12)) if one]
    assembled = _assembled(part)
    if not assembled:
        written[:1] = [" ext. ".join(filter(None, (one, text(part, 8)))) for one in written[:1]]
    found: list[str] = []
    for one in [assembled, *written] if assembled else written:
        if not any(_said_in(one, held) for held in found):
            found = [held for held in found if not _said_in(held, one)] + [one]
    return found


def _assembled(part: Part) -> str:
    number = text(part, 7)
    if not number:
        return ""
    country, area, extension = text(part, 5), text(part, 6), text(part, 8)
    prefix = f"+{country.lstrip('+')}" if country else ""
    main = " ".join(filter(None, (prefix, area, number)))
    return f"{main} ext. {extension}" if extension else main


def _beside(made: Element, part: Part) -> None:
    """Country and area told beside a number written as a whole."""
    told = [(name, said) for number, name in ((5, "country"), (6, "area")) if (said := text(part, number))]
    if told:
        made["extension"] = [{"url": f"{_PART}{name}", "valueString": said} for name, said in told]


def _said_in(number: str, other: str) -> bool:
    """Whether all digits of a number stand in another; words without a digit are no other number."""
    digits = _digits(number)
    return digits in _digits(other) if digits else number == other


def _digits(said: str) -> str:
    return "".join(filter(str.isdigit, said))


def _system(part: Part, equipment: str, purpose: str, value: str, given: str, translation: Translation) -> str:
    found = translation.concept_map("v2-0202-telecom-system").translate(equipment) if equipment else None
    if found is not None:
        reword(part.part(3), translation)
        if purpose == "BPN":
            return "pager"
        return found.code if found.code != "email" or "@" in value else given or "phone"
    if purpose == "NET" or "@" in value:
        return "email"
    return "pager" if purpose == "BPN" else given or "phone"


def _use(made: Element, part: Part, equipment: str, purpose: str, use: str, translation: Translation) -> None:
    found = translation.concept_map("v2-0201-telecom-use").translate(purpose) if purpose else None
    if found is not None and found.code == "home" and translation.here.type == "Organization":
        found = None  # org-3: an organisation has no number at home
    if found is not None or purpose in ("NET", "BPN"):
        reword(part.part(2), translation)
    if equipment == "CP":
        made["use"] = "mobile"
    elif found is not None:
        made["use"] = found.code
    elif use:
        made["use"] = use
