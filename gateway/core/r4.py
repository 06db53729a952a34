"""R4 as a table: which elements a type has, in the definition's order, with JSON names.

The table beside this module is derived from the official core package (`gateway/validate/element_table.py` writes
it); one line holds one type with its backbone elements. A choice stands as its JSON names (`deceasedBoolean`,
`deceasedDateTime`); an element that reuses another's content has that content's path as its type.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from gateway.core.fhirjson import read_own

TABLE: Final = Path(__file__).with_name("r4_elements.json")


class Element(NamedTuple):
    """One element of a type.

    `type` is a datatype, a resource, `Resource`, or the path of a backbone element (`Patient.contact`), so that
    `children(element.type)` always works. `required` on a choice means: one of the alternatives of `choice`.
    """

    type: str
    array: bool
    primitive: bool
    required: bool
    binding: str = ""  # the value set of a required binding
    choice: str = ""  # the name of the choice that this is an alternative of: `deceased` for deceasedBoolean
    targets: tuple[str, ...] = ()  # what a Reference or canonical may point to; empty: anything
    profile: str = ""  # the datatype profile that the definition asks for (SimpleQuantity)
    rules: tuple[str, ...] = ()  # keys of the invariants written on this element


class Type(NamedTuple):
    """A resource, a datatype or a backbone element."""

    kind: str  # resource, complex-type or backbone
    base: str
    abstract: bool
    rules: tuple[str, ...]  # keys of its invariants
    elements: Mapping[str, Element]


_PLAIN: Final = Element("Element", False, False, False)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    found: dict[str, Any] = read_own(TABLE.read_bytes())
    return found


@lru_cache(maxsize=4096)  # bounded: names come from senders too
def definition(name: str) -> Type | None:
    """The type of this name (`Patient`, `HumanName`, `Patient.contact`), or None when R4 has no such type."""
    root, _, inside = name.partition(".")
    line = _table().get(root)
    if line is None or inside not in line["elements"]:
        return None
    kind = line["kind"] if not inside else "backbone"
    elements = {name: _element(*row) for name, row in line["elements"][inside].items()}
    rules = tuple(line["rules"].get(inside, ()))
    return Type(kind, line["base"], line.get("abstract", False), rules, MappingProxyType(elements))


def children(type_or_path: str) -> Mapping[str, Element]:
    """The elements of a type, or of what stands at a path, in the order of the definition; none for a primitive."""
    found = definition(type_or_path)
    if found is None and (there := element(type_or_path)) is not None:
        found = definition(there.type)
    return found.elements if found else MappingProxyType({})


@lru_cache(maxsize=4096)  # bounded: names come from senders too
def element(path: str) -> Element | None:
    """The element at a path of JSON names, such as `Patient.name.family` or `CarePlan.activity.detail.code`.

    `_birthDate` is the extension side of a primitive. Where any resource may stand (`contained`, `entry.resource`)
    the next name may be a resource's: `Bundle.entry.resource.Patient.name`.
    """
    here, *steps = path.split(".")
    if definition(here) is None:
        return None
    found: Element | None = Element(here, False, False, False)
    for step in steps:
        if found is None:
            return None
        found = _step(found.type, step)
    return found


def reference_targets(path: str) -> tuple[str, ...]:
    """The resource types that the reference at a path may point to; empty when any may."""
    found = element(path)
    return found.targets if found else ()


def is_resource(name: str) -> bool:
    """Whether this is a resource type that can stand by itself."""
    found = definition(name)
    return found is not None and found.kind == "resource" and not found.abstract


@lru_cache(maxsize=1)
def resource_types() -> tuple[str, ...]:
    """All resource types that can stand by themselves, by name."""
    return tuple(name for name in _table() if is_resource(name))


def _step(here: str, name: str) -> Element | None:
    if here == "Resource" and is_resource(name):
        return Element(name, False, False, False)
    holder = definition(here)
    if holder is None:
        return None
    if name.startswith("_"):
        partner = holder.elements.get(name[1:])
        return _PLAIN._replace(array=partner.array) if partner and partner.primitive else None
    return holder.elements.get(name)


def _element(
    type: str,
    flags: str = "",
    choice: str = "",
    binding: str = "",
    targets: str = "",
    profile: str = "",
    rules: str = "",
) -> Element:
    return Element(
        type, "*" in flags, type[0].islower(), "!" in flags, binding, choice,
        tuple(targets.split()), profile, tuple(rules.split()),
    )  # fmt: skip
