"""XAD, SAD and PL facilities to Address."""

from typing import Any, Final

from gateway.translate.converter import converter
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CENSUS_TRACT: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract"
_USE: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-AD-use"
_VACATION: Final = "HV"  # the one type of HL7's table that the guide gives to the extension
_USAGES: Final = {"M": "postal", "V": "physical"}  # table 0617


@converter("address", "hl7v2")
def address(part: Part, translation: Translation) -> Element | None:
    """XAD: lines, city, district, state, postal code, country, use, type and period."""
    made: Element = {}
    lines = _street(part) + [line for number in (19, 2, 8) if (line := text(part, number))]
    if lines:
        made["line"] = list(dict.fromkeys(lines))
    for number, name in ((3, "city"), (9, "district"), (4, "state"), (5, "postalCode"), (6, "country")):
        if (inner := part.part(number)) is not None and (said := phrase(inner)):
            made[name] = said
    if tract := text(part, 10):
        made["_line"] = [
            {"extension": [{"url": _CENSUS_TRACT, "valueString": tract}]},
            *[None] * (len(made.get("line", ())) - 1),
        ]
    if code_part := part.part(11):
        made.setdefault("text", _whole(made, code_part.text))
    if words := text(part, 20):
        made["text"] = _whole(made, words)
    _kind(made, part, translation)
    _period(made, part, translation)
    return made or None


def _street(part: Part) -> list[str]:
    street = part.part(1)
    if street is None:
        return []
    line, name, house = text(street, 1), text(street, 2), text(street, 3)
    if not line:
        return [joined] if (joined := " ".join(filter(None, (house, name)))) else []
    return [" ".join(filter(None, (line, name, house)))]


def _whole(made: Element, words: str) -> str:
    """The address as words, for what has no element of its own."""
    city = [made.get(name, "") for name in ("city", "state", "postalCode", "country")]
    return ", ".join(filter(None, [*made.get("line", ()), " ".join(filter(None, city)), words]))


def _kind(made: Element, part: Part, translation: Translation) -> None:
    """The address type (7) as use and type; 16 says that it is temporary, 17 that it is bad, 18 what it is used for."""
    for number, said in ((17, "old"), (16, "temp")):
        if peek(part, number) == "Y":
            reword(part.part(number), translation)
            made.setdefault("use", said)
    if usage := _USAGES.get(peek(part, 18)):
        reword(part.part(18), translation)
        made["type"] = usage
    sent = peek(part, 7)
    if sent == _VACATION:
        made.setdefault("extension", []).append({"url": _USE, "valueCode": sent})
        reword(part.part(7), translation)
    if not sent:
        return
    use = translation.concept_map("v2-0190-address-use").translate(sent)
    type = translation.concept_map("v2-0190-address-type").translate(sent)
    if use or type:
        reword(part.part(7), translation)
    if use:
        made.setdefault("use", use.code)
    if type:
        made.setdefault("type", type.code)


def _period(made: Element, part: Part, translation: Translation) -> None:
    held = part.part(12)
    start = part.part(13) or (held.part(1) if held is not None else None)
    end = part.part(14) or (held.part(2) if held is not None else None)
    if period := between(start, end, translation):
        made["period"] = period
