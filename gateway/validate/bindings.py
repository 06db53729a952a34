"""Required bindings: the codes that an element may hold."""

from collections.abc import Iterator
from typing import Any

from gateway.validate.definitions import Library
from gateway.validate.scope import Check, Place, Scope
from gateway.validate.terminology import FORMS, Expansion

_RULE = "binding.required"


def required(value_set: str, type_name: str, library: Library) -> Check:
    """The check of a required binding on one value; the value set is expanded when first met."""
    url = value_set.partition("|")[0]
    judge: Check | None = None

    def check(value: Any, place: Place, scope: Scope) -> None:
        nonlocal judge
        if judge is None:
            judge = _judge(url, type_name, library.expansion(url))
        judge(value, place, scope)

    return check


def _judge(url: str, type_name: str, expansion: Expansion | None) -> Check:
    if expansion is None:
        return _form(url, type_name)
    if type_name in ("code", "string", "uri", "url", "canonical", "id"):
        return _plain(frozenset[str]().union(*expansion.values()))
    return _coded({(system, code) for system, codes in expansion.items() for code in codes}, type_name)


def _plain(codes: frozenset[str]) -> Check:
    def check(value: Any, place: Place, scope: Scope) -> None:
        if type(value) is str and value and value not in codes:
            scope.error("code-not-in-value-set", place, _RULE)

    return check


def _coded(members: set[tuple[str, str]], type_name: str) -> Check:
    """One coding that fits is enough; words alone are not."""

    def check(value: Any, place: Place, scope: Scope) -> None:
        if type(value) is not dict or ("extension" in value and len(value) == 1):
            return  # absent, and the reason given
        if not any(pair in members for pair in _pairs(value, type_name)):
            scope.error("code-not-in-value-set", place, _RULE)

    return check


def _pairs(value: dict[str, Any], type_name: str) -> Iterator[tuple[Any, Any]]:
    codings = value.get("coding", ()) if type_name == "CodeableConcept" else (value,)
    for coding in codings if isinstance(codings, (list, tuple)) else ():
        if type(coding) is dict:
            system, code = coding.get("system", ""), coding.get("code")
            if type(system) is str and type(code) is str:
                yield system, code


def _form(url: str, type_name: str) -> Check:
    """A value set that no list holds: its form where one is known, and said to be unchecked."""
    form = FORMS.get(url)

    def check(value: Any, place: Place, scope: Scope) -> None:
        if form is None or type(value) is not str:
            scope.not_checked(place, "binding.not-checked", url)
        elif form.fullmatch(value) is None:
            scope.error("code-not-in-value-set", place, _RULE)

    return check
