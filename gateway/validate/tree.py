"""A profile as a tree: what its differential says, laid over what the profiles below it say."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.core import r4
from gateway.validate.definitions import Library

_SHORT_FORMS: Final = "[x]"


@dataclass
class Branch:
    """One element of a profile: what is said of it, its slices, its children."""

    said: dict[str, Any] = field(default_factory=dict)
    children: dict[str, "Branch"] = field(default_factory=dict)
    slices: dict[str, "Branch"] = field(default_factory=dict)

    @property
    def types(self) -> tuple[str, ...]:
        """The datatypes that are left."""
        return tuple(str(one.get("code")) for one in self.said.get("type", ()))

    def copied(self) -> "Branch":
        """The same tree, to be written on."""
        return Branch(
            dict(self.said),
            {name: one.copied() for name, one in self.children.items()},
            {name: one.copied() for name, one in self.slices.items()},
        )


def laid_out(elements: Iterable[dict[str, Any]]) -> Branch:
    """A list of ElementDefinitions as a tree."""
    root = Branch()
    for element in elements:
        _place(root, element)
    return root


def tree(url: str, library: Library) -> Branch | None:
    """The tree of a profile over its base profiles; None when one of them is not known."""
    return _tree(url, library, ())


def _tree(url: str, library: Library, above: tuple[str, ...]) -> Branch | None:
    found = library.profile(url)
    if found is None or url in above:
        return None
    base = str(found.get("baseDefinition", ""))
    elements = found.get("differential", {}).get("element")
    root: Branch | None
    if r4.definition(base.removeprefix("http://hl7.org/fhir/StructureDefinition/")) is not None:
        root = Branch()
    else:
        root = _tree(base, library, (*above, url))
        if root is None and "snapshot" in found:
            root, elements = Branch(), found["snapshot"]["element"]
    if root is None:
        return None
    for element in elements or found.get("snapshot", {}).get("element", ()):
        _place(root, element)
    return root


def _place(root: Branch, element: dict[str, Any]) -> None:
    """Lay one ElementDefinition over the branch that it speaks of."""
    here = root
    for step in _steps(element)[1:]:
        name, _, slice_name = step.partition(":")
        here = here.children.setdefault(name, Branch())
        if slice_name:
            here = here.slices.setdefault(slice_name, Branch())
    for key, value in element.items():
        if key == "constraint":
            value = [*here.said.get("constraint", ()), *value]
        elif key == "binding":
            value = {**here.said.get("binding", {}), **value}
        here.said[key] = value


def _steps(element: dict[str, Any]) -> list[str]:
    """The steps of an element's id; from its path where it has none."""
    path, name = str(element.get("path", "")), element.get("sliceName")
    written = str(element.get("id") or (f"{path}:{name}" if name else path))
    steps: list[str] = []
    for step in written.split("."):
        # a dot inside a slice's name (`code:loinc.1`) does not begin a new step of the path
        if len(steps) < path.count(".") + 1:
            steps.append(step)
        else:
            steps[-1] += f".{step}"
    return steps if len(steps) > path.count(".") else path.split(".")  # an id that is shorter than its path is none
