"""Two mentions of one thing: what they say together, and where they contradict each other."""

from functools import lru_cache
from typing import Any, Final

from gateway.core import r4

ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
# What is one thing wherever it is named: a person, an organization, a place.
DIRECTORY: Final = frozenset(
    {"Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "RelatedPerson", "Device"}
)
# Those, a visit and an appointment: whoever names one names some of those who take part; what is told of it adds up.
_GATHERING: Final = DIRECTORY | {"Encounter", "Appointment"}
# Lists that dress a statement and do not change it: two mentions of it may differ in these.
_DRESSING: Final = frozenset({"identifier", "category", "note"})
# What turns the meaning of a resource round where it stands: a mention without it says something else.
_TURNING: Final = frozenset({"doNotPerform", "verificationStatus", "modifierExtension"})
_SAME: Final = {"dataAbsentReason": "value"}  # two names for one question
Part = dict[str, Any]


def contradictions(held: Part, other: Part) -> list[str]:
    """The elements of which two mentions say different things, by their first names."""
    if again(held, other):
        return []
    mine, theirs = _parts(held), _parts(other)
    every = held["resourceType"] in _GATHERING
    apart = [] if every else [name for name in sorted(_TURNING) if (name in mine) != (name in theirs)]
    return apart + [
        name
        for name, part in theirs.items()
        if name in mine and not (_agree(mine[name], part) or ((every or name in _DRESSING) and _adds(mine[name], part)))
    ]


def unite(held: Part, other: Part, but: list[str]) -> set[str]:
    """Let the second mention add to the first, but for some elements; the JSON names of what it could not add."""
    if again(held, other):
        return set()
    mine = _parts(held)
    left: set[str] = set()
    for name, part in _parts(other).items():
        if name in but:
            left.update(one.lstrip("_") for one in part)
        elif name not in mine or not _told(mine[name]) or within(mine[name], part):
            for one in mine.get(name, ()):
                del held[one]
            held.update(part)
        elif not _told(part):
            continue
        elif _adds(mine[name], part):
            (here, value), *_ = part.items()
            held[here] += [one for one in value if not any(within(one, there) for there in held[here])]
    return left


def again(held: Part, other: Part) -> bool:
    """Whether it is the same once more, as most second mentions are."""
    return {**other, "id": held.get("id")} == held


def _parts(resource: Part) -> dict[str, Part]:
    """The elements of a resource, a choice being one, a primitive one with its extensions."""
    type, found = resource["resourceType"], dict[str, Part]()
    for name, value in resource.items():
        if name not in ("resourceType", "id"):
            found.setdefault(_element(type, name), {})[name] = value
    return found


@lru_cache(maxsize=4096)
def _element(type: str, name: str) -> str:
    """The element that a JSON name of a resource belongs to."""
    bare = name.lstrip("_")
    defined = r4.element(f"{type}.{bare}")
    return (defined.choice if defined else "") or _SAME.get(bare, bare)


def _agree(one: Part, other: Part) -> bool:
    return one == other or not (_told(one) and _told(other)) or within(one, other) or within(other, one)


def _adds(one: Part, other: Part) -> bool:
    """Whether both are plain lists, which may be put together."""
    (*values,) = (*one.values(), *other.values())
    return list(one) == list(other) and len(values) == 2 and all(isinstance(value, list) for value in values)


def _told(part: Part) -> bool:
    """Whether an element says anything: an absence that is recorded as such, or `unknown`, does not."""
    return not all(value == "unknown" or _is_absence(value) for value in part.values())


def _is_absence(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and len(value) == 1 else value
    return isinstance(first, dict) and list(first) == ["extension"] and first["extension"][0].get("url") == ABSENT


def within(one: Any, other: Any) -> bool:
    """Whether all that one value says is said by the other."""
    if one == other:  # as most are
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return all(name in other and within(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return all(any(within(value, there) for there in other) for value in one)
    return False
