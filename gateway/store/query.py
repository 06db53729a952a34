"""The parameters of a search, read strictly: what we do not know is refused by name, never passed over."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import false, or_, select

from gateway.core.errors import RequestError, UnknownModifierError, UnknownParameterError, UnreadableValueError
from gateway.store.criteria import Asking, Condition, alternatives, condition, id_condition, updated_condition
from gateway.store.parameters import Parameter, ServedType, registry
from gateway.store.tables import references, resources
from gateway.store.visibility import visible_to

Pair = tuple[str, str]
USUAL_COUNT: Final = 50
MOST_COUNT: Final = 200
MOST_PARAMETERS: Final = 100
LONGEST_VALUE: Final = 20_000
_DEEPEST_CHAIN: Final = 2
_NEVER_DROPPED: Final = frozenset({"patient", "subject", "_id", "identifier"})
_KNOWN_ALPHABET: Final = re.compile(r"[A-Za-z_][A-Za-z.:_-]{0,63}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_CHAINED: Final = re.compile(r"([a-z-]+)(?::([A-Za-z]+))?\.(.+)", re.ASCII)
_SUMMARIES: Final = frozenset({"true", "text", "data", "count", "false"})


@dataclass(frozen=True, slots=True)
class Include:
    """One _include or _revinclude: the type that holds the reference, its parameter, the type it names."""

    source: str
    parameter: str
    target: str
    iterate: bool


@dataclass(slots=True)
class Query:
    """A search as it will be run; `applied` is what the self link shows, `dropped` what leniency passed over.

    `led` says that a condition leads to few resources, so that the store need not walk the whole type.
    """

    type: str
    conditions: list[Condition] = field(default_factory=list)
    led: bool = False
    sort: list[tuple[str, bool]] = field(default_factory=list)
    include: list[Include] = field(default_factory=list)
    revinclude: list[Include] = field(default_factory=list)
    count: int = USUAL_COUNT
    summary: str = "false"
    elements: tuple[str, ...] = ()
    total: str = "accurate"
    applied: list[Pair] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def only_counts(self) -> bool:
        """Whether the answer is a number and nothing else."""
        return self.summary == "count" or self.count == 0


def read_query(type: str, pairs: Iterable[Pair], asking: Asking, *, lenient: bool = False) -> Query:
    """The query that these parameters ask for. Raises RequestError with the parameter's name."""
    query = Query(type)
    given = list(pairs)
    if len(given) > MOST_PARAMETERS:
        raise RequestError
    for name, value in given:
        try:
            _apply(query, name, value, asking)
        except (UnknownParameterError, UnknownModifierError):
            if not lenient or re.split("[:.]", name)[0] in _NEVER_DROPPED:
                raise
            query.dropped.append(shown(name))
        else:
            query.applied.append((name, value))
    return query


def _apply(query: Query, name: str, value: str, asking: Asking) -> None:
    if not value or len(value) > LONGEST_VALUE or _CONTROL.search(value):
        raise UnreadableValueError(shown(name)) if _is_known(query.type, name) else UnknownParameterError(shown(name))
    if (result := _RESULT.get(name)) is not None:
        result(query, value)
    else:
        query.conditions.append(_criterion(registry()[query.type], name, value, asking, _DEEPEST_CHAIN))
        query.led = query.led or _leads(registry()[query.type], name)


def _criterion(served: ServedType, name: str, value: str, asking: Asking, depth: int) -> Condition:
    plain, _, modifier = name.partition(":")
    if plain == "_id" and not modifier:
        return id_condition(alternatives(name, value))
    if plain == "_lastUpdated" and not modifier:
        return updated_condition(alternatives(name, value), asking)
    if plain in ("_id", "_lastUpdated"):
        raise UnknownModifierError(plain)
    chained = _CHAINED.fullmatch(name)
    parameter = served.parameters.get(chained[1] if chained else plain)
    if parameter is None:
        raise UnknownParameterError(shown(name))
    if chained is None:
        return condition(served.type, parameter, modifier, value, asking)
    if depth == 0 or parameter.kind != "reference":
        raise UnknownParameterError(shown(name))
    targets = [chained[2]] if chained[2] else list(parameter.targets)
    if chained[2] and not (chained[2] in registry() and parameter.points_at(chained[2])):
        raise UnknownModifierError(parameter.name)
    return _chain(served, parameter, targets, (chained[3], value), asking, depth - 1)


def _chain(
    served: ServedType, parameter: Parameter, targets: list[str], rest: Pair, asking: Asking, depth: int
) -> Condition:
    """Resources whose reference names a resource that the caller may see and for which the rest holds."""
    known = [registry()[type] for type in targets if type in registry()]
    fitting = [one for one in known if _is_known(one.type, rest[0])]
    if not fitting:
        raise UnknownParameterError(shown(f"{parameter.name}.{rest[0]}"))
    found: list[Condition] = [false()]
    for target in fitting:
        inner = _criterion(target, *rest, asking, depth)
        ids = select(resources.c.id).where(*live(target.type), inner, *visible_to(asking.clinic))
        found.append((references.c.target_type == target.type) & references.c.target_id.in_(ids))
    rows = select(references.c.id).where(
        references.c.type == served.type, references.c.parameter == parameter.name, or_(*found)
    )
    return resources.c.id.in_(rows)


def _leads(served: ServedType, name: str) -> bool:
    plain, _, modifier = name.partition(":")
    parameter = served.parameters.get(plain.partition(".")[0])
    if parameter is None or modifier in ("missing", "not"):
        return name == "_id"
    return parameter.exact or parameter.kind in ("reference", "string")


def live(type: str) -> tuple[Condition, ...]:
    """Newest versions of a type that are not deleted."""
    return (resources.c.type == type, resources.c.current.is_(True), resources.c.deleted.is_(False))


def _is_known(type: str, name: str) -> bool:
    plain = re.split("[:.]", name)[0]
    return plain in ("_id", "_lastUpdated") or name in _RESULT or plain in registry()[type].parameters


def shown(name: str) -> str:
    """A parameter's name as we repeat it: only when it is written in the letters that such names have."""
    return name if _KNOWN_ALPHABET.fullmatch(name) else ""


def _count(query: Query, value: str) -> None:
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise UnreadableValueError("_count")
    query.count = min(int(value), MOST_COUNT)


def _sort(query: Query, value: str) -> None:
    parameters = registry()[query.type].parameters
    for key in value.split(","):
        name = key.removeprefix("-")
        dated = name in parameters and parameters[name].kind == "date"
        if not (name in ("_id", "_lastUpdated") or dated) or len(query.sort) == 3:
            raise UnreadableValueError("_sort")
        query.sort.append((name, key.startswith("-")))


def _summary(query: Query, value: str) -> None:
    query.summary = read_summary(value)


def read_summary(value: str) -> str:
    """The kind of summary asked for."""
    if value not in _SUMMARIES:
        raise UnreadableValueError("_summary")
    return value


def _elements(query: Query, value: str) -> None:
    query.elements = read_elements(query.type, value)


def read_elements(type: str, value: str) -> tuple[str, ...]:
    """The top elements asked for; a name may carry its type."""
    names = tuple(name.removeprefix(f"{type}.") for name in value.split(","))
    if not all(re.fullmatch(r"[A-Za-z]{1,64}", name, re.ASCII) for name in names):
        raise UnreadableValueError("_elements")
    return names


def _total(query: Query, value: str) -> None:
    if value not in ("none", "estimate", "accurate"):
        raise UnreadableValueError("_total")
    query.total = value


def _include(query: Query, value: str, *, name: str = "_include", iterate: bool = False) -> None:
    source, parameter, target = _directed(name, value)
    if source != query.type and not iterate:
        raise UnreadableValueError(name)
    if target and not parameter.points_at(target):
        raise UnreadableValueError(name)
    query.include.append(Include(source, parameter.name, target, iterate))


def _revinclude(query: Query, value: str, *, name: str = "_revinclude", iterate: bool = False) -> None:
    source, parameter, target = _directed(name, value)
    if not iterate and (not parameter.points_at(query.type) or target not in ("", query.type)):
        raise UnreadableValueError(name)
    query.revinclude.append(Include(source, parameter.name, target, iterate))


def _include_iterate(query: Query, value: str) -> None:
    _include(query, value, name="_include:iterate", iterate=True)


def _revinclude_iterate(query: Query, value: str) -> None:
    _revinclude(query, value, name="_revinclude:iterate", iterate=True)


def _directed(name: str, value: str) -> tuple[str, Parameter, str]:
    source, _, rest = value.partition(":")
    wanted, _, target = rest.partition(":")
    served = registry().get(source)
    parameter = served.parameters.get(wanted) if served else None
    if parameter is None or parameter.kind != "reference" or (target and target not in registry()):
        raise UnreadableValueError(name)
    return source, parameter, target


_Result = Callable[[Query, str], None]
_RESULT: Final[Mapping[str, _Result]] = {
    "_count": _count,
    "_sort": _sort,
    "_summary": _summary,
    "_elements": _elements,
    "_total": _total,
    "_include": _include,
    "_include:iterate": _include_iterate,
    "_revinclude": _revinclude,
    "_revinclude:iterate": _revinclude_iterate,
}
