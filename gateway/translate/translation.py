"""One translation under way: the resources made so far, the account of leaves, the issues, who sends."""

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final

from gateway.core import ids
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Ledger, State
from gateway.core.record import Node, Record
from gateway.core.submission import Sender
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError
from gateway.translate.mapping import Mapping
from gateway.translate.mentions import DIRECTORY
from gateway.translate.resources import Here, Landing, Resources, own_identity
from gateway.translate.target import SecondValueError, Target

Resource = dict[str, Any]
Reference = dict[str, Any]

INFORMANT: Final = "informant"  # under this name a format keeps who tells what a submission says
# Asked for at every value; a member of an enumeration costs ten times as much as a name of the module.
_MAPPED: Final = State.MAPPED
_FAILED: Final = State.FAILED
_UNTRANSLATED: Final = State.UNTRANSLATED

# What ends one row and never the source: its two refusals, and a converter's own mistake on a value nobody thought of,
# which is told as `row-failed` and leaves its leaves failed.
REFUSALS: Final = (
    NotConvertedError,
    SecondValueError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


# The row that runs: its id, the node it reads, what is said of the leaves it reads, the path of the element it fills.
Frame = tuple[str, Node | None, State, str]


class Translation:
    """What rows, converters and steps may ask for and say."""

    def __init__(self, record: Record, mapping: Mapping, *, sender: Sender, scope: str) -> None:
        self.record = record
        self._touched = record.touched
        self.sender = sender
        self.scope = scope  # scopes ids: one sender's identifiers are not another's
        self.zone = sender.zone
        self.issues: list[Issue] = list(record.issues)
        self.ledger = Ledger()
        self._taken = Resources(self.issues, self.ledger)
        self.resources = self._taken.all
        self.filled = 0  # how many rows have read and put; tells a resource that holds nothing
        self.prefix = ""  # the path of the element that is being filled, with its dot
        self.memory: dict[str, Any] = {}  # what the steps of a format keep for one another
        self.here = Here("Bundle")
        self._mapping = mapping
        self._latest: dict[str, Reference] = {}
        self._maps: dict[str, ConceptMap] = {}
        self._overlaid: dict[str, ConceptMap] = {}
        self._rule = ""
        self._value: Node | None = None
        self._state = _MAPPED
        self._untranslated: set[Any] = set()

    # --- what rows, converters and steps ask for ---------------------------------------------------------------

    def policy(self, name: str) -> str:
        """What holds where the standard leaves a choice: as agreed with the sender, else `mappings/policies.yaml`."""
        return self.sender.policies.get(name) or self._mapping.policies[name].default

    def concept_map(self, name: str) -> ConceptMap:
        """A concept map of `mappings/concept_maps/`, with the sender's local codes."""
        found = self._maps.get(name)
        if found is None:
            found = self._maps[name] = self.with_local_codes(self._mapping.concept_map(name))
        return found

    def with_local_codes(self, map: ConceptMap) -> ConceptMap:
        """A concept map that knows the sender's local codes of its table too."""
        if not self.sender.tables:
            return map
        if map.name not in self._overlaid:
            self._overlaid[map.name] = map.overlaid(self.sender.tables)
        return self._overlaid[map.name]

    def map_of(self, kind: str) -> str:
        """The map whose `kinds` name this part of a source (`template 4.4`), or the empty string."""
        return self._mapping.map_of(kind)

    def make(self, name: str, node: Node, *, identity: Sequence[str] = ()) -> Reference | None:
        """Make the resource of a map from a node; None when the node holds nothing for it."""
        table = self._mapping.tables[name]
        outer, self.here = self.here, Here(table.target)
        prefix, self.prefix = self.prefix, ""
        before, self.filled = self.filled, 0
        resource: Resource = {"resourceType": table.target}
        if table.profile:
            resource["meta"] = {"profile": list(table.profile)}
        try:
            for step in self._mapping.steps(name, node):
                step(node, resource, self)
            if table.target == "Bundle" or not self.filled:
                return None
            if not identity and table.identity:
                reads = enumerate(self._mapping.identity(name))
                identity = tuple(f"{n}:{said}" for n, read in reads for one in read(node) if (said := one.peek))
            reference = self.add(resource, identity=identity, node=node)
            self._latest[name] = reference
            return reference
        finally:
            self.here.landed.clear()  # settled; what landed holds its place, and would be held in a ring
            self.here, self.prefix, self.filled = outer, prefix, before + self.filled

    def run(self, name: str, node: Node, element: dict[str, Any]) -> None:
        """Run the rows of a map over a node into an element that a step holds."""
        for step in self._mapping.steps(name, node):
            step(node, element, self)

    def add(self, resource: Resource, *, identity: Sequence[str] = (), node: Node | None = None) -> Reference:
        """Take a resource in under its stable id; the same thing named twice becomes one."""
        type = resource["resourceType"]
        id = ids.stable_id(self.scope, type, *(identity or own_identity(resource, node)))
        id = self._taken.take(resource, id, node, self.here)
        if self.here.type == type:
            self.here.name = f"{type}/{id}"
        reference = {"reference": f"{type}/{id}"}
        self._latest[type] = reference
        return reference

    def refer(self, name: str) -> Reference | None:
        """A reference to what was made last of a type, or of a map."""
        reference = self._latest.get(name)
        return dict(reference) if reference else None

    def latest(self, type: str) -> Resource | None:
        """The resource of a type that was made last."""
        reference = self._latest.get(type)
        return self.find(reference) if reference else None

    def find(self, reference: Reference) -> Resource | None:
        """The resource of this translation that a reference names."""
        type, _, id = reference["reference"].partition("/")
        return self._taken.by_id.get((type, id))

    @property
    def patient(self) -> Resource | None:
        """The Patient that was made last."""
        return self.latest("Patient")

    # --- what they say --------------------------------------------------------------------------------------------

    def warn(
        self,
        code: str,
        *,
        system: str = "",
        concept: str = "",
        state: State | None = None,
        severity: Severity = Severity.WARNING,
        node: Node | None = None,
        untranslated: Any = None,
    ) -> None:
        """Leave an issue at the row that runs; `state` is what its leaves are then said to be.

        `untranslated` is the leaf of a code that stays as it was sent, while what was read beside it has landed.
        """
        stands = node if node is not None else self._value
        self.issues.append(
            Issue(
                severity,
                code,
                f"{self.here.type}.{self.prefix.rstrip('.')}".rstrip("."),
                self._rule,
                stands.location if stands is not None else "",
                system=system,
                concept=concept,
            )
        )
        if state is not None:
            self._state = state
        if untranslated is not None:
            self._untranslated.add(untranslated)

    def row(self, rule: str, place: str, value: Node) -> "RowSpan":
        """The span of one row over one node, for a step that fills an element itself."""
        return RowSpan(self, rule, place, value)

    def put(
        self, rule: str, target: Target, convert: Callable[[Node, "Translation"], Any], value: Node, element: Resource
    ) -> None:
        """One row at one node: convert what stands there, put it, account for what was read."""
        outer = self._rule, self._value, self._state, self.prefix
        path = self.prefix + (target.path if target.fixed else target.place(element))
        self._rule, self._value, self._state, self.prefix = rule, value, _MAPPED, path + "."
        mark = len(self._touched)
        try:
            made = convert(value, self)
            dropped = not made and (made is None or made == {} or made == [])
            if not dropped:
                target.put(element, made)
        except REFUSALS as error:
            dropped = False
            self._refuse(error)
        self._leave(mark, outer, path, dropped)

    def place(self, rule: str, target: Target, made: Any, value: Node, element: Resource) -> None:
        """One row at one node, what it puts being made already."""
        try:
            target.put(element, made)
        except SecondValueError:
            with self.row(rule, target.place(element), value):
                raise

    def call(
        self, rule: str, step: Callable[[Node, "Translation", Resource], None], value: Node, element: Resource
    ) -> None:
        """One row at one node, which a step carries out: it fills the element itself."""
        outer = self._rule, self._value, self._state, self.prefix
        self._rule, self._value, self._state = rule, value, _MAPPED
        mark, path = len(self._touched), self.prefix
        before = _extent(element)
        try:
            step(value, self, element)
        except REFUSALS as error:
            self._refuse(error)
        if len(self._touched) > mark:
            path += _filled(before, element)
        self._leave(mark, outer, path, dropped=False)

    def _refuse(self, error: BaseException) -> None:
        """A row could not do its work: an issue, and what its leaves are then said to be."""
        if isinstance(error, NotConvertedError):
            self.warn(error.code, system=error.system, concept=error.concept, state=error.state)
        elif isinstance(error, SecondValueError):
            self.warn("second-value", state=State.FAILED)
        else:
            self.warn("row-failed", state=State.FAILED)

    def _leave(self, mark: int, outer: Frame, path: str, dropped: bool) -> None:
        """A row ends: what it read goes into the account, unless nothing came of it."""
        rule, state = self._rule, self._state
        self._rule, self._value, self._state, self.prefix = outer
        touched = self._touched
        if len(touched) == mark:
            return
        keys = touched[mark:]
        del touched[mark:]
        if dropped:
            return
        if state is not _FAILED:  # what was read is what a resource holds; a row that read nothing only dresses it
            self.filled += 1
        here = self.here
        landing = Landing(here, path)
        if here.type in DIRECTORY:
            here.landed.append((landing, keys))
        self.ledger.enter_all(keys, state, rule, landing)
        if state is _MAPPED and self._untranslated and (kept := self._untranslated.intersection(keys)):
            self.ledger.enter_all(kept, _UNTRANSLATED, rule, landing)

    def pass_over(self, found: Iterable[Node], rule: str) -> None:
        """A row's condition is false: its leaves are not for it; those of a segment may be another row's."""
        for value in found:
            if value.holder:
                continue
            self.ledger.enter_all(value.keys(), State.NOT_APPLICABLE, rule)

    def enter_all(self, value: Node, state: State, rule: str, because: str) -> None:
        """Say one state of every leaf below a node."""
        self.ledger.enter_all(value.keys(), state, rule, because=because)


def _extent(element: Resource) -> Resource:
    """What an element holds, as far as it tells which of its members grow."""
    return {name: len(held) if held.__class__ in (list, dict) else held for name, held in element.items()}


def _filled(before: Resource, element: Resource) -> str:
    """The one member that a step has filled; where it filled several, its leaves are the whole's."""
    filled = {name.lstrip("_") for name, held in _extent(element).items() if before.get(name) != held}
    return filled.pop() if len(filled) == 1 else ""


class RowSpan:
    """One row at one node, for a step that fills an element itself; a refusal inside becomes an issue."""

    __slots__ = ("_dropped", "_mark", "_outer", "_path", "_translation", "place", "rule", "value")

    def __init__(self, translation: Translation, rule: str, place: str, value: Node) -> None:
        self._translation = translation
        self.rule = rule
        self.place = place
        self.value = value
        self._dropped = False

    def drop(self) -> None:
        """Nothing came of it: what was read stays unaccounted for by this row."""
        self._dropped = True

    def __enter__(self) -> "RowSpan":
        here = self._translation
        self._mark = len(here._touched)
        self._outer = here._rule, here._value, here._state, here.prefix
        self._path = here.prefix + self.place
        here._rule, here._value, here._state = self.rule, self.value, _MAPPED
        if self.place:
            here.prefix = self._path + "."
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        refused = isinstance(error, REFUSALS)
        if refused:
            self._translation._refuse(error)  # type: ignore[arg-type]
        self._translation._leave(
            self._mark, self._outer, self._path, self._dropped or (error is not None and not refused)
        )
        return refused
