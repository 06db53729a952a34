"""CDA PQ, IVL_PQ, INT, REAL, RTO to Quantity, Range and Ratio: digits as they were sent, units verbatim."""

import re
from decimal import Decimal
from typing import Any, Final

from gateway.translate.ccda.codes import coding, passed_over, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.translation import Translation

UCUM: Final = "http://unitsofmeasure.org"
_DECIMAL = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?", re.ASCII)
# Atoms of UCUM that clinics send; a unit built of these alone is taken for UCUM, any other is text only. Nobody doses
# by the megalitre: `ML` is what a clinic writes for another unit.
_ATOM: Final = (
    r"(?:\[(?:in_i|ft_i|lb_av|oz_av|degF|iU|IU|arb'U|pH|drp|foz_us|tsp_us|tbs_us|mi_i|cup_us|ppm|ppb|CFU|g|hnsf'U)\]"
    r"|[munpdcf]?(?:g|L|l|mol|eq|osm|m|s|V|W|J|Pa|Hz|kat|Cel|U|Bq|Gy|Sv|cal)|k(?:g|m|mol|V|W|J|Pa|Hz|U|Bq|cal)"
    r"|[MG](?:U|W|J|V|Pa|Hz|Bq)|hPa|t|(?:m|c|k)?m\[Hg\]|cm\[H2O\]"
    r"|%|10\*|10\^|min|h|d|wk|mo|a|K|mm|cm|deg|bar|1)"
)
_FACTOR: Final = rf"(?:{_ATOM}(?:[+-]?\d{{1,2}})?(?:\{{[^{{}}\s]{{1,40}}\}})?|\{{[^{{}}\s]{{1,40}}\}}|10\*\d{{1,2}})"
_UCUM = re.compile(rf"/?{_FACTOR}(?:[./]{_FACTOR}){{0,4}}")


@converter("quantity", "ccda")
def quantity(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A PQ (or REAL, INT, MO) as Quantity; one whose value is null may have a translation that says it."""
    sent = node.read("value")
    if not sent:
        for child in node.children("translation"):
            if child.look("value"):
                return _translation(child, translation)
        passed_over(node, translation, "is the unit of an amount that is not told", "unit")
        return None
    unit = node.read("unit")
    return {"value": decimal(sent), **unit_of(unit)}


@converter("range", "ccda")
def range_(node: Element, translation: Translation) -> dict[str, Any] | None:
    """An IVL_PQ with both bounds as Range."""
    low, high = _bound(node, "low"), _bound(node, "high")
    made = {side: found for side, found in (("low", low), ("high", high)) if found}
    if len(made) == 2 and made["low"]["value"] > made["high"]["value"]:
        raise NotConvertedError("value-unreadable")
    return made or None


@converter("compared_quantity", "ccda")
def compared_quantity(node: Element, translation: Translation) -> dict[str, Any] | None:
    """An IVL_PQ with one bound as a Quantity with its comparator; a low of 0 beside a high bounds nothing."""
    both = _bound(node, "low"), _bound(node, "high")
    zero = both[0] is not None and both[1] is not None and both[0]["value"] == 0
    for side, made, inclusive, exclusive in (("low", both[0], ">=", ">"), ("high", both[1], "<=", "<")):
        bound = node.first(side)
        if made and bound is not None and not (zero and side == "low"):
            made["comparator"] = exclusive if bound.read("inclusive") == "false" else inclusive
            return made
    return None


@converter("ratio", "ccda")
def ratio(node: Element, translation: Translation) -> dict[str, Any] | None:
    """An RTO as Ratio."""
    made = {}
    for name in ("numerator", "denominator"):
        part = node.first(name)
        if part is not None and (found := quantity(part, translation)):
            made[name] = found
    return made if len(made) == 2 else None


@converter("integer", "ccda")
def integer(node: Any, translation: Translation) -> int:
    """An INT as integer."""
    sent = node.read("value") if hasattr(node, "read") else node.text
    if not re.fullmatch(r"[+-]?\d{1,9}", sent, re.ASCII):
        raise NotConvertedError("number-unreadable")
    return int(sent)


@converter("positive_integer", "ccda")
def positive_integer(node: Any, translation: Translation) -> int:
    """An INT as positiveInt."""
    found = integer(node, translation)
    if found < 1:
        raise NotConvertedError("number-unreadable")
    return found


@converter("boolean", "ccda")
def boolean(node: Any, translation: Translation) -> bool:
    """A BL as boolean."""
    sent = node.read("value") if hasattr(node, "read") else node.text
    if sent not in ("true", "false"):
        raise NotConvertedError("value-unreadable")
    return bool(sent == "true")


@converter("age", "ccda")
def age(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A PQ as Age: only with a unit of time that R4 knows for ages (age-1)."""
    made = quantity(node, translation)
    if made is None or made.get("code") not in ("min", "h", "d", "wk", "mo", "a") or made["value"] < 0:
        raise NotConvertedError("value-unreadable")
    return made


def decimal(sent: str) -> Decimal:
    """The number as it was written; trailing zeros stay."""
    if not _DECIMAL.fullmatch(sent):
        raise NotConvertedError("number-unreadable")
    found = Decimal(sent)
    return found if "e" not in sent.lower() else Decimal(format(found, "f"))


def unit_of(unit: str) -> dict[str, str]:
    """A unit verbatim; its code too where it is UCUM beyond doubt."""
    if not unit:
        return {}
    if is_ucum(unit):
        return {"unit": unit, "system": UCUM, "code": unit}
    return {"unit": unit}


def is_ucum(unit: str) -> bool:
    """Whether a unit is written in UCUM, as far as we know its atoms."""
    return len(unit) < 60 and _UCUM.fullmatch(unit) is not None


def _bound(node: Element, side: str) -> dict[str, Any] | None:
    """One bound of an interval; infinite ones count as missing."""
    bound = node.first(side)
    sent = bound.read("value") if bound is not None else ""
    if bound is None or not sent:
        return None
    return {"value": decimal(sent), **unit_of(bound.read("unit"))}


def _translation(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A PQR: a value whose unit is a code."""
    made: dict[str, Any] = {"value": decimal(node.read("value"))}
    unit = coding(node, translation)
    words = referenced_words(child, translation) if (child := node.first("originalText")) is not None else ""
    if unit:
        made["unit"] = unit.get("display") or words or unit["code"]
        if unit.get("system"):
            made.update(system=unit["system"], code=unit["code"])
    elif words:
        made["unit"] = words
    return made
