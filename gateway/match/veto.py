"""What forbids an automatic link, however much else agrees. Each veto leaves the decision to a person."""

from collections.abc import Callable
from typing import Final

from gateway.match import compare
from gateway.match.compare import Likeness
from gateway.match.normalise import likeness
from gateway.match.person import Person

_LEAST_GIVEN: Final = 0.80


def vetoes(one: Person, other: Person) -> tuple[str, ...]:
    """The names of the vetoes that speak against these two being one person."""
    return tuple(name for name, speaks in VETOES.items() if speaks(one, other))


def _given_name(one: Person, other: Person) -> bool:
    """Twins: born on one day, called by two names."""
    known = any(name.given for name in one.names) and any(name.given for name in other.names)
    born = compare.dates(one.written_birth_date, other.written_birth_date) is Likeness.EQUAL
    return born and known and not _alike(one, other) and compare.given(one, other) < _LEAST_GIVEN


def _alike(one: Person, other: Person) -> bool:
    return compare.names(one, other) is not Likeness.APART


def _birth_date(one: Person, other: Person) -> bool:
    both = bool(one.written_birth_date and other.written_birth_date)
    return both and compare.dates(one.written_birth_date, other.written_birth_date) is Likeness.APART


def _suffix(one: Person, other: Person) -> bool:
    """Senior and junior."""
    return _differ({name.suffix for name in one.names}, {name.suffix for name in other.names})


def _middle_name(one: Person, other: Person) -> bool:
    """Mary Ann and Mary Beth; an initial agrees with the name that it begins."""
    mine = [name.middle for name in one.names if name.middle]
    theirs = [name.middle for name in other.names if name.middle]
    return bool(mine and theirs) and not any(_agree(a, b) for a in mine for b in theirs)


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return all(
        a.startswith(b) if len(b) == 1 else b.startswith(a) if len(a) == 1 else likeness(a, b) >= 0.9
        for a, b in zip(one, other, strict=False)
    )


def _sex(one: Person, other: Person) -> bool:
    if one.birth_sex and other.birth_sex:
        return one.birth_sex != other.birth_sex
    return _differ(set(one.sexes), set(other.sexes))


def _ssn(one: Person, other: Person) -> bool:
    """Two whole numbers are compared whole; where one holds the last four digits alone, those."""
    agree = any(a == b if len(a) == len(b) else a[-4:] == b[-4:] for a in one.ssns for b in other.ssns)
    return bool(one.ssns and other.ssns) and not agree


def _member_id(one: Person, other: Person) -> bool:
    return _numbered_apart(one.members, other.members)


def _number(one: Person, other: Person) -> bool:
    """One registry has two numbers: it holds them for two persons."""
    return _numbered_apart(one.numbers, other.numbers) or _differ(set(one.our_mrns), set(other.our_mrns))


def _numbered_apart(mine: frozenset[tuple[str, str]], theirs: frozenset[tuple[str, str]]) -> bool:
    shared = {whose for whose, _ in mine} & {whose for whose, _ in theirs}
    return any({n for whose, n in mine if whose == s}.isdisjoint(n for w, n in theirs if w == s) for s in shared)


def _deceased(one: Person, other: Person) -> bool:
    return one.deceased or other.deceased


def _multiple_birth(one: Person, other: Person) -> bool:
    """A twin's name must be the very same, not a short form of it."""
    if not (one.multiple_birth or other.multiple_birth):
        return False
    return {(n.given, n.middle) for n in one.names if n.given}.isdisjoint((n.given, n.middle) for n in other.names)


def _placeholder(one: Person, other: Person) -> bool:
    """A newborn that has no name yet."""
    return any(name.placeholder for name in (*one.names, *other.names))


def _differ(mine: set[str], theirs: set[str]) -> bool:
    mine, theirs = mine - {""}, theirs - {""}
    return bool(mine and theirs) and mine.isdisjoint(theirs)


VETOES: Final[dict[str, Callable[[Person, Person], bool]]] = {
    "given-name": _given_name,
    "middle-name": _middle_name,
    "birth-date": _birth_date,
    "suffix": _suffix,
    "sex": _sex,
    "ssn": _ssn,
    "member-id": _member_id,
    "number": _number,
    "deceased": _deceased,
    "multiple-birth": _multiple_birth,
    "placeholder-name": _placeholder,
}
