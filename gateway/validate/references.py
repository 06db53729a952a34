"""References: their forms, what they point to, and the neighbours in a bundle."""

import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.core import r4
from gateway.validate.nodes import each
from gateway.validate.scope import Pointer, Scope

_RESTFUL: Final = re.compile(
    r"(?P<base>https?://[^?#]*?/|)(?P<name>(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64}))"
    r"(?:/_history/(?P<version>[A-Za-z0-9.-]{1,64}))?(?:#.*)?"
)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_CONDITIONAL: Final = re.compile(r"[A-Z][A-Za-z]+\?\S+")
_REFERRING: Final = ("reference", "url", "valueUrl", "valueUri")  # elements that may name an entry of a document


class Neighbours:
    """The entries of a bundle, by full URL and by type and id."""

    def __init__(self, bundle: dict[str, Any]) -> None:
        self.type = bundle.get("type")
        self.full_urls: dict[int, str] = {}
        self._known: dict[str, list[dict[str, Any]]] = {}
        self._bases: dict[str, str] = {}
        for entry in each(bundle, "entry"):
            resource = entry.get("resource") if type(entry) is dict else None
            if type(resource) is dict:
                url = entry.get("fullUrl")
                if type(url) is str:
                    self.full_urls[id(resource)] = url
                    self._known.setdefault(url, []).append(resource)
                name = f"{resource.get('resourceType')}/{resource.get('id')}"
                self._known.setdefault(name, []).append(resource)

    def matches(self, reference: str, full_url: str) -> list[dict[str, Any]]:
        """The entries that a reference written in the entry of this full URL can mean."""
        if ":" in reference and (exact := self._known.get(reference)):
            return exact
        written = _RESTFUL.fullmatch(reference)
        if written is None:
            return []
        base = written["base"] or self._base(full_url)
        found = self._known.get(base + written["name"], [])
        if not found and not written["base"]:
            found = self._known.get(written["name"], [])
        version = written["version"]
        return [one for one in found if version is None or version == next(each(one, "meta", "versionId"), None)]

    def _base(self, full_url: str) -> str:
        """What a full URL begins with, the same for all references of an entry."""
        if full_url not in self._bases:
            written = _RESTFUL.fullmatch(full_url)
            self._bases[full_url] = written["base"] if written else ""
        return self._bases[full_url]

    def find(self, reference: str, full_url: str) -> dict[str, Any] | None:
        """The entry that a reference means, when there is one."""
        return next(iter(self.matches(reference, full_url)), None)

    def unreachable(self, bundle: dict[str, Any]) -> list[int]:
        """The entries of a document that its first one does not lead to, and that do not lead to what it leads to."""
        entries = [one if type(one) is dict else {} for one in each(bundle, "entry")]
        numbers = {id(one.get("resource")): number for number, one in enumerate(entries)}
        links: list[set[int]] = [set() for _ in entries]
        for number, entry in enumerate(entries):
            for text in _texts_that_refer(entry.get("resource")):
                for target in self.matches(text, str(entry.get("fullUrl", ""))):
                    links[number].add(numbers[id(target)])
        reached, waiting = set[int](), [0]
        while waiting:
            here = waiting.pop()
            if here not in reached:
                reached.add(here)
                waiting += links[here]
                waiting += [number for number, targets in enumerate(links) if here in targets]
        return [number for number, entry in enumerate(entries) if "resource" in entry and number not in reached]


def _texts_that_refer(node: Any) -> Iterator[str]:
    """The texts in a resource that may name another one; a bundle inside it is a world of its own."""
    if type(node) is list:
        for one in node:
            yield from _texts_that_refer(one)
    elif type(node) is dict and node.get("resourceType") != "Bundle":
        for name, value in node.items():
            if type(value) is not str:
                yield from _texts_that_refer(value)
            elif name in _REFERRING:
                yield value


def resolve(reference: Any, scope: Scope) -> dict[str, Any] | None:
    """What a Reference points to: in the container, then in the bundle; None when it is not here."""
    text = reference.get("reference") if type(reference) is dict else None
    if type(text) is not str:
        return None
    if text.startswith("#"):
        return scope.root if text == "#" else _contained(text[1:], scope.root)
    return scope.bundle.find(text, scope.full_url) if scope.bundle else None


def standing_of(reference: Any, scope: Scope) -> str:
    """Where a Reference leads: `contained`, `bundled`, else `referenced`; empty when it has no address."""
    text = reference.get("reference") if type(reference) is dict else None
    if type(text) is not str:
        return ""
    if text.startswith("#"):
        return "contained"
    return "bundled" if resolve(reference, scope) is not None else "referenced"


def type_of(reference: Any, scope: Scope) -> str:
    """The resource type that a Reference points to, as far as it can be told; else the empty string."""
    found = resolve(reference, scope)
    if found is not None:
        return str(found.get("resourceType", ""))
    text = reference.get("reference") if type(reference) is dict else None
    written = _RESTFUL.fullmatch(text) if type(text) is str else None
    if written and r4.is_resource(written["type"]):
        return written["type"]
    said = reference.get("type") if type(reference) is dict else None
    return said if type(said) is str and r4.is_resource(said) else ""


def judge(pointer: Pointer, scope: Scope) -> None:
    """The form of one reference, and whether its target may be what it is."""
    text = pointer.reference.get("reference")
    if type(text) is str and text and not _is_form(text, scope):
        scope.error("reference-form", pointer.place, "reference.form")
        return
    target = type_of(pointer.reference, scope)
    if pointer.targets and target and target not in pointer.targets:
        scope.error("reference-target", pointer.place, "reference.target")
    said = pointer.reference.get("type")
    if type(said) is str and (said != target if target else pointer.targets and said not in pointer.targets):
        report = scope.error if r4.is_resource(said) else scope.fault
        report("reference-target", pointer.place, "reference.type")


def is_local(text: Any) -> bool:
    """Whether this is a reference inside the container."""
    return type(text) is str and text.startswith("#")


def contained_ids(root: dict[str, Any]) -> set[Any]:
    """The ids of what a resource contains."""
    return {one["id"] for one in each(root, "contained") if type(one) is dict and type(one.get("id")) is str}


def _contained(wanted: str, root: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in each(root, "contained") if type(one) is dict and one.get("id") == wanted), None)


def _is_form(text: str, scope: Scope) -> bool:
    if is_local(text) or (":" in text and _ABSOLUTE.fullmatch(text)):
        return True
    if written := _RESTFUL.fullmatch(text):
        return r4.is_resource(written["type"])
    return _CONDITIONAL.fullmatch(text) is not None and scope.bundle is not None
