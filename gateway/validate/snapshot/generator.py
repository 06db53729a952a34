"""The generator: from a differential and its base to the whole list of elements."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from gateway.validate.definitions import Library
from gateway.validate.snapshot.merge import merge, slice_of
from gateway.validate.snapshot.rules import broken, slices_broken
from gateway.validate.tree import Branch, laid_out

_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_BY_URL: Final = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
_BY_TYPE: Final = {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False, "rules": "open"}
_EXTENSIONS: Final = ("extension", "modifierExtension")


class Fault(NamedTuple):
    """A rule that a differential breaks, and the id of the element that breaks it."""

    code: str
    element: str

    @property
    def grave(self) -> bool:
        """Whether no snapshot can be made; parts without a word on how they are told apart are published too."""
        return self.code != "slicing-missing"


class Snapshot(NamedTuple):
    """All elements of a definition in base order, and what is wrong with its differential."""

    elements: list[dict[str, Any]]
    faults: list[Fault]


_Tree = tuple[Branch, list[Fault]]
NO_BASE: Final = Fault("base-unknown", "")  # it is not here, or rests on the definition itself


class Generator:
    """Makes the snapshots of one library; what was made once is kept."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._trees: dict[str, _Tree] = {}

    def snapshot(self, url: str) -> Snapshot:
        """The snapshot of a definition that the library knows; the faults of what it rests on are its own."""
        root, faults = self._tree(url, ())
        path = self.type_of(url)
        return Snapshot(list(_written(root, path, path)), faults)

    def faults(self, definition: dict[str, Any]) -> list[Fault]:
        """What is wrong with a definition that may not be in the library."""
        return self._made(definition, (str(definition.get("url", "")),))[1]

    def inside(self, url: str, above: tuple[str, ...]) -> Branch | None:
        """The tree of a type or profile that an element is unfolded into; None when it cannot be made."""
        root, faults = self._tree(url, above)
        return None if any(one.grave for one in faults) else root

    def type_of(self, url: str) -> str:
        """The type that a profile is about; empty when it is not known."""
        found = self._library.type_definition(url) or self._library.profile(url)
        return str(found["type"]) if found else ""

    def _tree(self, url: str, above: tuple[str, ...]) -> _Tree:
        if url in above:
            return Branch(), [NO_BASE]
        if url not in self._trees:
            found = self._library.type_definition(url) or self._library.profile(url)
            self._trees[url] = self._made(found, (*above, url)) if found else (Branch(), [NO_BASE])
        return self._trees[url]

    def _made(self, found: dict[str, Any], above: tuple[str, ...]) -> _Tree:
        said, shipped = (found.get(view, {}).get("element", ()) for view in ("differential", "snapshot"))
        if not said:
            return laid_out(shipped), []
        base, faults = self._tree(str(found.get("baseDefinition", "")), above)
        if shipped and faults == [NO_BASE]:
            return laid_out(shipped), []
        root, faults = base.copied(), [*faults, *_twice(said)]
        if NO_BASE not in faults:
            layer = _Layer(root, self, above, lambda code, id: faults.append(Fault(code, id)))
            layer.lay(root, laid_out(said), str(found["type"]))
        return root, faults


def _twice(elements: Iterable[dict[str, Any]]) -> Iterator[Fault]:
    """The elements of which a differential speaks twice."""
    ids = [str(one["id"]) for one in elements if one.get("id")]
    yield from (Fault("element-repeated", id) for id in dict.fromkeys(ids) if ids.count(id) > 1)


class _Layer:
    """One differential on its way over its base."""

    def __init__(
        self, root: Branch, generator: Generator, above: tuple[str, ...], fault: Callable[[str, str], None]
    ) -> None:
        self._root = root
        self._generator = generator
        self._above = above
        self._fault = fault

    def lay(self, here: Branch, over: Branch, id: str) -> None:
        """Lay what a differential says of an element over what its base says: itself, its children, its slices."""
        before = here.copied() if over.slices else here
        for code in broken(here.said, over.said, self._generator.type_of):
            self._fault(code, id)
        merge(here.said, over.said)
        self._take_from_extension(here, over)
        if over.children:
            self._unfold(here)
        for name, child in over.children.items():
            self._child(here, name, child, f"{id}.{name}")
        if over.slices:
            name = id.rpartition(".")[2].partition(":")[0]
            self._open(here, name, id)
            for slice_name, part in over.slices.items():
                self._slice(here, before, slice_name, part, name, f"{id}:{slice_name}")
            for code in slices_broken(here):
                self._fault(code, id)

    def _take_from_extension(self, here: Branch, over: Branch) -> None:
        """An element that holds one extension shows that extension's rules, and whether it modifies."""
        profiles = [url for one in over.said.get("type", ()) for url in one.get("profile", ())]
        if len(profiles) != 1 or over.said["type"][0]["code"] != "Extension":
            return
        if root := self._generator.inside(profiles[0], self._above):
            shown = ("short", "definition", "isModifier", "constraint")
            taken = {key: root.said[key] for key in shown if key in root.said}
            merge(here.said, taken | {key: over.said[key] for key in shown[:3] if key in over.said})

    def _child(self, here: Branch, name: str, over: Branch, id: str) -> None:
        if name in here.children:
            self.lay(here.children[name], over, id)
        elif (choice := _choice(here, name)) is None:
            self._fault("element-unknown", id)
        elif ":" in id:  # within a slice only this form is left
            over.said.setdefault("type", [choice[2]])
            self.lay(choice[1], over, id)
        else:
            key, whole, kind = choice
            before = whole.copied()
            self._open(whole, key, id)
            if over.said.get("min"):
                whole.said |= {"min": over.said["min"], "type": [kind]}
            self._slice(whole, before, name, over, key, id)

    def _open(self, here: Branch, name: str, id: str) -> None:
        """An element that has slices says how they are told apart; extensions and choices need not."""
        if "slicing" not in here.said:
            if name in _EXTENSIONS or name.endswith("[x]"):
                here.said["slicing"] = _BY_URL if name in _EXTENSIONS else _BY_TYPE
            else:
                self._fault("slicing-missing", id)

    def _slice(self, here: Branch, before: Branch, slice_name: str, part: Branch, name: str, id: str) -> None:
        """Lay a part over its slice; a new one begins as what the element was, a slice of a slice as that one."""
        if slice_name not in here.slices:
            parent = here.slices.get(slice_name.rpartition("/")[0]) or before
            made = here.slices[slice_name] = slice_of(parent, slice_name)
            form = slice_name.removeprefix(name.removesuffix("[x]")).lower() if name.endswith("[x]") else ""
            if kinds := [one for one in made.said.get("type", ()) if one["code"].lower() == form]:
                made.said["type"] = kinds
        self.lay(here.slices[slice_name], part, id)

    def _unfold(self, here: Branch) -> None:
        """Give an element the children of its type, of its profile, or of the element whose content it has."""
        if here.children:
            return
        if reference := here.said.get("contentReference"):
            target: Branch | None = self._root
            for step in str(reference).rpartition("#")[2].split(".")[1:]:
                target = target.children.get(step) if target else None
        else:
            target = self._generator.inside(_inside(here.said), self._above)
        if target is not None:
            here.children = target.copied().children


def _inside(said: dict[str, Any]) -> str:
    """The definition that lies inside an element: its only profile, its only type, or what all types have."""
    kinds = {str(one["code"]): one.get("profile", ()) for one in said.get("type", ())}
    if len(kinds) != 1:
        return f"{_CORE}Element"
    ((code, profiles),) = kinds.items()
    return str(profiles[0]) if len(profiles) == 1 else f"{_CORE}{code}"


def _choice(here: Branch, name: str) -> tuple[str, Branch, dict[str, Any]] | None:
    """The choice of which this name is one form: its name, itself, and that form's type."""
    for key, whole in here.children.items():
        if key.endswith("[x]") and name.startswith(stem := key.removesuffix("[x]")):
            for kind in whole.said.get("type", ()):
                if name[len(stem) :].lower() == kind["code"].lower():
                    return key, whole, kind
    return None


def _written(here: Branch, id: str, path: str) -> Iterator[dict[str, Any]]:
    """The elements in the order of a snapshot: one, what is inside it, its slices."""
    yield {**here.said, "id": id, "path": path}
    for name, child in here.children.items():
        yield from _written(child, f"{id}.{name}", f"{path}.{name}")
    for name, part in here.slices.items():
        yield from _written(part, f"{id}:{name}", path)
