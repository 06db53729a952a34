"""Two records side by side: what each says, what agrees, what a rule rests on and what speaks against it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from gateway.match import compare
from gateway.match.agreement import agreements
from gateway.match.compare import Likeness
from gateway.match.person import BIRTH_SEX, OUR_MRN, SSN, Person, person
from gateway.match.rules import rules

Patient = dict[str, Any]
Verdict = Callable[[Person, Person], Likeness | None]
_CONTACT: Final = ("contact",)
_NUMBER: Final = ("issued", "contact")
_SAYS: Final = {Likeness.EQUAL: "agrees", Likeness.NEAR: "nearly", Likeness.APART: "differs"}
ONE_SIDED: Final = "one-sided"
ELSEWHERE: Final = "elsewhere"  # numbers of two registries, which say nothing of each other
# What is said of a group of agreements: those of it that are there.
_GROUPS: Final = {
    "issued": ("our-mrn", "mrn", "ssn"),
    "contact": ("our-mrn", "mrn", "ssn", "member", "address", "phone", "email"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that both may say: its FHIR path, the values of each, whether they agree, what that means here."""

    name: str
    path: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    says: str  # agrees, nearly, differs, one-sided, elsewhere
    means: str = ""  # "for" where the rule rests on it, "against" where a veto does


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    path: str
    values: Callable[[Patient], Iterable[Any]]
    verdict: Verdict
    agreements: frozenset[str]
    vetoes: frozenset[str]


def side_by_side(one: Patient, other: Patient, *, rule: str = "", vetoes: Iterable[str] = ()) -> list[Line]:
    """What either says, in the order of a registration desk; `rule` and `vetoes` are those of a decision on the two."""
    first, second = person(one), person(other)
    found = rules().named(rule)
    rests, against = (found.agree if found else frozenset()), frozenset(vetoes)
    lines = []
    for row in _ROWS:
        mine, theirs = _texts(row, one), _texts(row, other)
        if mine or theirs:
            likeness = row.verdict(first, second)
            says = ONE_SIDED if not (mine and theirs) else ELSEWHERE if likeness is None else _SAYS[likeness]
            lines.append(Line(row.name, row.path, mine, theirs, says, _meaning(row, says, rests, against)))
    return lines


def reasons(rule: str, vetoes: Iterable[str], one: Patient, other: Patient) -> tuple[list[str], list[str]]:
    """What agrees by a rule, and what the vetoes say against it, in words."""
    known, found = rules(), rules().named(rule)
    rests = found.agree if found else frozenset[str]()
    there = agreements(person(one), person(other)) if rests & _GROUPS.keys() else frozenset[str]()
    named = {
        *rests - _GROUPS.keys(),
        *(each for group in rests & _GROUPS.keys() for each in _GROUPS[group] if each in there),
    }
    agree = [words for name, words in known.agreements.items() if name in named]
    return agree, [known.vetoes.get(name, name) for name in vetoes]


def _meaning(row: _Row, says: str, rests: frozenset[str], against: frozenset[str]) -> str:
    if row.vetoes & against:
        return "against"
    held = rests - _GROUPS.keys() if says == "nearly" else rests
    return "for" if says in ("agrees", "nearly") and row.agreements & held else ""


def _texts(row: _Row, patient: Patient) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one) for one in row.values(patient) if one not in (None, "")))


def _names(part: str) -> Callable[[Patient], Iterable[str]]:
    def values(patient: Patient) -> Iterable[str]:
        for name in patient.get("name", ()):
            found = name.get(part, "")
            yield found if isinstance(found, str) else " ".join(filter(None, found))

    return values


def _plain(patient: Patient) -> Iterable[str]:
    """A name that is told as one text only."""
    return (one.get("text", "") for one in patient.get("name", ()) if not one.get("family") and not one.get("given"))


def _sexes(patient: Patient) -> Iterable[str]:
    born = (one.get("valueCode", "") for one in patient.get("extension", ()) if one.get("url") == BIRTH_SEX)
    return (patient.get("gender", ""), *born)


def _addresses(patient: Patient) -> Iterable[str]:
    for one in patient.get("address", ()):
        parts = (*one.get("line", ()), one.get("city"), one.get("state"))
        yield ", ".join(filter(None, parts)) or one.get("text", "")


def _postal(patient: Patient) -> Iterable[str]:
    return (one.get("postalCode", "") for one in patient.get("address", ()))


def _telecoms(*systems: str) -> Callable[[Patient], Iterable[str]]:
    return lambda patient: (one.get("value", "") for one in patient.get("telecom", ()) if one.get("system") in systems)


def _identifiers(system: str = "", *types: str) -> Callable[[Patient], Iterable[str]]:
    def values(patient: Patient) -> Iterable[str]:
        for one in patient.get("identifier", ()):
            codes = {coding.get("code") for coding in one.get("type", {}).get("coding", ())}
            if one.get("system") == system or (types and one.get("system") != OUR_MRN and not codes.isdisjoint(types)):
                yield one.get("value", "")

    return values


def _element(*names: str) -> Callable[[Patient], Iterable[Any]]:
    return lambda patient: (patient.get(name) for name in names)


def _given(one: Person, other: Person) -> Likeness:
    if compare.names(one, other) is Likeness.EQUAL or (alike := compare.given(one, other)) == 1.0:
        return Likeness.EQUAL
    return Likeness.NEAR if alike >= 0.80 or compare.are_names_turned(one, other) else Likeness.APART


def _family(one: Person, other: Person) -> Likeness:
    found = compare.family(one, other)
    turned = found is Likeness.APART and compare.are_names_turned(one, other)
    return Likeness.NEAR if turned else found


def _shared(name: str) -> Verdict:
    return lambda one, other: Likeness(2 * (not getattr(one, name).isdisjoint(getattr(other, name))))


def _suffix(one: Person, other: Person) -> Likeness:
    return Likeness(2 * ({each.suffix for each in one.names} == {each.suffix for each in other.names}))


def _numbered(name: str) -> Verdict:
    """Numbers are compared within a registry."""

    def verdict(one: Person, other: Person) -> Likeness | None:
        mine, theirs = getattr(one, name), getattr(other, name)
        if {whose for whose, _ in mine}.isdisjoint(whose for whose, _ in theirs):
            return None
        return Likeness(2 * (not mine.isdisjoint(theirs)))

    return verdict


def _address(one: Person, other: Person) -> Likeness:
    return Likeness(2 * compare.addresses(one, other))


def _same_postal(one: Person, other: Person) -> Likeness:
    return Likeness(2 * ("postal" in agreements(one, other)))


def _ssn(one: Person, other: Person) -> Likeness:
    near = Likeness.NEAR if compare.is_ssn_slip(one, other) else Likeness.APART
    return Likeness.EQUAL if one.ssns & other.ssns else near


def _row(
    name: str, path: str, values: Any, verdict: Verdict, agreements: Iterable[str] = (), vetoes: Iterable[str] = ()
) -> _Row:
    return _Row(name, path, values, verdict, frozenset(agreements), frozenset(vetoes))


_NAME: Final = ("name", "name-near", "name-turned", "part-of-name")
_ROWS: Final = (
    _row("Family name", "Patient.name.family", _names("family"), _family, (*_NAME, "family", "family-near")),
    _row(
        "Given names", "Patient.name.given", _names("given"), _given, (*_NAME, "given", "given-slip"),
        ("given-name", "middle-name", "placeholder-name"),
    ),
    _row("Name", "Patient.name.text", _plain, compare.names, _NAME, ("given-name",)),
    _row("Suffix", "Patient.name.suffix", _names("suffix"), _suffix, (), ("suffix",)),
    _row(
        "Birth date", "Patient.birthDate", _element("birthDate"), compare.birth_dates,
        ("birth-date", "birth-date-near", "birth-year"), ("birth-date",),
    ),
    _row("Sex", "Patient.gender", _sexes, _shared("sexes"), ("sex",), ("sex",)),
    _row("Address", "Patient.address.text", _addresses, _address, ("address", *_CONTACT)),
    _row("Postal code", "Patient.address.postalCode", _postal, _same_postal, ("postal", "address")),
    _row("Telephone", "Patient.telecom.value", _telecoms("phone", "sms"), _shared("phones"), ("phone", *_CONTACT)),
    _row("E-mail", "Patient.telecom.value", _telecoms("email"), _shared("emails"), ("email", *_CONTACT)),
    _row(
        "Our record number", "Patient.identifier.value", _identifiers(OUR_MRN), _shared("our_mrns"),
        ("our-mrn", *_NUMBER), ("number",),
    ),
    _row(
        "Record number", "Patient.identifier.value", _identifiers("", "MR", "PI"), _numbered("numbers"),
        ("mrn", *_NUMBER), ("number",),
    ),
    _row(
        "Social security number", "Patient.identifier.value", _identifiers(SSN), _ssn,
        ("ssn", "ssn-near", *_NUMBER), ("ssn",),
    ),
    _row(
        "Member id", "Patient.identifier.value", _identifiers("", "MB"), _numbered("members"), ("member", *_CONTACT),
        ("member-id",),
    ),
    _row(
        "Deceased", "Patient.deceasedDateTime", _element("deceasedBoolean", "deceasedDateTime"),
        lambda one, other: Likeness(2 * (one.deceased == other.deceased)), (), ("deceased",),
    ),
    _row(
        "Multiple birth", "Patient.multipleBirthInteger", _element("multipleBirthBoolean", "multipleBirthInteger"),
        lambda one, other: Likeness(2 * (one.multiple_birth == other.multiple_birth)), (), ("multiple-birth",),
    ),
)  # fmt: skip
