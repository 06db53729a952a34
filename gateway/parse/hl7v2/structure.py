"""Which segments belong together: a tolerant state machine over the groups of mappings/structures/hl7v2.yaml."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.core.errors import MappingTableError
from gateway.core.table import texts
from gateway.parse.hl7v2.group import Group
from gateway.parse.hl7v2.segment import Segment

if TYPE_CHECKING:
    from gateway.parse.hl7v2.message import Message

TABLE: Final = Path(__file__).resolve().parents[3] / "mappings" / "structures" / "hl7v2.yaml"


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One group of the table."""

    opens: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    joins: dict[str, list[str]] = field(default_factory=dict)
    within: dict[str, frozenset[str]] = field(default_factory=dict)  # a place, and what it must stand in ("": anything)
    home: str = ""  # the place that is opened when none is there
    takes: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    single: bool = False
    open: bool = False


def _rule(said: dict[str, Any]) -> GroupRule:
    return GroupRule(
        opens=frozenset(said.get("opens", ())),
        once=frozenset(said.get("once", ())),
        joins=said.get("joins", {}),
        within=_places(said.get("within", [])),
        home=said["within"][-1].rpartition("/")[2] if "within" in said else "",
        takes=frozenset([*said.get("takes", ()), *said.get("opens", ()), *said.get("once", ())]),
        returns=frozenset(said.get("returns", ())),
        single=said.get("single") == "true",
        open=said.get("open") == "true",
    )


def _places(said: list[str]) -> dict[str, frozenset[str]]:
    """`PATHWAY/GOAL` is a GOAL that stands in a PATHWAY."""
    found: dict[str, set[str]] = {}
    for place in said:
        around, _, name = place.rpartition("/")
        found.setdefault(name, set()).add(around)
    return {name: frozenset(around) for name, around in found.items()}


def load(file: Path = TABLE) -> tuple[dict[str, GroupRule], frozenset[str], frozenset[str]]:
    """The groups by name, what may list several patients, and what is of all of them; or a MappingTableError."""
    try:
        said = texts(file)
        groups = {name: _rule(rule) for name, rule in said["groups"].items()}
        return groups, frozenset(said["lists_patients"]), frozenset(said["of_all"])
    except (AttributeError, KeyError, TypeError):
        raise MappingTableError(file.name, 1, "not a table of groups") from None


RULES, LISTS_PATIENTS, OF_ALL = load()
OPEN: Final = frozenset(name for name, rule in RULES.items() if rule.open)
OPENED_BY: Final = {segment: name for name, rule in RULES.items() for segment in (*rule.opens, *rule.once)}
KNOWN: Final = frozenset(OPENED_BY).union(*(rule.takes for rule in RULES.values()))
_RETURNS: Final = {segment: name for name, rule in RULES.items() for segment in rule.returns}
# What these open depends on what the open groups hold already; of all others, on which groups are open alone.
_BY_CONTENT: Final = frozenset(
    segment for rule in RULES.values() for segment in (rule.opens if rule.single else rule.once)
)
_JOINING: Final = frozenset(family for rule in RULES.values() for one in rule.joins.values() for family in one)
_MOST_STEPS: Final = 500

# How many of the open groups stay open, which open anew, whether the segment is out of its place, what is open then.
_Step = tuple[int, tuple[str, ...], bool, "_Open"]


class _Open(dict[str, _Step]):
    """The names of the open groups, and what each segment was found to do there."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names


@lru_cache(maxsize=1024)
def _opened(names: tuple[str, ...]) -> _Open:
    return _Open(names)


def arrange(message: "Message", family: str) -> None:
    """Put the segments of a message into groups; a segment out of its place joins the group that is open."""
    stack = [message.root]
    now, varying = _opened(("MESSAGE",)), family in _JOINING
    for segment in message.segments:
        step = now.get(segment.name)
        if step is None or varying:
            now = _settle(now, stack, segment, family)
            continue
        kept, anew, misplaced, now = step
        del stack[kept:]
        for name in anew:
            _begin(stack, name)
        if misplaced:
            message.warn("segment-order", segment.location)
        group = segment.group = stack[-1]
        group.parts.append(segment)


def _settle(now: _Open, stack: list[Group], segment: Segment, family: str) -> _Open:
    """Find a segment's place by the rules, and remember what was done where that is always the same."""
    before, name = list(stack), OPENED_BY.get(segment.name)
    misplaced = False
    if (home := _left_behind(stack, segment.name)) is not None:
        segment.record.warn("segment-order", segment.location)
        segment.group = home
        home.parts.append(segment)
        return now
    if name is None or _joins(stack, RULES[name], name, segment, family):
        misplaced = not _close_to(stack, segment.name) and segment.name in KNOWN
        if misplaced:
            segment.record.warn("segment-order", segment.location)
    else:
        _open(stack, name)
    segment.group = stack[-1]
    stack[-1].parts.append(segment)
    kept = next((at for at, (old, new) in enumerate(zip(before, stack, strict=False)) if old is not new), None)
    kept = min(len(before), len(stack)) if kept is None else kept
    then = _opened(tuple(group.name for group in stack))
    if (
        segment.name not in _BY_CONTENT
        and segment.name not in _RETURNS
        and family not in _JOINING
        and len(now) < _MOST_STEPS
    ):
        now[segment.name] = (kept, then.names[kept:], misplaced, then)
    return then


def _left_behind(stack: list[Group], segment: str) -> Group | None:
    """The last group that a segment goes back to, where the message alone takes it."""
    if segment not in _RETURNS or any(segment in RULES[group.name].takes for group in stack[1:]):
        return None
    return _last(stack[0], _RETURNS[segment])


def _last(group: Group, name: str) -> Group | None:
    """The last group of a name inside another."""
    for part in reversed(group.parts):
        if isinstance(part, Group) and (found := part if part.name == name else _last(part, name)) is not None:
            return found
    return None


def _joins(stack: list[Group], rule: GroupRule, name: str, segment: Segment, family: str) -> bool:
    """Whether a segment that may open a group belongs to the one that is open."""
    if segment.name not in rule.once and family not in rule.joins.get(segment.name, ()):
        return False
    opened = next((group for group in reversed(stack) if group.name == name), None)
    return opened is not None and not any(part.name == segment.name for part in opened.parts)


def _open(stack: list[Group], name: str) -> None:
    """Close what must be closed, open the place when it is missing, then open the group."""
    rule = RULES[name]
    for depth in range(len(stack), 0, -1):
        around = rule.within.get(stack[depth - 1].name)
        if around is not None and ("" in around or (depth > 1 and stack[depth - 2].name in around)):
            full = rule.single and any(part.name == name for part in stack[depth - 1].parts)
            del stack[depth:]
            if full:
                _open(stack, stack.pop().name)
            break
    else:
        _open(stack, rule.home)
    _begin(stack, name)


def _begin(stack: list[Group], name: str) -> None:
    group = Group(stack[0].record, name, stack[-1])
    stack[-1].parts.append(group)
    stack.append(group)


def _close_to(stack: list[Group], segment: str) -> bool:
    """Close the groups inside the innermost one that takes the segment; whether there is one."""
    for depth in range(len(stack), 0, -1):
        if segment in RULES[stack[depth - 1].name].takes:
            del stack[depth:]
            return True
    return False
