"""Which segments belong together: a tolerant state machine over the groups of mappings/structures/hl7v2.yaml."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.core.errors import MappingTableError
from gateway.parse.hl7v2.message import Group, Message, Segment

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


def load(file: Path = TABLE) -> dict[str, GroupRule]:
    """The groups by name; raises MappingTableError when the table cannot be read."""
    try:
        said = yaml.load(file.read_text("utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 (texts only)
        return {name: _rule(rule) for name, rule in said["groups"].items()}
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise MappingTableError(file.name, 1, "not a table of groups") from None


RULES: Final = load()
OPEN: Final = frozenset(name for name, rule in RULES.items() if rule.open)
OPENED_BY: Final = {segment: name for name, rule in RULES.items() for segment in (*rule.opens, *rule.once)}
KNOWN: Final = frozenset(OPENED_BY).union(*(rule.takes for rule in RULES.values()))


def arrange(message: Message, family: str) -> None:
    """Put the segments of a message into groups; a segment out of its place joins the group that is open."""
    stack = [message.root]
    for segment in message.segments:
        name = OPENED_BY.get(segment.name)
        if name is None or _joins(stack, RULES[name], name, segment, family):
            _take(stack, segment)
        else:
            _open(stack, name)
            _add(stack[-1], segment)


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
    group = Group(stack[0].record, name, stack[-1])
    stack[-1].parts.append(group)
    stack.append(group)


def _take(stack: list[Group], segment: Segment) -> None:
    for depth in range(len(stack), 0, -1):
        if segment.name in RULES[stack[depth - 1].name].takes:
            del stack[depth:]
            break
    else:
        if segment.name in KNOWN:
            segment.record.warn("segment-order", segment.location)
    _add(stack[-1], segment)


def _add(group: Group, segment: Segment) -> None:
    segment.group = group
    group.parts.append(segment)
