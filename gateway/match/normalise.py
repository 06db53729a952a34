"""Words as they are compared: without case, accents and punctuation."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from gateway.match.words import address_words, nicknames, spelling

# Letters that Unicode does not take apart.
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_JOINED: Final = re.compile(r"['’ʼ`´.]")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_SOUNDS: Final = {
    letter: digit
    for digit, letters in (("1", "bfpv"), ("2", "cgjkqsxz"), ("3", "dt"), ("4", "l"), ("5", "mn"), ("6", "r"))
    for letter in letters
}


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a text: O'Brien-Núñez is (obrien, nunez)."""
    apart = unicodedata.normalize("NFKD", _JOINED.sub("", text))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return tuple(_NOT_WORD.sub(" ", plain.casefold().translate(_LETTERS)).split())


@lru_cache(maxsize=65536)
def address_line(text: str) -> tuple[str, ...]:
    """The words of an address line, each in the form that is compared."""
    known = address_words()
    return tuple(known.get(word, word) for word in words(text))


def phone(text: str) -> str:
    """The digits of a phone number without the country code of North America; nothing when too short to tell."""
    digits = "".join(re.findall(r"[0-9]", text))
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    return digits if len(digits) >= 7 else ""


def is_nickname_pair(one: str, other: str) -> bool:
    """Whether one name is a short form of the other."""
    known = nicknames()
    return other in known.get(one, ()) or one in known.get(other, ())


@lru_cache(maxsize=65536)
def is_spelled_as_names_are(word: str) -> bool:
    """Whether every three letters in a row stand in some given name."""
    known, whole = spelling(), f"_{word}_"
    return all(whole[at + 2] in known.get(whole[at : at + 2], "") for at in range(len(whole) - 2))


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """How a word sounds, roughly (Soundex); for finding candidates, never for judging them."""
    letters = [letter for letter in word if "a" <= letter <= "z"]
    if not letters:
        return word
    digits, last = "", _SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        digit = _SOUNDS.get(letter, "")
        if digit and digit != last:
            digits += digit
        if letter not in "hw":
            last = digit
    return (letters[0] + digits + "000")[:4]


@lru_cache(maxsize=65536)
def likeness(one: str, other: str) -> float:
    """How alike two words are, 0 to 1 (Jaro-Winkler)."""
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    alike = _jaro(one, other)
    start = 0
    for a, b in zip(one[:4], other[:4], strict=False):
        if a != b:
            break
        start += 1
    return alike + start * 0.1 * (1 - alike)


@lru_cache(maxsize=65536)
def edits(one: str, other: str) -> int:
    """How many slips make one word of the other: a letter more, less, another, or two neighbours turned."""
    before, row = list[int](), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for there, theirs in enumerate(other, 1):
            least = min(before[there] + 1, row[-1] + 1, before[there - 1] + (letter != theirs))
            if at > 1 and there > 1 and letter == other[there - 2] and one[at - 2] == theirs:
                least = min(least, older[there - 2] + 1)
            row.append(least)
    return row[-1]


def _jaro(one: str, other: str) -> float:
    reach = max(len(one), len(other)) // 2 - 1
    taken = [False] * len(other)
    mine = []
    for place, letter in enumerate(one):
        for there in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not taken[there] and other[there] == letter:
                taken[there] = True
                mine.append(letter)
                break
    if not mine:
        return 0.0
    theirs = [letter for letter, was in zip(other, taken, strict=True) if was]
    crossed = sum(a != b for a, b in zip(mine, theirs, strict=True)) / 2
    found = len(mine)
    return (found / len(one) + found / len(other) + (found - crossed) / found) / 3
