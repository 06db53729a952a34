"""The structure of R4: one closure a type, compiled on first use, walks a resource once."""

from collections.abc import Callable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from gateway.core import r4
from gateway.core.r4 import Element
from gateway.validate import advice, bindings, datatypes
from gateway.validate.definitions import Library
from gateway.validate.invariants import Invariant, advised_of_r4, of_r4
from gateway.validate.primitive import ACTIVE_MARKUP, PREDICATES, Predicate, has_json_type, is_plain_text
from gateway.validate.scope import Check, Place, Pointer, Scope

Member = Callable[[Any, Place, Scope, dict[str, Any]], None]


class Structure:
    """Checks of all types, made when a type is first met."""

    def __init__(self, library: Library, nested: Check, extension: Check) -> None:
        self._library = library
        self._nested = nested  # judges a resource that stands inside another one
        self._extension = extension  # judges an extension against its own definition
        self._checks: dict[str, Check] = {}

    def of(self, name: str) -> Check:
        """The check of a type: resource, datatype or backbone path."""
        if name not in self._checks:
            self._checks[name] = self._compile(name)
        return self._checks[name]

    def _compile(self, name: str) -> Check:
        definition = r4.definition(name)
        if definition is None:
            raise LookupError(name)
        members: dict[str, tuple[Predicate | None, Member]] = {}
        for key, element in definition.elements.items():
            members[key] = self._sound(key, element, name), self._member(key, element, name)
            if element.primitive and element.type != "xhtml" and not _is_bare(name, key):
                members[f"_{key}"] = None, self._partner(key, element)
        members = {"resourceType": (None, _nothing), **members} if definition.kind == "resource" else members
        required = _required(definition.elements)
        needed = frozenset(label for label, _ in required)  # a choice has no element of its name: always looked for
        choices = _choices(definition.elements)
        chosen = frozenset[str]().union(*(names for _, names in choices))
        own = (*definition.rules, "ext-1") if name == "Extension" else definition.rules
        rules = _together([of_r4(key, name, name) for key in own])
        advised = [advised_of_r4(key, said, name) for key, said in advice.rules(name).items()]
        extra = datatypes.check_of(name, self._library)
        is_element = definition.kind != "resource"

        def check(node: Any, place: Place, scope: Scope) -> None:
            if type(node) is not dict:
                scope.error("json-type", place, "structure.type")
                return
            if is_element and (not node or (len(node) == 1 and "id" in node)):
                scope.error("value-empty", place, "ele-1")
                return
            for key, value in node.items():
                member = members.get(key)
                if member is None:
                    scope.error("element-unknown", Place(place, key), "structure.unknown")
                    continue
                is_sound, judge = member
                if is_sound is None or not is_sound(value):
                    judge(value, place, scope, node)
            if not needed <= node.keys():
                for label, names in required:
                    if names.isdisjoint(node):
                        scope.error("element-missing", Place(place, label), "structure.min")
            if chosen and len(chosen.intersection(node)) > 1:
                for label, names in choices:
                    if len({key.lstrip("_") for key in names.intersection(node)}) > 1:
                        scope.error("choice-repeated", Place(place, label), "structure.choice")
            for names, open_rules in rules:
                if not names or not names.isdisjoint(node):
                    for rule in open_rules:
                        rule.judge(node, place, scope)
            if advised and scope.found.strict and scope.root is scope.resource:  # of what is contained less is asked
                for rule in advised:
                    rule.judge(node, place, scope)
            if extra:
                extra(node, place, scope)

        return check

    def _member(self, name: str, element: Element, holder: str) -> Member:
        if element.type == "Resource":
            one: Check = self._nested
        elif element.primitive:
            one = self._primitive(element)
        else:
            one = self._complex(element)
        if element.type == "Extension":
            one = _both(one, self._extension)
        one = _with_rules(one, [of_r4(key, holder, element.type) for key in element.rules])
        better = "" if element.binding else advice.binding(holder, name, element)
        if element.binding:
            one = _both(one, bindings.required(element.binding, element.type, self._library))
        elif better:
            one = _both(one, bindings.advised(better, element.type, self._library))
        if name == "language" and element.type == "code" and holder != "Expression":
            one = _both(one, bindings.required(bindings.LANGUAGES, "code", self._library))
        return _array(name, one, element.primitive) if element.array else _single(name, one)

    def _sound(self, name: str, element: Element, holder: str) -> Predicate | None:
        """What tells a value of which there is nothing to say, without its place; most primitives are sound."""
        if not element.primitive or element.array or element.rules or name == "language" or element.type == "canonical":
            return None
        if advice.binding(holder, name, element):
            return None
        if element.binding:
            return bindings.listed(element.binding, self._library) if element.type == "code" else None
        return is_plain_text if element.type in ("string", "markdown") else PREDICATES[element.type]

    def _primitive(self, element: Element) -> Check:
        name, holds = element.type, PREDICATES[element.type]

        def check(value: Any, place: Place, scope: Scope) -> None:
            if not holds(value):
                _refuse(name, value, place, scope)

        def text(value: Any, place: Place, scope: Scope) -> None:
            if not holds(value):
                _refuse(name, value, place, scope)
            elif "<" in value and ACTIVE_MARKUP.search(value):
                scope.error("text-unsafe", place, "extra.markup")

        def canonical(value: Any, place: Place, scope: Scope) -> None:
            check(value, place, scope)
            if type(value) is str and ":" not in value and not value.startswith("#"):
                scope.warn("system-not-absolute", place, "extra.canonical")
            kind = self._library.kind(value) if type(value) is str else ""
            if kind and element.targets and kind not in element.targets:
                scope.error("reference-target", place, "reference.canonical")

        if name == "canonical":
            return canonical
        return text if name in ("string", "markdown") else check

    def _complex(self, element: Element) -> Check:
        inner: Check | None = None

        def check(value: Any, place: Place, scope: Scope) -> None:
            nonlocal inner
            if inner is None:  # types refer to each other in circles
                inner = self.of(element.type)
            inner(value, place, scope)

        if element.type != "Reference":
            return check
        targets = element.targets

        def reference(value: Any, place: Place, scope: Scope) -> None:
            check(value, place, scope)
            if type(value) is dict:
                scope.pointers.append(Pointer(value, place, targets))

        return reference

    def _partner(self, name: str, element: Element) -> Member:
        """The extension side of a primitive: `_birthDate`."""
        side = f"_{name}"

        def one(value: Any, place: Place, scope: Scope, node: dict[str, Any]) -> None:
            if name not in node or not _is_id_only(value):
                self.of("Element")(value, Place(place, name), scope)

        def many(value: Any, place: Place, scope: Scope, node: dict[str, Any]) -> None:
            if type(value) is not list or not value:
                scope.error("array-expected" if value != [] else "value-empty", Place(place, side), "structure.array")
                return
            values = node.get(name)
            if type(values) is list and len(values) != len(value):
                scope.error("structure", Place(place, side), "structure.pairs")
            for index, extra in enumerate(value):
                if extra is not None and not (name in node and _is_id_only(extra)):
                    self.of("Element")(extra, Place(place, name, index), scope)
                elif extra is None and name not in node:
                    scope.error("value-empty", Place(place, name, index), "structure.pairs")

        return many if element.array else one


def _single(name: str, one: Check) -> Member:
    def check(value: Any, place: Place, scope: Scope, node: dict[str, Any]) -> None:
        if type(value) is list:
            scope.error("array-unexpected", Place(place, name), "structure.array")
        else:
            one(value, Place(place, name), scope)

    return check


def _array(name: str, one: Check, primitive: bool) -> Member:
    def check(value: Any, place: Place, scope: Scope, node: dict[str, Any]) -> None:
        if type(value) is not list:
            scope.error("array-expected", Place(place, name), "structure.array")
        elif not value:
            scope.error("value-empty", Place(place, name), "structure.empty")
        else:
            for index, found in enumerate(value):
                if found is None and primitive and _has_partner(node, name, index):
                    continue
                one(found, Place(place, name, index), scope)

    return check


def _has_partner(node: dict[str, Any], name: str, index: int) -> bool:
    """Whether a null in a primitive array stands beside an extension."""
    partners = node.get(f"_{name}")
    return type(partners) is list and index < len(partners) and partners[index] is not None


def _is_id_only(value: Any) -> bool:
    """An element id beside a value; without a value it would be an empty element."""
    return type(value) is dict and len(value) == 1 and "id" in value


def _refuse(name: str, value: Any, place: Place, scope: Scope) -> None:
    if value == "" and type(value) is str:
        scope.error("value-empty", place, "primitive.empty")
    elif not has_json_type(name, value):
        scope.error("json-type", place, "primitive.type")
    else:
        scope.error("value-format", place, f"primitive.{name}")


def _with_rules(one: Check, rules: list[Invariant]) -> Check:
    if not rules:
        return one

    def check(value: Any, place: Place, scope: Scope) -> None:
        one(value, place, scope)
        for rule in rules:
            rule.judge(value, place, scope)

    return check


def _together(rules: list[Invariant]) -> list[tuple[frozenset[str], list[Invariant]]]:
    """Neighbours that hold without the same names, so that one look passes over them all."""
    return [(names, list(same)) for names, same in groupby(rules, attrgetter("names"))]


def _both(first: Check, second: Check) -> Check:
    def check(value: Any, place: Place, scope: Scope) -> None:
        first(value, place, scope)
        second(value, place, scope)

    return check


def _nothing(value: Any, place: Place, scope: Scope, node: dict[str, Any]) -> None:
    """`resourceType` was read before the walk began."""


def _is_bare(holder: str, name: str) -> bool:
    """Ids of elements and the url of an extension are no FHIR primitives: they take no extensions."""
    return (name == "id" and holder not in r4.resource_types()) or (holder == "Extension" and name == "url")


def _required(elements: Mapping[str, Element]) -> list[tuple[str, frozenset[str]]]:
    """What must be there, by the name to show; a primitive may be there by its extension only."""
    groups: dict[str, set[str]] = {}
    for name, element in elements.items():
        if element.required:
            label = f"{element.choice}[x]" if element.choice else name
            groups.setdefault(label, set()).update((name, f"_{name}"))
    return [(label, frozenset(names)) for label, names in groups.items()]


def _choices(elements: Mapping[str, Element]) -> list[tuple[str, frozenset[str]]]:
    groups: dict[str, set[str]] = {}
    for name, element in elements.items():
        if element.choice:
            groups.setdefault(f"{element.choice}[x]", set()).update((name, f"_{name}"))
    return [(label, frozenset(names)) for label, names in groups.items()]
