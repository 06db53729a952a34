"""What a differential may not say of an element: it narrows what its base says, and never widens it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.core import r4
from gateway.validate.patterns import at_least, chosen, fits, is_fixed
from gateway.validate.tree import Branch

Said = dict[str, Any]
TypeOf = Callable[[str], str]  # the type that a profile is about; empty when it is not known
_STRENGTHS: Final = ("example", "preferred", "extensible", "required")
_RULES: Final = ("open", "openAtEnd", "closed")
_VALUES: Final = ("fixed", "pattern", "minValue", "maxValue")
_SYSTEM: Final = "http://hl7.org/fhirpath/System."
_CODED: Final = {
    "code", "Coding", "CodeableConcept", "Quantity", "Age", "Distance", "Duration", "Count",
    "string", "uri", "url", "canonical",
}  # fmt: skip
_TEXTS: Final = {"string", "code", "id", "uri", "oid", "uuid", "markdown", "url", "canonical"}
_ANY: Final = ("Resource", "DomainResource", "Element", "")


def broken(base: Said, over: Said, type_of: TypeOf) -> Iterator[str]:
    """The codes of the rules that what is said of an element breaks."""
    checks = (_cardinality, _flags, _binding, _values, _constraints, _slicing)
    yield from (code for check in checks for code in check(base, over))
    if "type" in over and "type" in base:
        yield from _types(base["type"], over["type"], type_of)


def _cardinality(base: Said, over: Said) -> Iterator[str]:
    least, most = over.get("min", base.get("min", 0)), str(over.get("max", base.get("max", "*")))
    if least < base.get("min", 0) or not _within(most, str(base.get("max", "*"))):
        yield "cardinality-wider"
    elif not _within(str(least), most):
        yield "cardinality-empty"


def _within(count: str, most: str) -> bool:
    return most == "*" or (count.isdigit() and most.isdigit() and int(count) <= int(most))


def _flags(base: Said, over: Said) -> Iterator[str]:
    if base.get("mustSupport") is True and over.get("mustSupport") is False:
        yield "must-support-lifted"
    if base.get("isModifier") is True and over.get("isModifier") is False:
        yield "modifier-lifted"


def _binding(base: Said, over: Said) -> Iterator[str]:
    if "binding" not in over:
        return
    wanted, given = (said.get("binding", {}).get("strength") for said in (base, over))
    if wanted in _STRENGTHS and given in _STRENGTHS and _STRENGTHS.index(given) < _STRENGTHS.index(wanted):
        yield "binding-weaker"
    kinds = {one["code"] for one in _kinds(base, over)}
    if kinds and not any(_may_be_coded(kind) for kind in kinds):
        yield "binding-misplaced"


def _may_be_coded(kind: str) -> bool:
    return (
        kind in ("code", "Coding", "CodeableConcept", "Quantity", "string", "uri", "Extension") or kind in _QUANTITIES
    )


_QUANTITIES: Final = ("Age", "Distance", "Duration", "Count", "MoneyQuantity", "SimpleQuantity", "url", "canonical")


def _kinds(base: Said, over: Said) -> list[Said]:
    """The types that are left."""
    found: list[Said] = over.get("type") or base.get("type") or []
    return found


def _values(base: Said, over: Said) -> Iterator[str]:
    kinds = {one["code"].lower().rpartition("system.")[2] for one in _kinds(base, over)}
    forms = {key.removeprefix(name).lower() for key in over for name in _VALUES if key.startswith(name)} - {""}
    if kinds and any(form not in kinds and not (form in _TEXTS and kinds & _TEXTS) for form in forms):
        yield "value-of-other-type"
    (fixed, pattern, low, high), (given, held, lower, higher) = (
        [chosen(said, name) for name in _VALUES] for said in (base, over)
    )
    if (
        (given is not None and held is not None)
        or (fixed is not None and any(one is not None and not is_fixed(one, fixed) for one in (given, held)))
        or (pattern is not None and any(one is not None and not fits(one, pattern) for one in (given, held)))
    ):
        yield "value-changed"
    if (
        (None not in (low, lower) and not at_least(low, lower))
        or (None not in (high, higher) and not at_least(higher, high))
        or over.get("maxLength", 0) > base.get("maxLength", over.get("maxLength", 0))
    ):
        yield "range-wider"


def _constraints(base: Said, over: Said) -> Iterator[str]:
    known = {one.get("key"): one.get("expression") for one in base.get("constraint", ())}
    for one in over.get("constraint", ()):
        if one.get("key") in known and one.get("expression") != known[one.get("key")]:
            yield "constraint-changed"
        known[one.get("key")] = one.get("expression")


def _slicing(base: Said, over: Said) -> Iterator[str]:
    if not (new := over.get("slicing")):
        return
    old = base.get("slicing", {})
    if old and _rank(new) < _rank(old):
        yield "slicing-wider"
    told, tells = old.get("discriminator", []), new.get("discriminator", [])
    if any(one not in tells for one in told):
        yield "slicing-changed"


def slices_broken(whole: Branch) -> Iterator[str]:
    """What the slices of an element ask for beyond what it allows as a whole."""
    most = str(whole.said.get("max", "*"))
    parts = [one.said for name, one in whole.slices.items() if "/" not in name]
    if not _within(str(sum(one.get("min", 0) for one in parts)), most) or not all(
        _within(str(one.get("max", "*")), most) for one in parts if one.get("max") != "*"
    ):
        yield "slices-beyond"


def _rank(slicing: Said) -> int:
    rules = slicing.get("rules")
    return _RULES.index(rules) if rules in _RULES else 0


def _types(base: list[Said], over: list[Said], type_of: TypeOf) -> Iterator[str]:
    allowed = {str(one.get("code")): one for one in base}
    for one in over:
        code = str(one.get("code"))
        known = next((allowed[name] for name in _lineage(code) if name in allowed), None)
        if known is None and code[:1].islower() and any(name.startswith(_SYSTEM) for name in allowed):
            continue  # ids and urls are texts of FHIRPath in the package, and primitives in its text
        if known is None:
            yield "type-wider"
            continue
        profiles = {type_of(url) for url in one.get("profile", ())} - {""}
        if any(code not in _lineage(kind) for kind in profiles):
            yield "profile-of-other-type"
        targets = {type_of(url) for url in known.get("targetProfile", ())}
        if targets and not targets & set(_ANY):
            asked = {type_of(url) for url in one.get("targetProfile", ())} - {""}
            if any(targets.isdisjoint(_lineage(kind)) for kind in asked):
                yield "target-wider"


def _lineage(name: str) -> Iterator[str]:
    """A type and all that it derives from."""
    while name:
        yield name
        found = r4.definition(name)
        name = found.base if found else ""
