"""What a Patient resource says about who a person is, in the form that is compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.outcome import BASE
from gateway.match.normalise import address_line, phone, words
from gateway.match.words import placeholder_dates, placeholder_numbers, placeholders, suffixes

OUR_MRN: Final = f"{BASE}/sid/mrn"
SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
BIRTH_SEX: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
_FULL_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOST_ZEROS: Final = (7, 8)
_SEXES: Final = {"male": "m", "female": "f", "M": "m", "F": "f"}


@dataclass(frozen=True, slots=True)
class Name:
    """One name: its words, the suffix apart."""

    family: tuple[str, ...]
    given: str
    middle: tuple[str, ...]
    suffix: str
    placeholder: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared."""

    id: str
    names: tuple[Name, ...]
    birth_date: str
    written_birth_date: str  # also one that may stand for none: it agrees with nothing, and still tells two apart
    sexes: frozenset[str]
    birth_sex: str
    phones: frozenset[str]
    emails: frozenset[str]
    addresses: frozenset[tuple[tuple[str, ...], str]]
    our_mrns: frozenset[str]
    numbers: frozenset[tuple[str, str]]  # medical record numbers of others, each with whose they are
    members: frozenset[tuple[str, str]]  # member ids, each with its payer
    ssns: frozenset[str]
    deceased: bool
    multiple_birth: bool


# A Patient, or one that was read before: whoever asks several things of it reads it once.
Described = dict[str, Any] | Person


def person(patient: Described) -> Person:
    """What a Patient resource says."""
    if isinstance(patient, Person):
        return patient
    identifiers = [one for one in patient.get("identifier", ()) if one.get("value")]
    written = patient.get("birthDate", "")
    written = written if _FULL_DATE.fullmatch(written) else ""
    gender = _SEXES.get(patient.get("gender", ""), "")
    return Person(
        id=patient.get("id", ""),
        names=tuple(_name(one) for one in patient.get("name", ())),
        birth_date="" if written in placeholder_dates() else written,
        written_birth_date=written,
        sexes=frozenset(filter(None, [gender])),
        birth_sex=_birth_sex(patient),
        phones=frozenset(filter(None, map(phone, _telecoms(patient, "phone", "sms")))),
        emails=frozenset(text.casefold().strip() for text in _telecoms(patient, "email")),
        addresses=frozenset(_addresses(patient)),
        our_mrns=frozenset(one["value"] for one in identifiers if one.get("system") == OUR_MRN),
        numbers=frozenset(_numbers(identifiers, "MR", "PI")),
        members=frozenset(_numbers(identifiers, "MB")),
        ssns=frozenset(_ssns(identifiers)),
        deceased=patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient,
        multiple_birth=patient.get("multipleBirthBoolean") is True or "multipleBirthInteger" in patient,
    )


def facts(who: Person) -> str:
    """All that is compared, as one text that is the same for the same facts."""
    told = {name: sorted(map(repr, one)) if isinstance(one, frozenset) else one for name, one in _fields(who) if one}
    return repr(told)


def _fields(who: Person) -> Iterator[tuple[str, Any]]:
    for name in Person.__slots__:
        if name != "id":
            yield name, getattr(who, name)


def _name(name: dict[str, Any]) -> Name:
    family, given = list(words(name.get("family") or "")), list(words(" ".join(filter(None, name.get("given", ())))))
    if not family and not given:
        family, given = _parts(name.get("text") or "")
    known = suffixes()
    told = [known[word] for text in name.get("suffix", ()) if text for word in words(text) if word in known]
    if len(family) > 1 and family[-1] in known:
        told.append(known[family.pop()])
    if len(given) > 1 and given[-1] in known:
        told.append(known[given.pop()])
    return Name(
        family=tuple(family),
        given=given[0] if given else "",
        middle=tuple(given[1:]),
        suffix=told[0] if told else "",
        placeholder=bool(given) and given[0] in placeholders(),
    )


def _parts(text: str) -> tuple[list[str], list[str]]:
    before, comma, after = text.partition(",")
    if comma and words(after):
        return list(words(before)), list(words(after))
    found = list(words(text))
    known = suffixes()
    if len(found) > 2 and found[-1] in known:
        return found[-2:], found[:-2]
    return found[-1:], found[:-1]


def _birth_sex(patient: dict[str, Any]) -> str:
    for extension in patient.get("extension", ()):
        if extension.get("url") == BIRTH_SEX:
            return _SEXES.get(extension.get("valueCode", ""), "")
    return ""


def _telecoms(patient: dict[str, Any], *systems: str) -> Iterator[str]:
    for telecom in patient.get("telecom", ()):
        if telecom.get("system") in systems and telecom.get("value"):
            yield telecom["value"]


def _addresses(patient: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for address in patient.get("address", ()):
        line = address_line(" ".join(filter(None, address.get("line", ()))))
        postal = "".join(words(address.get("postalCode") or ""))
        if line and postal:
            yield line, postal[:5]


def _numbers(identifiers: list[dict[str, Any]], *types: str) -> Iterator[tuple[str, str]]:
    for one in identifiers:
        codes = {coding.get("code") for coding in one.get("type", {}).get("coding", ())}
        if codes.isdisjoint(types) or one.get("system") == OUR_MRN:
            continue
        whose = one.get("system") or " ".join(words(one.get("assigner", {}).get("display") or ""))
        if whose:
            yield whose, "".join(words(one["value"]))


def is_issued(ssn: str) -> bool:
    """Whole, and not of those that stand for a number that is not told: 000-00-1234."""
    return len(ssn) == 9 and not ssn.startswith("000") and not ssn.endswith("0000")


def _ssns(identifiers: list[dict[str, Any]]) -> Iterator[str]:
    for one in identifiers:
        if one.get("system") == SSN:
            digits = "".join(re.findall(r"[0-9]", one["value"]))
            if len(digits) in _LOST_ZEROS:  # a spreadsheet takes the zeros in front away
                digits = digits.zfill(9)
            if len(digits) in (4, 9) and len(set(digits)) > 1 and digits not in placeholder_numbers():
                yield digits
