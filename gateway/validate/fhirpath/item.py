"""The items of a collection: values with their types, elements with the extensions beside them."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import Struct

from gateway.core import r4
from gateway.validate.fhirpath import quantity, temporal
from gateway.validate.fhirpath.errors import ExpressionError
from gateway.validate.fhirpath.quantity import Quantity
from gateway.validate.fhirpath.temporal import Temporal


class Item(Struct, frozen=True, gc=False):
    """A value of a System type, or an element: its JSON, its FHIR type, its `_x` partner if it is a primitive."""

    value: Any
    type: str
    partner: Any = None


Items = Sequence[Item]
NONE: Final[Items] = ()
TRUE: Final[Items] = (Item(True, "System.Boolean"),)
FALSE: Final[Items] = (Item(False, "System.Boolean"),)
_BOXES: Final = {True: TRUE, False: FALSE, None: NONE}

_SYSTEM: Final = {"Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"}
_TEMPORAL: Final = {"date": "Date", "dateTime": "DateTime", "instant": "DateTime", "time": "Time"}
_PRIMITIVES: Final = {
    **dict.fromkeys(("boolean", "decimal", "integer", "string", "uri", "base64Binary", "xhtml", *_TEMPORAL), "Element"),
    **dict.fromkeys(("code", "id", "markdown"), "string"),
    **dict.fromkeys(("url", "canonical", "oid", "uuid"), "uri"),
    **dict.fromkeys(("positiveInt", "unsignedInt"), "integer"),
}
_QUANTITIES: Final = ("Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity")


class Form(NamedTuple):
    """One JSON name that a step can mean, and the type of what stands there."""

    key: str
    type: str
    primitive: bool


@lru_cache(maxsize=8192)
def forms(holder: str, name: str) -> tuple[Form, ...]:
    """The JSON names of an element of a type: several for a choice, none where the type has no such element."""
    elements = r4.children(holder)
    if not elements:
        return (Form(name, "System.String", False),)  # what `type()` gives
    found = elements.get(name)
    if found and not found.choice:
        return (Form(name, found.type, found.primitive),)
    return tuple(Form(key, one.type, one.primitive) for key, one in elements.items() if one.choice == name)


def of_resource(resource: Mapping[str, Any]) -> Item:
    """A resource as an item."""
    return Item(resource, str(resource.get("resourceType", "")))


def of_value(value: Any) -> Item:
    """A value of Python as a value of System."""
    if isinstance(value, bool):
        return Item(value, "System.Boolean")
    if isinstance(value, int):
        return Item(value, "System.Integer")
    if isinstance(value, Decimal):
        return Item(value, "System.Decimal")
    if isinstance(value, Quantity):
        return Item(value, "System.Quantity")
    return Item(value, f"System.{value.kind}" if isinstance(value, Temporal) else "System.String")


def boxed(truth: bool | None) -> Items:
    """A truth value as a collection: nothing where it is not known."""
    return _BOXES[truth]


def truth(items: Items) -> bool | None:
    """A collection where a Boolean is wanted: one item that is none counts as true."""
    if not items:
        return None
    if len(items) > 1:
        raise ExpressionError("several items where one truth value is wanted")
    value = items[0].value
    return value if type(value) is bool else True


def step(items: Items, name: str, strict: bool = False) -> Items:
    """The elements of this name in all items."""
    found: list[Item] = []
    for item in items:
        if isinstance(item.value, dict):
            here = forms(item.type, name)
            for form in here:
                found += _elements(item.value, form)
            if strict and not here:
                raise ExpressionError("an element that the type does not have")
        elif isinstance(item.partner, dict) and name in ("id", "extension"):
            found += _elements(item.partner, forms("Element", name)[0])
    return found


def children(items: Items) -> Items:
    """All elements inside the items, one level down."""
    found: list[Item] = []
    for item in items:
        if isinstance(item.value, dict):
            elements = r4.children(item.type)
            for key in item.value:
                name = key.removeprefix("_")
                element = elements.get(name)
                if element and (name == key or name not in item.value):
                    found += _elements(item.value, Form(name, element.type, element.primitive))
        else:
            found += step([item], "extension")
    return found


def descendants(items: Items) -> Items:
    """All elements inside the items, on all levels."""
    found: list[Item] = []
    level: Items = children(items)
    while level:
        found += level
        level = children(level)
    return found


def _elements(node: Mapping[str, Any], form: Form) -> Iterator[Item]:
    value = node.get(form.key)
    partner = node.get(f"_{form.key}") if form.primitive else None
    if isinstance(value, list) or isinstance(partner, list):
        values = value if isinstance(value, list) else ()
        partners = partner if isinstance(partner, list) else ()
        for index in range(max(len(values), len(partners))):
            one = values[index] if index < len(values) else None
            other = partners[index] if index < len(partners) else None
            if one is not None or other is not None:
                yield _element(one, form.type, other)
    elif value is not None or partner is not None:
        yield _element(value, form.type, partner)


def _element(value: Any, kind: str, partner: Any) -> Item:
    if kind == "Resource":
        kind = str(value.get("resourceType")) if isinstance(value, dict) else ""
    return Item(value, kind, partner)


def type_named(text: str, operator: bool = False) -> "Type":
    """The type that a specifier names; ExpressionError when there is none."""
    namespace, _, name = text.rpartition(".")
    if namespace in ("", "System") and name in _SYSTEM and not (namespace == "" and name == "Quantity"):
        primitive = name[0].lower() + name[1:]
        # `answer is Boolean` of que-7 and `$this is DateTime` of us-core-1 mean the FHIR primitives
        return Type(name, True, primitive if operator and not namespace and primitive in _PRIMITIVES else "")
    if namespace in ("", "FHIR") and (name in _PRIMITIVES or name in _QUANTITIES or r4.definition(name)):
        return Type("Quantity" if name in ("SimpleQuantity", "MoneyQuantity") else name, False)
    raise ExpressionError("a type that there is not")


class Type(NamedTuple):
    """A type of System or of FHIR."""

    name: str
    system: bool
    primitive: str = ""  # the FHIR type that is meant as well

    def holds(self, item: Item) -> bool:
        """Whether an item is of this type or of one made from it."""
        if item.type.startswith("System."):
            return item.type == f"System.{self.name}" and (self.system or self.name == "Quantity")
        return (not self.system and self.name in lineage(item.type)) or self.primitive == item.type

    def is_exactly(self, item: Item) -> bool:
        """Whether `as` and `ofType` let an item through: a primitive made from another one is not the other."""
        if item.type in _PRIMITIVES:
            return item.type == (self.primitive if self.system else self.name)
        return self.holds(item)


@lru_cache(maxsize=4096)
def lineage(name: str) -> tuple[str, ...]:
    """A FHIR type and the types that it is made from."""
    found: list[str] = []
    while name:
        found.append(name)
        definition = r4.definition(name)
        name = _PRIMITIVES.get(name, "") if definition is None else definition.base
        if definition is not None and definition.kind == "backbone":
            name = "BackboneElement"
    return tuple(found)


def system(item: Item) -> Any:
    """The System value of an item: a truth value, number, string, Temporal or Quantity; else its JSON."""
    value, kind = item.value, item.type
    if type(value) is str:
        return (temporal.read(_TEMPORAL[kind], value) or value) if kind in _TEMPORAL else value
    if type(value) is float:
        return Decimal(str(value))
    if kind in _QUANTITIES and isinstance(value, dict):
        return quantity.of_element(value) or value
    return value


def key(item: Item) -> Hashable:
    """What is the same for items that count as the same in a set."""
    return _key(system(item) if item.value is not None else item.partner)


def _key(value: Any) -> Hashable:
    if type(value) is str:
        return value
    if isinstance(value, dict):
        return tuple([(name, one if type(one) is str else _key(one)) for name, one in sorted(value.items())])
    if type(value) is list:
        return tuple(map(_key, value))
    return (type(value) is bool, value)
