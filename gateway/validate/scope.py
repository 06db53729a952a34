"""Where the walk stands and what it has found: places, and the scope of one resource."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Optional

from msgspec import Struct

from gateway.core.issue import Issue, Severity

MOST: Final = 200


class Place(Struct, frozen=True, gc=False):
    """A node on the way from the resource; one is made for every node, written out when there is something to say."""

    above: Optional["Place"]
    name: str
    at: int = -1  # the index, where the element repeats

    def __str__(self) -> str:
        steps = []
        here: Place | None = self
        while here is not None:
            steps.append(here.name if here.at < 0 else f"{here.name}[{here.at}]")
            here = here.above
        return ".".join(reversed(steps))


class Pointer(Struct, frozen=True, gc=False):
    """A Reference met on the walk, to be judged when the whole resource is known."""

    reference: dict[str, Any]
    place: Place
    targets: tuple[str, ...]


class Undecided(NamedTuple):
    """Codes of which nobody here can tell whether they are in a value set."""

    value_set: str
    pairs: tuple[tuple[str, str], ...]  # system and code; one that fits is enough
    strength: str
    path: str
    profile: str


class Found:
    """All that one judgement finds; the same for a bundle and everything in it."""

    def __init__(self, whole: Any, strict: bool = True) -> None:
        self.whole = whole  # what is judged, with everything in it
        self.strict = strict
        self.issues: list[Issue] = []
        self.not_checked: set[str] = set()
        self.undecided: list[Undecided] = []
        self.heavy = 0

    def add(self, issue: Issue) -> None:
        """Keep an issue, up to a number that a reader can bear."""
        if issue.severity is Severity.ERROR:
            self.heavy += 1
        if len(self.issues) < MOST:
            self.issues.append(issue)
        elif len(self.issues) == MOST:
            self.issues.append(Issue(Severity.WARNING, "too-many-issues", rule="validate.too-many-issues"))


class Scope:
    """One resource under judgement: the resource itself, the one that contains it, its bundle."""

    __slots__ = ("bundle", "depth", "found", "full_url", "place", "pointers", "profile", "resource", "root")

    def __init__(self, resource: dict[str, Any], place: Place, found: Found) -> None:
        self.resource = resource
        self.root = resource
        self.place = place
        self.found = found
        self.bundle: Any = None
        self.full_url = ""
        self.profile = ""
        self.depth = 0  # how many slices by profile lie around
        self.pointers: list[Pointer] = []

    def contained(self, resource: dict[str, Any], place: Place) -> "Scope":
        """The scope of a contained resource: its references resolve in the same container."""
        inner = Scope(resource, place, self.found)
        inner.root, inner.bundle, inner.full_url = self.root, self.bundle, self.full_url
        return inner

    def error(self, code: str, place: Place, rule: str) -> None:
        """Something is wrong at a place."""
        self.found.add(Issue(Severity.ERROR, code, str(place), rule, profile=self.profile))

    def fault(self, code: str, place: Place, rule: str) -> None:
        """What one who tests conformance refuses, and one who takes what others send only remarks."""
        (self.error if self.found.strict else self.warn)(code, place, rule)

    def warn(self, code: str, place: Place, rule: str) -> None:
        """Something is doubtful at a place."""
        self.found.add(Issue(Severity.WARNING, code, str(place), rule, profile=self.profile))

    def undecided(self, place: Place, url: str, pairs: Sequence[tuple[str, str]], strength: str) -> None:
        """Nobody here can tell whether the codes are in a value set; a terminology server may."""
        self.not_checked(place, "binding.not-checked", url)
        if pairs and len(self.found.undecided) < MOST:
            self.found.undecided.append(Undecided(url, tuple(pairs), strength, str(place), self.profile))

    def not_checked(self, place: Place, rule: str, what: str = "") -> bool:
        """A rule could not be judged here; said once for each thing that is missing, and whether it is now."""
        if new := (key := f"{rule} {what}") not in self.found.not_checked:
            self.found.not_checked.add(key)
            self.found.add(Issue(Severity.INFORMATION, "not-checked", str(place), rule, profile=what or self.profile))
        return new


# A compiled check of one node; it looks, reports, and changes nothing.
Check = Callable[[Any, Place, Scope], None]
