"""Profiles: a tree of constraints compiled to checks that lie over the structure of R4."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.core import r4
from gateway.validate import bindings, patterns, slicing
from gateway.validate.definitions import Library
from gateway.validate.invariants import Invariant, of_profile
from gateway.validate.nodes import each
from gateway.validate.references import resolve, standing_of, type_of
from gateway.validate.scope import Check, Found, Place, Scope
from gateway.validate.snapshot import NO_BASE, Fault, Generator
from gateway.validate.standing import Forms, Judge, Standing
from gateway.validate.tree import Branch, tree


class Profiles:
    """Checks of all profiles, made when a profile is first claimed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._generator = Generator(library)
        self._checks: dict[str, tuple[str, Check] | None] = {}

    def check(self, url: str, node: Any, place: Place, scope: Scope) -> None:
        """Judge a resource or datatype against a profile; an unknown one is said to be unchecked."""
        if url.startswith(_CORE) and r4.definition(url.rpartition("/")[2]):
            return  # the base definition is always judged
        found = self._of(url)
        if found is None:
            self._refuse(url, place, scope)
            return
        type_name, judge = found
        if r4.is_resource(type_name) and node.get("resourceType") != type_name:
            scope.error("type-not-allowed", place, "profile.type")
            return
        outer, scope.profile = scope.profile, url
        judge(node, place, scope)
        scope.profile = outer

    def _refuse(self, url: str, place: Place, scope: Scope) -> None:
        """A profile that is not here, or whose differential breaks rules, is never used half; said once."""
        if scope.not_checked(place, "profile.not-checked", url):
            outer, scope.profile = scope.profile, url
            for fault in self._faults(url):
                scope.fault(f"differential-{fault.code}", place, fault.element)
            scope.profile = outer

    def _faults(self, url: str) -> list[Fault]:
        """Why a profile cannot be used; those of the core package are taken as they are."""
        found = self._library.profile(url)
        if found is None or self._library.is_core(url):
            return []
        return [one for one in self._generator.faults(found) if one.grave and one != NO_BASE]

    def known(self, url: str) -> bool:
        """Whether the profile can be judged."""
        return self._of(url) is not None

    def conforms(self, url: str, node: Any, scope: Scope) -> Found | None:
        """What a profile would find in a node, kept apart; None when the profile is not known."""
        if self._of(url) is None or scope.depth > _DEEPEST:
            return None
        is_resource = type(node) is dict and "resourceType" in node
        apart = Scope(
            node if is_resource else scope.resource, scope.place, Found(scope.found.whole, scope.found.strict)
        )
        apart.depth, apart.bundle = scope.depth + 1, scope.bundle
        if is_resource and not any(node is one for one in each(scope.root, "contained")):
            apart.full_url = scope.bundle.full_urls.get(id(node), "") if scope.bundle else ""
        else:
            apart.root, apart.full_url = scope.root, scope.full_url
        self.check(url, node, scope.place, apart)
        return apart.found

    def _of(self, url: str) -> tuple[str, Check] | None:
        if url not in self._checks:
            self._checks[url] = self._compiled(url)
        return self._checks[url]

    def _compiled(self, url: str) -> tuple[str, Check] | None:
        definition, branch = self._library.profile(url), tree(url, self._library)
        if definition is None or branch is None or not _is_usable(branch, definition["type"]) or self._faults(url):
            return None
        own = self._node(branch, definition["type"])
        imposed = [one["valueCanonical"] for one in definition.get("extension", ()) if one.get("url") == _IMPOSED]

        def check(node: Any, place: Place, scope: Scope) -> None:
            own(node, place, scope)
            for other in imposed:
                self.check(other, node, place, scope)

        return definition["type"], check if imposed else own

    def _node(self, branch: Branch, type_name: str) -> Check:
        """What a branch says of the inside of one value of this datatype."""
        elements = r4.children(type_name)
        said = branch.children | _only_form(branch, elements)
        members = [found for name, one in said.items() if (found := self._member(name, one, elements))]
        rules = _rules(branch.said, type_name)

        def check(node: Any, place: Place, scope: Scope) -> None:
            if type(node) is dict:
                here = node.keys()
                for names, member in members:
                    if names is None or not here.isdisjoint(names):
                        member(node, place, scope)
            for rule in rules:
                rule.judge(node, place, scope)

        return check

    def _member(
        self, name: str, branch: Branch, elements: Mapping[str, r4.Element]
    ) -> tuple[frozenset[str] | None, Check] | None:
        """What a branch says of one element: how often, what, in which slices; with its names if it must be there.

        None where the branch says nothing that could be broken.
        """
        choice = name.removesuffix("[x]") if name.endswith("[x]") else ""
        forms = {key: one for key, one in elements.items() if (one.choice == choice if choice else key == name)}
        standing, label, rule = Forms(forms), name, str(branch.said.get("id", name))
        least, most = _bounds(branch)
        judge = self._value(branch, forms)
        slices = self._slices(name, branch, forms) if branch.slices else None
        if not (least or most is not None or judge or slices):
            return None

        def check(node: Any, place: Place, scope: Scope) -> None:
            found = standing.of(node, place)
            if len(found) < least:
                scope.error("element-missing", Place(place, label), rule)
            elif most is not None and len(found) > most:
                code = "element-forbidden" if most == 0 else "element-repeated"
                scope.error(code, found[most].place, rule)
            if judge:
                for one in found:
                    judge(one, scope)
            if slices:
                slices(found, Place(place, label), scope)

        return None if least or slices else standing.names, check

    def _value(self, branch: Branch, forms: dict[str, r4.Element]) -> Judge | None:
        """What a branch says of each value: of which type it may be, and all that holds of its type; None: nothing."""
        rule = str(branch.said.get("id", ""))
        types = {_plain(one) for one in branch.types} if len(forms) > 1 else set()
        known: dict[str, list[Check]] = {}
        if not types and self._is_silent(branch):
            return None

        def judge(one: Standing, scope: Scope) -> None:
            value, place, type_name = one
            if types and type_name not in types:
                scope.error("type-not-allowed", place, rule)
            elif value is not None:
                if type_name not in known:
                    known[type_name] = list(self._checks_of(branch, type_name))
                for check in known[type_name]:
                    check(value, place, scope)

        return judge

    def _is_silent(self, branch: Branch) -> bool:
        """Whether a branch says nothing of a value that R4 does not say."""
        said = branch.said
        speaks = any(key.startswith(_SPEAKING) for key in said) or any(_profiles_of(said).values())
        points = any(one.get("code") == "Reference" for one in said.get("type", ()))
        bound = speaks or points or bool(bindings.of_element(said, "code", self._library))
        return not (bound or branch.children or _rules(said, ""))

    def _checks_of(self, branch: Branch, type_name: str) -> Iterator[Check]:
        """What a branch says of a value of a type: fixed, pattern, bounds, binding, target, inside."""
        said = branch.said
        yield from patterns.of_element(said, str(said.get("id", "")))
        if type_name in _CODED:
            yield from bindings.of_element(said, type_name, self._library)
        if type_name == "Reference" and any(one.get("code") == "Reference" for one in said.get("type", ())):
            yield self._reference(said)
        if branch.children or _rules(said, type_name):
            yield self._inside(branch) if type_name == "Resource" else self._node(branch, type_name)
        if type_name != "Extension" and (
            profiles := _profiles_of(said).get(type_name)
        ):  # extensions: judged everywhere
            yield lambda value, place, scope: self._conform(profiles, value, place, scope)

    def _inside(self, branch: Branch) -> Check:
        """What a branch says of a resource of whatever type."""
        known: dict[str, Check] = {}

        def check(value: Any, place: Place, scope: Scope) -> None:
            kind = str(value.get("resourceType")) if type(value) is dict else "Resource"
            if kind not in known:
                known[kind] = self._node(branch, kind)
            known[kind](value, place, scope)

        return check

    def _reference(self, said: dict[str, Any]) -> Check:
        """What a reference may point to: types, profiles where the target is here, and where the target may be."""
        types = [one for one in said["type"] if one.get("code") == "Reference"]
        rule = str(said.get("id", ""))
        urls = [str(url) for one in types for url in one.get("targetProfile", ())]
        kinds = [self._target_type(url) for url in urls]
        profiles = [url for url in urls if not url.startswith(_CORE)]
        places = {one for each_type in types for one in each_type.get("aggregation", ())}

        def check(value: Any, place: Place, scope: Scope) -> None:
            if places and (where := standing_of(value, scope)) and where not in places:
                scope.error("reference-place", place, rule)
            kind = type_of(value, scope)
            if not kind or not kinds or "" in kinds:
                return
            if kind not in kinds and "Resource" not in kinds:
                scope.error("reference-target", place, rule)
            elif profiles and len(profiles) == len(urls) and (target := resolve(value, scope)) is not None:
                tried = [self.conforms(url, target, scope) for url in urls]
                if all(one is not None and one.heavy for one in tried):
                    scope.error("reference-profile", place, rule)

        return check

    def _target_type(self, url: str) -> str:
        """The resource type that a target profile is about; empty when the profile is not here."""
        name = url.rpartition("/")[2]
        if url.startswith(_CORE) and (r4.is_resource(name) or name == "Resource"):
            return name
        found = self._library.profile(url)
        return str(found["type"]) if found else ""

    def _conform(self, profiles: tuple[str, ...], value: Any, place: Place, scope: Scope) -> None:
        """A value must fit one of the profiles that its type names; with one it is judged in the open."""
        if len(profiles) == 1:
            self.check(profiles[0], value, place, scope)
        elif profiles:
            tried = [self.conforms(url, value, scope) for url in profiles]
            if all(one is not None and one.heavy for one in tried):
                scope.error("type-not-allowed", place, "profile.type")

    def _slices(self, name: str, branch: Branch, forms: dict[str, r4.Element]) -> Any:
        told_by = slicing.discriminators(name, branch)
        for slice_name, part in branch.slices.items():
            if slice_name in forms and not part.types:  # value[x]:valueQuantity says its type by its name
                part.said["type"] = [{"code": forms[slice_name].type}]
        rows = [
            (
                part,
                slicing.belongs(part, told_by, self._library, self.conforms),
                self._value(part, forms),
                _bounds(part),
            )
            for part in branch.slices.values()
        ]
        arranged = slicing.arrangement(branch, str(branch.said.get("id", name)))

        def check(found: list[Standing], place: Place, scope: Scope) -> None:
            counts = [0] * len(rows)
            untold = not told_by
            fitting: list[tuple[Place, list[int] | None]] = []
            for one in found:
                answers = [test(one.value, one.type, scope) for _, test, _, _ in rows]
                fits = [number for number, answer in enumerate(answers) if answer]
                for number_ in fits:
                    counts[number_] += 1
                    if judge := rows[number_][2]:
                        judge(one, scope)
                untold = untold or None in answers
                fitting.append((one.place, fits if fits or not untold else None))
            arranged(fitting, scope)
            for count, (part, _, _, (least, most)) in zip(counts, rows, strict=True):
                rule = str(part.said.get("id", name))
                if count < least and untold:
                    scope.not_checked(place, "slicing.not-checked", rule)
                elif count < least:
                    scope.error("slice-missing", place, rule)
                elif most is not None and count > most:
                    scope.error("slice-repeated", place, rule)

        return check


_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_IMPOSED: Final = f"{_CORE}structuredefinition-imposeProfile"
_DEEPEST: Final = 6  # profiles that tell slices by profiles can ask for each other without end
_SPEAKING: Final = ("fixed", "pattern", "minValue", "maxValue", "maxLength")
_CODED: Final = ("code", "Coding", "CodeableConcept", "Quantity", "string", "uri")


def _rules(said: dict[str, Any], type_name: str) -> list[Invariant]:
    found = (of_profile(one, type_name) for one in said.get("constraint", ()))
    return [one for one in found if one is not None]


def _only_form(branch: Branch, elements: Mapping[str, r4.Element]) -> dict[str, Branch]:
    """A profile that speaks of one form of a choice (`valueQuantity`) and of no other allows no other."""
    forms: dict[str, list[str]] = {}
    for name in branch.children:
        if name in elements and (choice := elements[name].choice):
            forms.setdefault(f"{choice}[x]", []).append(name)
    return {
        choice: Branch(
            {"id": branch.children[names[0]].said.get("id", ""), "type": [{"code": elements[names[0]].type}]}
        )
        for choice, names in forms.items()
        if len(names) == 1 and choice not in branch.children
    }


def _is_usable(branch: Branch, type_name: str) -> bool:
    """A profile that speaks of elements that its type does not have is never used half."""
    elements = r4.children(type_name)
    choices = {f"{one.choice}[x]" for one in elements.values() if one.choice}
    return branch.children.keys() <= elements.keys() | choices


def _bounds(branch: Branch) -> tuple[int, int | None]:
    most = str(branch.said.get("max", "*"))
    return int(branch.said.get("min", 0)), int(most) if most.isdigit() else None


def _plain(code: str) -> str:
    return code.rpartition("System.")[2].lower() if code.startswith("http") else code


def _profiles_of(said: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {_plain(str(one.get("code"))): tuple(one.get("profile", ())) for one in said.get("type", ())}
