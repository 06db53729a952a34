"""Slicing: which slice a repetition belongs to, told by its discriminators."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from gateway.core import r4
from gateway.validate.definitions import Library
from gateway.validate.nodes import each, has
from gateway.validate.patterns import chosen, fits, is_fixed
from gateway.validate.references import resolve, type_of
from gateway.validate.scope import Found, Place, Scope
from gateway.validate.tree import Branch

# A repetition with its datatype: does it belong to the slice? None: it cannot be told.
Belongs = Callable[[Any, str, Scope], bool | None]
Conforms = Callable[[str, Any, Scope], Found | None]

_EXTENSION = re.compile(r"extension\('([^']+)'\)")
_IMPLIED_BY_URL = ({"type": "value", "path": "url"},)
_IMPLIED_BY_TYPE = ({"type": "type", "path": "$this"},)


def discriminators(name: str, branch: Branch) -> Any:
    """How the slices of an element are told apart; extensions and choices need no entry."""
    written = branch.said.get("slicing", {}).get("discriminator")
    if written:
        return written
    if name in ("extension", "modifierExtension"):
        return _IMPLIED_BY_URL
    return _IMPLIED_BY_TYPE if name.endswith("[x]") else ()


def belongs(branch: Branch, told_by: Any, library: Library, conforms: Conforms) -> Belongs:
    """The test of one slice: all its discriminators must say yes."""
    tests = [_test(branch, one["type"], one["path"], library, conforms) for one in told_by]
    # a slice that says nothing at one discriminator is told by the others
    tests = [one for one in tests if one is not _untold] or tests

    def test(value: Any, type_name: str, scope: Scope) -> bool | None:
        answers = [one(value, type_name, scope) for one in tests]
        if False in answers:
            return False
        return None if None in answers or not answers else True

    return test


def arrangement(branch: Branch, rule: str) -> Callable[[Iterable[tuple[Place, list[int] | None]], Scope], None]:
    """The check of which slices each repetition fits (None: it cannot be told): one at most, and in their order."""
    said, names = branch.said.get("slicing", {}), list(branch.slices)
    rules, ordered = said.get("rules"), said.get("ordered") is True

    def check(found: Iterable[tuple[Place, list[int] | None]], scope: Scope) -> None:
        furthest, stranger = 0, False
        for place, fitting in found:
            if not fitting:
                if fitting is not None and rules == "closed":
                    scope.error("slice-unknown", place, rule)
                stranger = stranger or fitting is not None
                continue
            first, *more = fitting
            if any(not names[other].startswith(f"{names[first]}/") for other in more):  # a slice of the slice fits too
                scope.error("slice-ambiguous", place, rule)
            if (ordered and first < furthest) or (rules == "openAtEnd" and stranger):
                scope.error("slice-order", place, rule)
            furthest = max(furthest, first)

    return check


def _test(branch: Branch, kind: str, path: str, library: Library, conforms: Conforms) -> Belongs:
    steps = [] if path == "$this" else [step for step in path.split(".") if step != "$this"]
    if kind == "type":
        return _by_type(branch, steps)
    if kind == "profile":
        return _by_profile(branch, steps, conforms)
    if kind == "exists":
        return _by_presence(branch, steps)
    return _by_value(branch, steps, library)


def _by_value(branch: Branch, steps: list[str], library: Library) -> Belongs:
    here: Branch | None = branch
    for number, step in enumerate(steps):
        if here is not None and (pattern := chosen(here.said, "pattern") or chosen(here.said, "fixed")) is not None:
            return _holding(pattern, steps[:number])
        if step == "url" and here is branch and (urls := _profiles(branch)) and "url" not in branch.children:
            return lambda value, type_name, scope: type(value) is dict and value.get("url") in urls
        here = _descend(here, step)
    return _by_constraints(here, steps, library) if here is not None else _untold


def _by_constraints(here: Branch, steps: list[str], library: Library) -> Belongs:
    names = [step for step in steps if not _EXTENSION.fullmatch(step)]
    if (fixed := chosen(here.said, "fixed")) is not None:
        return lambda value, type_name, scope: any(is_fixed(one, fixed) for one in _reach(value, names))
    if (pattern := chosen(here.said, "pattern")) is not None:
        return _holding(pattern, steps)
    url = here.said.get("binding", {}).get("valueSet")
    if url and (expansion := library.expansion(url)) is not None:
        pairs = {(system, code) for system, codes in expansion.items() for code in codes}
        codes = {code for _, code in pairs}
        return lambda value, type_name, scope: any(_is_member(one, pairs, codes) for one in _reach(value, names))
    parts = [(name, child) for name, child in here.children.items() if _says_value(child)]
    if not parts:
        return _untold
    tests = [_by_constraints(child, [*steps, name], library) for name, child in parts]
    return lambda value, type_name, scope: all(test(value, type_name, scope) for test in tests)


def _says_value(branch: Branch) -> bool:
    own = chosen(branch.said, "fixed") is not None or chosen(branch.said, "pattern") is not None
    return own or any(_says_value(child) for child in branch.children.values())


def _holding(pattern: Any, steps: list[str]) -> Belongs:
    return lambda value, type_name, scope: any(fits(one, pattern) for one in _reach(value, steps))


def _is_member(value: Any, pairs: set[tuple[str, str]], codes: set[str]) -> bool:
    if type(value) is str:
        return value in codes
    codings = each(value, "coding") if type(value) is dict and "coding" in value else (value,)
    return any(_pair(one) in pairs for one in codings)


def _pair(coding: Any) -> tuple[str, str]:
    """System and code of a coding; of anything else, two empty texts."""
    system, code = (coding.get("system", ""), coding.get("code")) if type(coding) is dict else ("", "")
    return (system, code) if type(system) is str and type(code) is str else ("", "")


def _by_type(branch: Branch, steps: list[str]) -> Belongs:
    here: Branch | None = branch
    resolves = bool(steps) and steps[-1] == "resolve()"
    for step in steps[:-1] if resolves else steps:
        here = _descend(here, step)
    wanted = _target_types(here) if resolves else set(here.types) if here else set()
    if not wanted:
        return _untold

    def test(value: Any, type_name: str, scope: Scope) -> bool | None:
        if resolves:
            kinds = {type_of(one, scope) for one in _reach(value, steps[:-1])}
            return None if "" in kinds else bool(kinds & wanted)
        if not steps:
            return type_name in wanted
        return any(type(one) is dict and one.get("resourceType") in wanted for one in _reach(value, steps))

    return test


def _by_profile(branch: Branch, steps: list[str], conforms: Conforms) -> Belongs:
    here: Branch | None = branch
    resolves = bool(steps) and steps[-1] == "resolve()"
    for step in steps[:-1] if resolves else steps:
        here = _descend(here, step)
    wanted = [] if here is None else _target_profiles(here) if resolves else _profiles(here)

    def test(value: Any, type_name: str, scope: Scope) -> bool | None:
        found = list(_reach(value, steps[:-1] if resolves else steps))
        if resolves:
            found = [one for one in (resolve(one, scope) for one in found) if one is not None]
        if not found or not wanted:
            return None
        answers = [conforms(url, one, scope) for one in found for url in wanted]
        if any(one is not None and not one.heavy for one in answers):
            return True
        return None if None in answers else False

    return test


def _by_presence(branch: Branch, steps: list[str]) -> Belongs:
    here: Branch | None = branch
    for step in steps:
        here = _descend(here, step)
    if here is None or ("min" not in here.said and here.said.get("max") != "0"):
        return _untold
    wanted = here.said.get("max") != "0"
    return lambda value, type_name, scope: any(True for _ in _reach(value, steps)) == wanted


def _untold(value: Any, type_name: str, scope: Scope) -> bool | None:
    """The definition does not say enough to tell."""
    return None


def _descend(here: Branch | None, step: str) -> Branch | None:
    if here is None:
        return None
    if found := _EXTENSION.fullmatch(step):
        holder = here.children.get("extension", Branch())
        return next((one for one in holder.slices.values() if found[1] in _profiles(one)), None)
    return here.children.get(step) or here.children.get(f"{step}[x]")


def _reach(value: Any, steps: list[str]) -> list[Any]:
    """What stands at a discriminator's path."""
    here = [value]
    for step in steps:
        if found := _EXTENSION.fullmatch(step):
            here = [one for node in here for one in each(node, "extension") if _url(one) == found[1]]
        else:
            here = [one for node in here for one in _step(node, step)]
    return [one for one in here if one is not None]


def _step(node: Any, name: str) -> list[Any]:
    if type(node) is not dict:
        return []
    if name in node or not has(node, f"{name}[x]"):
        return list(each(node, name))
    return [one for key in node if key.startswith(name) and key[len(name)].isupper() for one in each(node, key)]


def _url(node: Any) -> Any:
    return node.get("url") if type(node) is dict else None


def _profiles(branch: Branch) -> list[str]:
    return [str(url) for one in branch.said.get("type", ()) for url in one.get("profile", ())]


def _target_profiles(branch: Branch) -> list[str]:
    return [str(url) for one in branch.said.get("type", ()) for url in one.get("targetProfile", ())]


def _target_types(branch: Branch | None) -> set[str]:
    if branch is None:
        return set()
    names = {url.rpartition("/")[2] for url in _target_profiles(branch)}
    return names if all(r4.is_resource(name) for name in names) else set()
