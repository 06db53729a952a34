"""Values of a prescription: words as they were written, numbers exactly, codes by their qualifiers."""

import re
from decimal import Decimal
from typing import Any, Final

from gateway.core.drug import RXNORM
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.drug import with_codes
from gateway.translate.plain import in_calendar
from gateway.translate.translation import Translation

Element = dict[str, Any]
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"

_SYSTEMS: Final = {"ND": "http://hl7.org/fhir/sid/ndc", "SBD": RXNORM, "SCD": RXNORM}
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)


@converter("date", "ncpdp")
def date(node: Node, translation: Translation) -> str:
    """A day."""
    return date_time(node, translation)[:10]


@converter("date_time", "ncpdp")
def date_time(node: Node, translation: Translation) -> str:
    """A day, or a moment with its offset."""
    sent = node.text.strip()
    found = _DATE.fullmatch(sent)
    if found is None:
        raise NotConvertedError("date-unreadable")
    in_calendar(found[1], found[2], found[3])
    return sent


@converter("number", "ncpdp")
def number(node: Node, translation: Translation) -> Decimal:
    """A number, its digits as they were sent."""
    sent = node.text.strip()
    if not _NUMBER.fullmatch(sent):
        raise NotConvertedError("number-unreadable")
    return Decimal(sent)


@converter("days", "ncpdp")
def days(node: Node, translation: Translation) -> Element:
    """A number of days."""
    return {"value": number(node, translation), "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}


@converter("own_number", "ncpdp")
def own_number(node: Node, translation: Translation, type: str, under: str) -> Element:
    """A number of the sender's own, in the sender's own namespace."""
    clinic = translation.sender.clinic or "unknown"
    coding = {"system": _TYPES, "code": type}
    return {
        "type": {"coding": [coding]},
        "system": f"{BASE}/sid/sender/{clinic}/{under}",
        "value": node.text.strip(),
    }


@converter("drug", "ncpdp")
def drug(node: Any, translation: Translation) -> Element | None:
    """The drug in the prescriber's words, with the codes whose qualifier says what they are of."""
    words = [one.text.strip() for one in node.at("DrugDescription")[:1]]
    codings = [coding for name in ("ProductCode", "DrugDBCode") for coding in _codings(node, f"DrugCoded.{name}")]
    if not words and not codings:
        return None
    return with_codes(
        {**({"coding": codings} if codings else {}), **({"text": words[0]} if words else {})}, translation
    )


def _codings(node: Any, place: str) -> list[Element]:
    found = []
    for one in node.at(place):
        codes = [*one.at("Code"), *one.at("text"), one]
        for qualifier in [*one.at("Qualifier"), *node.at(f"{place}Qualifier")][:1]:
            if (system := _SYSTEMS.get(qualifier.peek)) and codes:
                qualifier.text  # noqa: B018 - counted as read
                found.append({"system": system, "code": codes[0].text.strip()})
    return found
