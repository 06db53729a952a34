"""Value sets as plain sets of codes; what cannot be decided here is None, never empty."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from gateway.validate.ucum import UCUM

Codes = frozenset[str]
Expansion = Mapping[str, Codes]  # system -> codes
Find = Callable[[str], dict[str, Any] | None]

# Value sets that no list holds: the form of their codes is the check (BCP 13, BCP 47, ISO 4217).
FORMS: Final = {
    "http://hl7.org/fhir/ValueSet/mimetypes": re.compile(
        r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;.*)?|json|xml|ttl", re.ASCII
    ),
    "http://hl7.org/fhir/ValueSet/all-languages": re.compile(
        r"[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"  # language, script, region
        r"(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*+(?:-[a-wy-z\d](?:-[a-z\d]{2,8})++)*+(?:-x(?:-[a-z\d]{1,8})++)?"
        r"|[ix](?:-[a-z\d]{1,8})++|en-GB-oed|sgn-(?:BE-FR|BE-NL|CH-DE)",
        re.ASCII | re.IGNORECASE,
    ),
    "http://hl7.org/fhir/ValueSet/currencies": re.compile(r"[A-Z]{3}", re.ASCII),
}
# Codes of such a set that are in use (ISO 4217, list one of 2025); lists grow, so another is doubtful.
_CURRENCIES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT "
    "LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD "
    "XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG"
)
IN_USE: Final = {"http://hl7.org/fhir/ValueSet/currencies": frozenset(_CURRENCIES.split())}
# Value sets that are the whole of a code system which is known by its grammar.
WHOLE: Final = {"http://hl7.org/fhir/ValueSet/ucum-units": UCUM}


def expand(url: str, value_set: Find, code_system: Find) -> Expansion | None:
    """All codes of a value set by system, or None when a part of it cannot be listed."""
    return _expand(url.partition("|")[0], value_set, code_system, ())


def systems(url: str, value_set: Find) -> Codes | None:
    """The code systems that a value set takes codes from, or None when it imports a set that is not here."""
    return _systems(url, value_set, ())


def _systems(url: str, value_set: Find, inside: tuple[str, ...]) -> Codes | None:
    found = value_set(url)
    if found is None or url in inside:
        return None
    total: set[str] = set()
    for part in found.get("compose", {}).get("include", ()):
        imported = [_systems(one.partition("|")[0], value_set, (*inside, url)) for one in part.get("valueSet", ())]
        if "system" in part:
            total.add(part["system"])
        elif None in imported:
            return None
        total.update(*(one for one in imported if one and "system" not in part))
    return frozenset(total) or None


def all_codes(system: dict[str, Any]) -> Codes | None:
    """Every code of a complete code system."""
    if system.get("content") != "complete":
        return None
    return frozenset(concept["code"] for concept, _ in _concepts(system.get("concept", ()), ()))


def _expand(url: str, value_set: Find, code_system: Find, inside: tuple[str, ...]) -> Expansion | None:
    found = value_set(url)
    if found is None or url in inside:
        return None
    compose = found.get("compose")
    if not compose:
        return _expanded(found.get("expansion", {}).get("contains", ()))
    total: dict[str, Codes] = {}
    for part in compose.get("include", ()):
        included = _part(part, value_set, code_system, (*inside, url))
        if included is None:
            return None
        for system, codes in included.items():
            total[system] = total.get(system, frozenset()) | codes
    for part in compose.get("exclude", ()):
        excluded = _part(part, value_set, code_system, (*inside, url))
        if excluded is None:
            return None
        total = {system: codes - excluded.get(system, frozenset()) for system, codes in total.items()}
    return total


def _part(part: dict[str, Any], value_set: Find, code_system: Find, inside: tuple[str, ...]) -> Expansion | None:
    """One include or exclude: its own codes, crossed with every value set that it imports."""
    sets: list[Expansion | None] = []
    if system := part.get("system"):
        codes = _from_system(part, code_system(system))
        sets.append(None if codes is None else {system: codes})
    sets += [_expand(url.partition("|")[0], value_set, code_system, inside) for url in part.get("valueSet", ())]
    if not sets or None in sets:
        return None
    first, *others = [one for one in sets if one is not None]
    for other in others:
        first = {system: codes & other.get(system, frozenset()) for system, codes in first.items()}
    return first


def _from_system(part: dict[str, Any], system: dict[str, Any] | None) -> Codes | None:
    if "concept" in part:
        return frozenset(concept["code"] for concept in part["concept"] if "code" in concept)
    if system is None or system.get("content") != "complete":
        return None
    codes = all_codes(system) or frozenset()
    for one in part.get("filter", ()):
        kept = _filtered(one, system)
        if kept is None:
            return None
        codes &= kept
    return codes


def _filtered(one: dict[str, Any], system: dict[str, Any]) -> Codes | None:
    """The codes that one filter keeps, or None for a filter that we do not know."""
    name, operator, wanted = one.get("property", ""), one.get("op"), one.get("value", "")
    rows = list(_concepts(system.get("concept", ()), ()))
    if operator in ("is-a", "descendent-of"):
        below = _below(wanted, rows)
        return below | {wanted} if operator == "is-a" else below - {wanted}
    if operator == "regex" and name == "code":
        return None  # a foreign pattern is not run
    if operator not in ("=", "in", "not-in", "exists"):
        return None
    kept = set()
    for concept, _ in rows:
        values = _properties(concept, name)
        if operator == "exists":
            holds = bool(values) == (wanted == "true")
        else:
            holds = bool(values & set(wanted.split(",") if operator != "=" else [wanted])) != (operator == "not-in")
        if holds:
            kept.add(concept["code"])
    return frozenset(kept)


def _below(code: str, rows: list[tuple[dict[str, Any], tuple[str, ...]]]) -> Codes:
    """The code's descendants: nested under it, or naming it as their parent."""
    parents = {
        concept["code"]: {*above[-1:]} | _properties(concept, "subsumedBy") | _properties(concept, "parent")
        for concept, above in rows
    }
    found, grown = {code}, True
    while grown:
        more = {child for child, above in parents.items() if above & found} - found
        found |= more
        grown = bool(more)
    return frozenset(found - {code})


def _properties(concept: dict[str, Any], name: str) -> set[str]:
    if name in ("code", "concept"):
        return {concept["code"]}
    found = set()
    for one in concept.get("property", ()):
        if one.get("code") == name:
            value = next((v for key, v in one.items() if key.startswith("value")), None)
            value = value.get("code") if isinstance(value, dict) else value
            found.add(str(value).lower() if isinstance(value, bool) else str(value))
    return found


def _concepts(concepts: Any, above: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    for concept in concepts:
        if "code" in concept:
            yield concept, above
            yield from _concepts(concept.get("concept", ()), (*above, concept["code"]))


def _expanded(contains: Any) -> Expansion | None:
    """A value set that comes with its expansion and nothing else."""
    total: dict[str, set[str]] = {}
    waiting = list(contains)
    while waiting:
        one = waiting.pop()
        waiting += one.get("contains", ())
        if "code" in one and not one.get("abstract"):
            total.setdefault(one.get("system", ""), set()).add(one["code"])
    return {system: frozenset(codes) for system, codes in total.items()} or None
