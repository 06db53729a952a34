"""What two persons share and what tells them apart."""

from enum import IntEnum

from gateway.match.normalise import edits, is_nickname_pair, is_spelled_as_names_are, likeness, sound
from gateway.match.person import Name, Person, is_issued

_NEAR_GIVEN = 0.88
_NEAR_FAMILY = 0.90
_LONG_LINE = 16  # letters of a line in which two slips are forgiven
_LEAST_GIVEN = 4  # letters of a given name in which a slip is told from another name
_LEAST_WORD = 4  # letters of a word of an address in which a slip is forgiven


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
    return dates(one.birth_date, other.birth_date)


def dates(one: str, other: str) -> Likeness:
    """The same of two days, of which either may be empty."""
    if not one or not other:
        return Likeness.APART
    if one == other:
        return Likeness.EQUAL
    return Likeness.NEAR if is_slip(one, other) else Likeness.APART


def is_slip(one: str, other: str) -> bool:
    """Whether a slip of the pen makes one date of the other. A wrong decade is none: so do father and son differ."""
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return True
    apart = [place for place in range(10) if one[place] != other[place]]
    return len(apart) == 1 and apart[0] > 2


def are_names_turned(one: Person, other: Person) -> bool:
    """Given and family name in each other's place, one of them exactly and the other with a slip at most."""
    return any(_is_turned_nearly(a, b) for a in one.names for b in other.names)


def _is_turned_nearly(one: Name, other: Name) -> bool:
    if not (one.given and other.given and one.family and other.family):
        return False
    first = edits(" ".join((one.given, *one.middle)), " ".join(other.family))
    last = edits(" ".join(one.family), " ".join((other.given, *other.middle)))
    return first + last <= 1 and one.given != other.given


def is_given_slip(one: Person, other: Person) -> bool:
    """Whether one given name is the other with a slip that makes it no name: a twin has a name of its own."""
    return any(_is_misspelt(a, b) for a in one.names for b in other.names)


def _is_misspelt(one: Name, other: Name) -> bool:
    mine, theirs = one.given, other.given
    long = min(len(mine), len(theirs)) >= _LEAST_GIVEN and mine.isascii() and theirs.isascii()
    return (
        long
        and not (one.placeholder or other.placeholder)
        and edits(mine, theirs) == 1
        and (sound(mine) != sound(theirs) or sorted(mine) == sorted(theirs))  # else another way to spell a name
        and is_spelled_as_names_are(mine) != is_spelled_as_names_are(theirs)
    )


def is_one_ssn(one: Person, other: Person) -> bool:
    """Whether they have one whole social security number."""
    return any(map(is_issued, one.ssns & other.ssns))


def is_ssn_slip(one: Person, other: Person) -> bool:
    """Whether one digit is wrong in a whole social security number, or two neighbours are turned."""
    return any(is_issued(a) and is_issued(b) and edits(a, b) == 1 for a in one.ssns for b in other.ssns)


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
    """One place with a slip of the pen, its parts in another order, or a part (a building) that one leaves out.

    No number may speak against it; a number or a part may be left out, not both.
    """
    mine, theirs = {word for word in one if _has_digit(word)}, {word for word in other if _has_digit(word)}
    if not (mine <= theirs or theirs <= mine):
        return False
    less, more = sorted(([w for w in one if not _has_digit(w)], [w for w in other if not _has_digit(w)]), key=len)
    whole, there = "".join(less), "".join(more)
    return edits(whole, there) <= 1 + (len(whole) >= _LONG_LINE) or (
        len(less) >= 2
        and (mine == theirs or len(less) == len(more))
        and (bool(mine) or len(less) >= 3)
        and all(any(_is_word_slip(word, met) for met in more) for word in less)
    )


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _is_word_slip(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= _LEAST_WORD and edits(one, other) == 1)


def _is_one_digit_off(one: str, other: str) -> bool:
    return len(one) == len(other) and edits(one, other) == 1
