"""CDA PN, ON, AD, TEL to HumanName, Address and ContactPoint."""

import re
from typing import Any, Final

from gateway.translate.ccda.codes import passed_over
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.times import period
from gateway.translate.converter import converter
from gateway.translate.translation import Translation

_NAME_PARTS: Final = {"given": "given", "prefix": "prefix", "suffix": "suffix"}
_QUALIFIER: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier"
_QUALIFIERS: Final = frozenset({"LS", "AC", "NB", "PR", "HON", "BR", "AD", "SP", "MID", "CL", "IN", "VV"})
_SCHEMES: Final = {"tel": "phone", "mailto": "email", "fax": "fax", "x-text-fax": "fax", "http": "url", "https": "url"}
_ONE_LINERS: Final = {
    "city": "city",
    "state": "state",
    "postalCode": "postalCode",
    "country": "country",
    "county": "district",
}
_DIGITS = re.compile(r"[\d\s().+x-]{5,}", re.ASCII)


@converter("human_name", "ccda")
def human_name(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A PN as HumanName; a name that is only text stays text."""
    made: dict[str, Any] = {}
    parts: dict[str, list[tuple[str, dict[str, Any] | None]]] = {}
    if use := _use(node, translation, "ccda-name-use"):
        made["use"] = use
    families: list[tuple[str, dict[str, Any] | None]] = []
    for part in node.children():
        said = part.words() if part.name == "family" or part.name in _NAME_PARTS else ""
        if said:
            told = families if part.name == "family" else parts.setdefault(_NAME_PARTS[part.name], [])
            told.append((said, _qualified(part, translation)))
    for target, told in parts.items():
        made[target] = [said for said, _ in told]
        if any(more for _, more in told):
            made[f"_{target}"] = [more for _, more in told]
    if families:
        made["family"] = " ".join(said for said, _ in families)
        if len(families) == 1 and families[0][1]:
            made["_family"] = families[0][1]
    if not (made.keys() - {"use"}) and (text := node.words()):
        made["text"] = text
    _valid_time(node, translation, made)
    return made if made.keys() - {"use", "period"} else None


def _qualified(part: Element, translation: Translation) -> dict[str, Any] | None:
    """What kind of name a part is, as far as R4's extension has the kind; that a prefix is a title, R4 says itself."""
    found = next((one for one in part.look("qualifier").split() if one in _QUALIFIERS), "")
    if found:
        part.read("qualifier")
        return {"extension": [{"url": _QUALIFIER, "valueCode": found}]}
    if part.look("qualifier") == "TITLE" and part.name == "prefix":
        passed_over(part, translation, "a prefix is a title", "qualifier")
    return None


@converter("full_name", "ccda")
def full_name(node: Element, translation: Translation) -> str:
    """A name in one line."""
    return str(node.words())


@converter("address", "ccda")
def address(node: Element, translation: Translation, organization: str = "") -> dict[str, Any] | None:
    """An AD as Address; an organization has no home (R4 org-2)."""
    made: dict[str, Any] = {}
    use = _use(node, translation, "ccda-address-use")
    if use and not (organization and use == "home"):
        made["use"] = use
    for part in node.children():
        if part.name in ("streetAddressLine", "additionalLocator", "unitID", "houseNumber", "streetName"):
            if line := part.words():
                made.setdefault("line", []).append(line)
        elif (target := _ONE_LINERS.get(part.name)) and target not in made and (said := part.words()):
            made[target] = said
    if not (made.keys() - {"use"}) and (text := node.words()):
        made["text"] = text
    _valid_time(node, translation, made)
    if not made.keys() - {"use", "period"}:
        passed_over(node, translation, "says for what an address is that is not told", "use")
        return None
    return made


@converter("contact_point", "ccda")
def contact_point(node: Element, translation: Translation, organization: str = "") -> dict[str, Any] | None:
    """A TEL as ContactPoint; the scheme of the URL says what it is, digits alone are a phone."""
    value = node.read("value")
    if not value:
        passed_over(node, translation, "says for what a number is that is not told", "use")
        return None
    scheme, colon, rest = value.partition(":")
    system = _SCHEMES.get(scheme.strip().lower(), "") if colon else ""
    if system in ("phone", "email", "fax"):
        value = rest.strip()
    elif not system:
        system = "email" if "@" in value else "phone" if _DIGITS.fullmatch(value) else "other"
    sent = node.look("use").split()
    made: dict[str, Any] = {"system": "pager" if "PG" in sent and system == "phone" else system, "value": value}
    use = _use(node, translation, "ccda-telecom-use")
    if use and not (organization and use == "home"):
        made["use"] = use
    _valid_time(node, translation, made)
    return made if value else None


def _use(node: Element, translation: Translation, through: str) -> str:
    """The first use that has a translation; the attribute may hold several."""
    sent = node.read("use").split()
    found = (translation.concept_map(through).translate(one) for one in sent)
    return next((one.code for one in found if one is not None), "")


def _valid_time(node: Element, translation: Translation, made: dict[str, Any]) -> None:
    stands = node.first("validTime") or node.first("useablePeriod")
    if stands is not None and (found := period(stands, translation)):
        made["period"] = found
