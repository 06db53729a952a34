"""Profiles: a tree of constraints compiled to checks that lie over the structure of R4."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from gateway.core import r4
from gateway.validate import bindings, slicing
from gateway.validate.definitions import Library
from gateway.validate.invariants import of_profile
from gateway.validate.nodes import each
from gateway.validate.patterns import at_least, chosen, fits, is_fixed
from gateway.validate.references import resolve, standing_of, type_of
from gateway.validate.scope import Check, Found, Place, Scope
from gateway.validate.tree import Branch, tree


class Standing(NamedTuple):
    """One value of an element: what it is, where it stands, its datatype."""

    value: Any
    place: Place
    type: str


class Profiles:
    """Checks of all profiles, made when a profile is first claimed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._checks: dict[str, tuple[str, Check] | None] = {}

    def check(self, url: str, node: Any, place: Place, scope: Scope) -> None:
        """Judge a resource or datatype against a profile; an unknown one is said to be unchecked."""
        if url.startswith(_CORE) and r4.definition(url.rpartition("/")[2]):
            return  # the base definition is always judged
        found = self._of(url)
        if found is None:
            scope.not_checked(place, "profile.not-checked", url)
            return
        type_name, judge = found
        if r4.is_resource(type_name) and node.get("resourceType") != type_name:
            scope.error("type-not-allowed", place, "profile.type")
            return
        outer, scope.profile = scope.profile, url
        judge(node, place, scope)
        scope.profile = outer

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
        if definition is None or branch is None or not _is_usable(branch, definition["type"]):
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
        members = [
            self._member(n, one, elements) for n, one in (branch.children | _only_form(branch, elements)).items()
        ]
        found = (of_profile(one, type_name) for one in branch.said.get("constraint", ()))
        rules = [one for one in found if one is not None]

        def check(node: Any, place: Place, scope: Scope) -> None:
            if type(node) is dict:
                for member in members:
                    member(node, place, scope)
            for rule in rules:
                rule.judge(node, place, scope)

        return check

    def _member(self, name: str, branch: Branch, elements: Mapping[str, r4.Element]) -> Check:
        """Everything a branch says of one element: how often, what, in which slices."""
        choice = name.removesuffix("[x]") if name.endswith("[x]") else ""
        forms = {key: one for key, one in elements.items() if (one.choice == choice if choice else key == name)}
        label, rule = name, str(branch.said.get("id", name))
        least, most = _bounds(branch)
        judge = self._value(branch, forms)
        slices = self._slices(name, branch, forms) if branch.slices else None

        def check(node: Any, place: Place, scope: Scope) -> None:
            found = list(_standing(node, place, forms))
            if len(found) < least:
                scope.error("element-missing", Place(place, label), rule)
            elif most is not None and len(found) > most:
                code = "element-forbidden" if most == 0 else "element-repeated"
                scope.error(code, found[most].place, rule)
            for one in found:
                judge(one, scope)
            if slices:
                slices(found, Place(place, label), scope)

        return check

    def _value(self, branch: Branch, forms: dict[str, r4.Element]) -> Any:
        """What a branch says of each value: type, fixed, pattern, bounds, binding, target, inside."""
        said, rule = branch.said, str(branch.said.get("id", ""))
        types = {_plain(one) for one in branch.types}
        fixed, pattern = chosen(said, "fixed"), chosen(said, "pattern")
        low, high, longest = chosen(said, "minValue"), chosen(said, "maxValue"), said.get("maxLength")
        profiles = {kind: urls for kind, urls in _profiles_of(said).items() if kind != "Extension"}  # judged everywhere
        pointed = self._reference(said) if any(one.get("code") == "Reference" for one in said.get("type", ())) else None
        inner: dict[str, Check] = {}
        bounds: dict[str, list[Check]] = {}
        bound = "binding" in said

        def judge(one: Standing, scope: Scope) -> None:
            value, place, type_name = one
            if types and type_name not in types and len(forms) > 1:
                scope.error("type-not-allowed", place, rule)
                return
            if value is None:
                return
            if fixed is not None and not is_fixed(value, fixed):
                scope.error("value-fixed", place, rule)
            if pattern is not None and not fits(value, pattern):
                scope.error("value-pattern", place, rule)
            if (low is not None and not at_least(low, value)) or (high is not None and not at_least(value, high)):
                scope.error("value-range", place, rule)
            if longest is not None and type(value) is str and len(value) > longest:
                scope.error("value-too-long", place, rule)
            if bound and type_name in _CODED:
                if type_name not in bounds:
                    bounds[type_name] = bindings.of_element(said, type_name, self._library)
                for check in bounds[type_name]:
                    check(value, place, scope)
            if pointed and type_name == "Reference":
                pointed(value, place, scope)
            if branch.children or said.get("constraint"):
                kind = str(value.get("resourceType")) if type_name == "Resource" and type(value) is dict else type_name
                if kind not in inner:
                    inner[kind] = self._node(branch, kind)
                inner[kind](value, place, scope)
            self._conform(profiles.get(type_name, ()), value, place, scope)

        return judge

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
                    rows[number_][2](one, scope)
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
_CODED: Final = ("code", "Coding", "CodeableConcept", "Quantity", "string", "uri")


def _standing(node: dict[str, Any], place: Place, forms: dict[str, r4.Element]) -> Iterator[Standing]:
    """The values of an element in whatever form; None where only an extension stands."""
    for key, element in forms.items():
        value, side = node.get(key), node.get(f"_{key}") if element.primitive else None
        if type(value) is list or type(side) is list:
            values = value if type(value) is list else [None] * len(side or ())
            for index, one in enumerate(values):
                yield Standing(one, Place(place, key, index), element.type)
        elif value is not None or side is not None:
            yield Standing(value, Place(place, key), element.type)


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
