"""What two persons share and what tells them apart."""

from enum import IntEnum

from gateway.match.normalise import is_nickname_pair, likeness
from gateway.match.person import Name, Person

_NEAR_GIVEN = 0.88
_NEAR_FAMILY = 0.90
_NEAR_LINE = 0.93


class Likeness(IntEnum):
    """How far two values agree."""

    APART = 0
    NEAR = 1
    EQUAL = 2


def names(one: Person, other: Person) -> Likeness:
    """The best agreement of any name of one with any name of the other."""
    return max((_name(a, b) for a in one.names for b in other.names), default=Likeness.APART)


def given(one: Person, other: Person) -> float:
    """How alike the given names are at best; a short form is as good as the name."""
    return max((_given(a, b) for a in one.names for b in other.names), default=0.0)


def family(one: Person, other: Person) -> Likeness:
    """The best agreement of the family names."""
    return max((_family(a, b) for a in one.names for b in other.names), default=Likeness.APART)


def addresses(one: Person, other: Person) -> bool:
    """Whether they live in one place: line and postal code agree, one of them exactly and the other nearly."""
    return any(_is_one_place(a, b) for a in one.addresses for b in other.addresses)


def birth_dates(one: Person, other: Person) -> Likeness:
    """Equal; near when day and month are swapped or one digit is wrong; else apart, also when one is not known."""
    if not one.birth_date or not other.birth_date:
        return Likeness.APART
    if one.birth_date == other.birth_date:
        return Likeness.EQUAL
    return Likeness.NEAR if is_slip(one.birth_date, other.birth_date) else Likeness.APART


def is_slip(one: str, other: str) -> bool:
    """Whether a slip of the pen makes one date of the other. A wrong decade is none: so do father and son differ."""
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return True
    apart = [place for place in range(10) if one[place] != other[place]]
    return len(apart) == 1 and apart[0] > 2


def _name(one: Name, other: Name) -> Likeness:
    if one.placeholder or other.placeholder or not one.given or not other.given:
        return Likeness.APART
    if _is_turned(one, other):
        return Likeness.NEAR
    first, last = _given(one, other), _family(one, other)
    if first == 1.0 and last is not Likeness.APART:
        return Likeness.EQUAL if last is Likeness.EQUAL else Likeness.NEAR
    initial = one.given[0] == other.given[0] and 1 in (len(one.given), len(other.given))
    near = first >= _NEAR_GIVEN or initial
    return Likeness.NEAR if near and last is not Likeness.APART else Likeness.APART


def _given(one: Name, other: Name) -> float:
    if not one.given or not other.given:
        return 0.0
    if one.given == other.given or is_nickname_pair(one.given, other.given):
        return 1.0
    if one.given + "".join(one.middle) == other.given + "".join(other.middle):
        return 1.0
    return min(likeness(one.given, other.given), 0.99)


def _family(one: Name, other: Name) -> Likeness:
    if not one.family or not other.family:
        return Likeness.APART
    mine, theirs = "".join(one.family), "".join(other.family)
    if mine == theirs or sorted(one.family) == sorted(other.family):
        return Likeness.EQUAL
    part = set(one.family) < set(other.family) or set(other.family) < set(one.family)
    return Likeness.NEAR if part or likeness(mine, theirs) >= _NEAR_FAMILY else Likeness.APART


def _is_turned(one: Name, other: Name) -> bool:
    """Given and family name in each other's place, word for word."""
    mine, theirs = (one.given, *one.middle), (other.given, *other.middle)
    return bool(one.family) and mine == other.family and theirs == one.family and mine != theirs


def _is_one_place(one: tuple[tuple[str, ...], str], other: tuple[tuple[str, ...], str]) -> bool:
    (line, postal), (line_there, postal_there) = one, other
    if line == line_there:
        return postal == postal_there or _is_one_digit_off(postal, postal_there)
    return postal == postal_there and _are_near(line, line_there)


def _are_near(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """One line with a slip of the pen, or with a part (a building, a flat) that the other leaves out."""
    shared = len(set(one) & set(other))
    part = shared >= 3 and shared == min(len(set(one)), len(set(other)))
    return one[0] == other[0] and (part or likeness(" ".join(one), " ".join(other)) >= _NEAR_LINE)


def _is_one_digit_off(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    apart = [place for place in range(len(one)) if one[place] != other[place]]
    turned = len(apart) == 2 and one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
    return len(apart) == 1 or turned
