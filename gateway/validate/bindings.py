"""Bindings: the codes that an element may hold, and how strictly."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.validate.definitions import Library
from gateway.validate.primitive import PREDICATES, Predicate
from gateway.validate.scope import Check, Place, Scope
from gateway.validate.terminology import FORMS, IN_USE, WHOLE, Expansion
from gateway.validate.ucum import measure

LANGUAGES: Final = "http://hl7.org/fhir/ValueSet/all-languages"
_MAX: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_ADDITIONAL: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.binding.additional"
# What the purpose of an additional binding means to a checker; candidates, starters and lists for display bind nobody.
_PURPOSES: Final = {
    "maximum": "required", "required": "required", "minimum": "", "extensible": "extensible", "current": "",
}  # fmt: skip


def required(value_set: str, type_name: str, library: Library) -> Check:
    """The check of a required binding on one value; the value set is expanded when first met."""
    return _binding(value_set, "required", type_name, library)


def advised(value_set: str, type_name: str, library: Library) -> Check:
    """The check of an extensible binding of R4 itself: told by the validator only."""
    judge = _binding(value_set, "extensible", type_name, library)

    def check(value: Any, place: Place, scope: Scope) -> None:
        if scope.found.strict:
            judge(value, place, scope)

    return check


def listed(value_set: str, library: Library) -> Predicate:
    """Whether a value is a code that the value set lists; the value set is expanded when first met."""
    codes: frozenset[str] | None = None

    def check(value: Any) -> bool:
        nonlocal codes
        if codes is None:
            expansion = library.expansion(value_set) or {}
            codes = frozenset(one for system in expansion.values() for one in system if PREDICATES["code"](one))
        return type(value) is str and value in codes

    return check


def of_element(said: dict[str, Any], type_name: str, library: Library) -> list[Check]:
    """The checks of all that an ElementDefinition binds: the binding, its upper limit, additional bindings."""
    binding = said.get("binding", {})
    bound = [(binding.get("strength"), binding.get("valueSet"))]
    for extension in binding.get("extension", ()):
        if extension.get("url") == _MAX:
            bound.append(("required", extension.get("valueCanonical") or extension.get("valueUri")))
        elif extension.get("url") == _ADDITIONAL:
            parts = {one.get("url"): one for one in extension.get("extension", ())}
            purpose = _PURPOSES.get(parts.get("purpose", {}).get("valueCode"), "")
            bound.append((purpose, parts.get("valueSet", {}).get("valueCanonical")))
    return [_binding(url, strength, type_name, library) for strength, url in bound if url and strength in _STRENGTHS]


_STRENGTHS: Final = ("required", "extensible")


def _binding(value_set: str, strength: str, type_name: str, library: Library) -> Check:
    url = value_set.partition("|")[0]
    judge: Check | None = None

    def check(value: Any, place: Place, scope: Scope) -> None:
        nonlocal judge
        if judge is None:
            judge = _judge(url, strength, type_name, library)
        judge(value, place, scope)

    return check


def _judge(url: str, strength: str, type_name: str, library: Library) -> Check:
    expansion, plain = library.expansion(url), type_name in _PLAIN
    if expansion is None:
        return _form(url, strength) if plain else _open(url, library.systems(url), strength, type_name)
    if plain:
        return _listed(frozenset[str]().union(*expansion.values()), strength)
    return _coded(expansion, strength, type_name)


_PLAIN: Final = ("code", "string", "uri", "url", "canonical", "id")


def _refuse(strength: str, place: Place, scope: Scope) -> None:
    if strength == "required":
        scope.error("code-not-in-value-set", place, "binding.required")
    else:
        scope.warn("code-beyond-value-set", place, "binding.extensible")


def _listed(codes: frozenset[str], strength: str) -> Check:
    def check(value: Any, place: Place, scope: Scope) -> None:
        if type(value) is str and value and value not in codes:
            _refuse(strength, place, scope)

    return check


def _coded(expansion: Expansion, strength: str, type_name: str) -> Check:
    """One coding that fits is enough; words alone are not where the binding is required."""

    def check(value: Any, place: Place, scope: Scope) -> None:
        if type(value) is not dict or ("extension" in value and len(value) == 1):
            return  # absent, and the reason given
        pairs = list(_pairs(value, type_name))
        if any(code in expansion.get(system, ()) for system, code in pairs) or (strength != "required" and not pairs):
            return
        _refuse(strength, place, scope)

    return check


def _open(url: str, systems: frozenset[str] | None, strength: str, type_name: str) -> Check:
    """A value set that cannot be listed here: a code of a system that it takes nothing from is outside all the same."""
    whole = WHOLE.get(url)

    def check(value: Any, place: Place, scope: Scope) -> None:
        if type(value) is not dict or ("extension" in value and len(value) == 1):
            return
        pairs = list(_pairs(value, type_name))
        if whole and any(system == whole and measure(code) for system, code in pairs):
            return
        if systems is not None and pairs and not any(system in systems for system, _ in pairs):
            _refuse(strength, place, scope)
        elif pairs or strength == "required":
            scope.undecided(place, url, pairs, strength)

    return check


def _pairs(value: dict[str, Any], type_name: str) -> Iterator[tuple[str, str]]:
    codings = value.get("coding", ()) if type_name == "CodeableConcept" else (value,)
    for coding in codings if isinstance(codings, (list, tuple)) else ():
        if type(coding) is dict:
            system, code = coding.get("system", ""), coding.get("code")
            if type(system) is str and type(code) is str:
                yield system, code


def _form(url: str, strength: str) -> Check:
    """A value set that no list holds: its form where one is known, and said to be unchecked."""
    form, in_use = FORMS.get(url), IN_USE.get(url)

    def check(value: Any, place: Place, scope: Scope) -> None:
        if form is None or type(value) is not str:
            scope.not_checked(place, "binding.not-checked", url)
        elif form.fullmatch(value) is None:
            _refuse(strength, place, scope)
        elif in_use and value not in in_use:
            scope.warn("code-not-in-system", place, "binding.not-in-use")

    return check
