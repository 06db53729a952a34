"""Two mentions of one thing: what they say together, and where they contradict each other."""

from functools import lru_cache
from typing import Any, Final

from gateway.core import r4

ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
# What is one thing wherever it is named: a person, an organization, a place, a study of images.
DIRECTORY: Final = frozenset(
    {
        "Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "RelatedPerson", "Device",
        "Endpoint", "ImagingStudy",
    }
)  # fmt: skip
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
            if not _add(held[here], value):
                left.add(here)
    return left


def same_series(members: list[Part]) -> list[Part]:
    """Series of a study, each once by its UID."""
    held: list[Part] = []
    _add(held, members)
    return held


def _add(held: list[Any], other: list[Any]) -> bool:
    """Add what is not there; what has a UID adds to its like. False where those two say different things."""
    by_uid = {one["uid"]: one for one in held if isinstance(one, dict) and "uid" in one}
    agreed = True
    for one in other:
        uid = one.get("uid") if isinstance(one, dict) else None
        if uid is None:
            held += [] if any(within(one, there) for there in held) else [one]
        elif (like := by_uid.setdefault(uid, one)) is one:
            held.append(one)
        else:
            agreed = _adds_to(like, one) and agreed
    return agreed


def _adds_to(held: Part, other: Part) -> bool:
    """Let a series or an instance take what another mention of it adds."""
    agreed = True
    for name, value in other.items():
        there = held.get(name)
        if there is None or _is_absence(there):
            held[name] = value
        elif isinstance(there, list) and isinstance(value, list):
            agreed = _add(there, value) and agreed
        else:
            agreed = agreed and (within(value, there) or _is_absence(value))
    return agreed


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
