"""NM, CQ, SN, NR, MO and numbers with their unit in a neighbour field to Quantity, Range, Ratio and Money."""

import re
from decimal import Decimal
from typing import Any, Final

from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.systems import plain, ucum
from gateway.translate.translation import Translation

Element = dict[str, Any]
_NUMBER: Final = re.compile(r"(?P<comparator><=|>=|<|>)?\s*\+?(?P<number>-?(?:\d+\.?\d*|\.\d+))", re.ASCII)
_UCUM: Final = "http://unitsofmeasure.org"
_LONGEST: Final = 40


def exact(sent: str) -> tuple[Decimal, str] | None:
    """A number with the digits that were sent, and a comparator written before it; None when it is no number."""
    found = _NUMBER.fullmatch(sent.strip())
    if found is None or len(sent) > _LONGEST:
        return None
    return Decimal(found["number"].rstrip(".")), found["comparator"] or ""


def plain_number(sent: str) -> Decimal | None:
    """The same for what must be one number: `<5` is none."""
    found = exact(sent)
    return found[0] if found is not None and not found[1] else None


@converter("quantity", "hl7v2")
def quantity(part: Part, translation: Translation, unit: str = "", system: str = "") -> Element:
    """CQ or NM: the number exactly as sent; the unit from the second component."""
    made = _number(part, translation)
    units = part.part(2)
    if units is not None:
        measured(made, units, translation)
    elif unit:
        made.update({"unit": unit, "system": _UCUM, "code": unit} if system == "UCUM" else {"unit": unit})
    return made


@converter("amount", "hl7v2")
def amount(part: Part, translation: Translation) -> Decimal:
    """The number alone."""
    found = exact(part.peek)
    if found is None:
        part.text  # noqa: B018 (counted as read: the row says that it failed)
        raise NotConvertedError("number-unreadable")
    part.text  # noqa: B018
    return found[0]


@converter("count", "hl7v2")
def count(part: Part, translation: Translation) -> int:
    """A whole number, not negative."""
    sent = part.text
    if not sent.isdigit() or len(sent) > 9:
        raise NotConvertedError("number-unreadable")
    return int(sent)


@converter("money", "hl7v2")
def money(part: Part, translation: Translation) -> Element:
    """MO: the amount and its currency."""
    made: Element = {"value": amount(part, translation)}
    if currency := text(part, 2):
        if re.fullmatch("[A-Z]{3}", currency):
            made["currency"] = currency
        else:
            raise NotConvertedError("value-unreadable")
    return made


def _number(part: Part, translation: Translation) -> Element:
    found = exact(part.text)
    if found is None:
        raise NotConvertedError("number-unreadable")
    made: Element = {"value": found[0]}
    if found[1]:
        translation.warn("number-unreadable", node=part)  # type: ignore[arg-type]
        made["comparator"] = found[1]
    return made


def measured(made: Element, units: Part, translation: Translation) -> None:
    """Give a quantity its unit (CWE): UCUM when the system says so or our table knows the unit, else words only."""
    first = units.part(1)
    deeper = first is not None and first.part(2) is not None
    held = first if first is not None and deeper and units.part(2) is None else units
    code = _ucum_of(held, 1) or _ucum_of(held, 4)
    shown = next((number for number in (2, 1, 5, 4, 9) if peek(held, number)), 0)
    if shown:
        made["unit"] = text(held, shown)
    for number in (1, 2, 3, 4, 5, 6):
        text(held, number) if peek(held, number) in (code, made.get("unit")) else reword(held.part(number), translation)
    if code:
        made["system"], made["code"] = _UCUM, code
    elif peek(held, 1):
        translation.warn("unit-not-ucum", node=held)  # type: ignore[arg-type]


def _ucum_of(units: Part, at: int) -> str:
    """The UCUM code of one triplet, or nothing."""
    code = plain(peek(units, at))
    return code if code and peek(units, at + 2).upper() == "UCUM" else ucum(code) or ucum(peek(units, at + 1))


@converter("structured_number", "hl7v2")
def structured_number(part: Part, translation: Translation, units: Part | None = None) -> tuple[str, Element]:
    """SN: comparator and number, a range (`-`) or a ratio (`:` or `/`); the choice's suffix and the value."""
    comparator, first, separator, second = text(part, 1), text(part, 2), text(part, 3), text(part, 4)
    low, high = exact(first) if first else None, exact(second) if second else None
    if (first and low is None) or (second and high is None) or (low is None and high is None):
        raise NotConvertedError("number-unreadable")
    numbers = [None if one is None else _with_unit({"value": one[0]}, units, translation) for one in (low, high)]
    if separator == "-" or (low is not None and high is not None and not separator):
        if low is not None and high is not None and low[0] > high[0]:
            raise NotConvertedError("value-unreadable")
        return "Range", {name: one for name, one in zip(("low", "high"), numbers, strict=True) if one}
    if separator in (":", "/") and all(numbers):
        return "Ratio", {"numerator": numbers[0], "denominator": numbers[1]}
    made = numbers[0] or numbers[1] or {}
    if separator == "+":
        comparator = ">="
    if comparator in ("<", "<=", ">=", ">"):
        made["comparator"] = comparator
    elif comparator not in ("", "="):
        raise NotConvertedError("value-unreadable")
    return "Quantity", made


def _with_unit(made: Element, units: Part | None, translation: Translation) -> Element:
    if units is not None:
        measured(made, units, translation)
    return made
