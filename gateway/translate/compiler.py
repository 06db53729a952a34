"""From a table to closures: everything a row says is settled here, once; what is left is read, convert, put, enter."""

import re
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.core.errors import MappingTableError
from gateway.core.ledger import State
from gateway.core.record import Node, Read, Reader
from gateway.translate import target as targets
from gateway.translate.converter import converter_named, step_named
from gateway.translate.policy import knows
from gateway.translate.table import Row, Table

if TYPE_CHECKING:
    from gateway.translate.translation import Translation

Element = dict[str, Any]
Step = Callable[[Node, Element, "Translation"], None]
Holds = Callable[[Node], bool]
_Needs = tuple[Sequence[str], Sequence[str]]

_FACT = re.compile(r"(?P<locator>.+?)\s+(?:(?P<valued>valued|not valued)|(?P<test>=|<>|in)\s+(?P<values>.+))")

_POLICY = re.compile(r"(?P<name>\S+) (?P<test>=|<>) (?P<value>\S+)")

_SHAPES = 20_000  # shapes remembered; senders have few, a flood of odd ones starts anew


class Compiler:
    """Compiles the tables of one format; `tables` are all of them by name, so that rows can name each other."""

    def __init__(self, tables: dict[str, Table], reader: Reader, concept_maps: Callable[[str], Any]) -> None:
        self._tables = tables
        self._reader = reader
        self._concept_maps = concept_maps
        self._compiled: dict[str, tuple[Step, ...]] = {}
        self._needs: dict[str, tuple[_Needs, ...]] = {}
        self._shaped: dict[tuple[str, Hashable], tuple[Step, ...]] = {}

    def steps(self, name: str) -> tuple[Step, ...]:
        """The closures of one map, compiled when first asked for."""
        if name not in self._compiled:
            table = self._tables[name]
            self._compiled[name] = ()  # a map may name itself below
            self._compiled[name] = tuple(self._row(table, row) for row in table.rows)
        return self._compiled[name]

    def steps_at(self, name: str, node: Node) -> tuple[Step, ...]:
        """Those closures of a map that can find something at a node; told by its shape, once for all that share it."""
        shape = node.shape
        if shape is None:
            return self.steps(name)
        found = self._shaped.get((name, shape))
        if found is None:
            if len(self._shaped) >= _SHAPES:
                self._shaped.clear()
            if name not in self._needs:
                self._needs[name] = tuple(map(_needs, self._tables[name].rows))
            steps = zip(self._needs[name], self.steps(name), strict=True)
            found = self._shaped[name, shape] = tuple(step for needs, step in steps if _may_act(needs, node))
        return found

    def identity(self, name: str) -> tuple[Read, ...]:
        """The compiled locators whose values make the id of a resource."""
        return tuple(self._read(self._tables[name], None, one) for one in self._tables[name].identity)

    def check(self) -> None:
        """Compile every map; raises MappingTableError at the first row that cannot be."""
        for name in self._tables:
            self.steps(name)

    def _row(self, table: Table, row: Row) -> Step:
        step = self._step(table, row)
        return _by_policy(table, row, step) if row.policy else step

    def _step(self, table: Table, row: Row) -> Step:
        holds = self._conditions(table, row)
        if row.ignore or row.text:
            return self._account(table, row, holds)
        if row.call:
            return self._call(table, row, holds)
        if row.make:
            return self._make(table, row, holds)
        if row.refer:
            return self._refer(table, row, holds)
        if row.convert:
            return self._convert(table, row, holds)
        return self._constant(table, row, holds)

    # --- the kinds of rows ----------------------------------------------------------------------------------

    def _convert(self, table: Table, row: Row, holds: Holds | None) -> Step:
        read, convert, each = self._alternatives(table, row), self._converter(table, row), row.each
        put, rule = self._target(table, row), row.rule

        def apply(node: Node, element: Element, translation: "Translation") -> None:
            found = read(node)
            if not found:
                return
            if holds is not None and not holds(node):
                translation.pass_over(found, rule)
            elif each:
                for value in found:
                    translation.put(rule, put, convert, value, element)
            else:
                translation.put(rule, put, convert, found[0], element)

        return apply

    def _constant(self, table: Table, row: Row, holds: Holds | None) -> Step:
        put = self._target(table, row)
        try:
            value = targets.typed(row.value, f"{table.target}.{row.to}") if "(" not in row.to else row.value
        except (targets.UnknownPathError, ValueError) as trouble:
            raise MappingTableError(table.file, row.line, f"{trouble} is not in R4") from None

        def apply(node: Node, element: Element, translation: "Translation") -> None:
            if holds is None or holds(node):
                put.put(element, value)

        return apply

    def _make(self, table: Table, row: Row, holds: Holds | None) -> Step:
        read, name, each, rule = self._alternatives(table, row), row.make, row.each, row.rule
        if name not in self._tables:
            raise MappingTableError(table.file, row.line, f"there is no map {name}")
        put = self._target(table, row) if row.to else None

        def apply(node: Node, element: Element, translation: "Translation") -> None:
            if holds is not None and not holds(node):
                return
            found = read(node)
            for value in found if each else found[:1]:
                reference = translation.make(name, value)
                if reference is not None and put is not None:
                    translation.place(rule, put, reference, value, element)

        return apply

    def _refer(self, table: Table, row: Row, holds: Holds | None) -> Step:
        put, name = self._target(table, row), row.refer

        def apply(node: Node, element: Element, translation: "Translation") -> None:
            if holds is None or holds(node):
                reference = translation.refer(name)
                if reference is not None:
                    put.put(element, reference)

        return apply

    def _call(self, table: Table, row: Row, holds: Holds | None) -> Step:
        coded = step_named(row.call, table.format)
        if coded is None:
            raise MappingTableError(table.file, row.line, f"there is no step {row.call}")
        rule, each, step = row.rule, row.each, partial(coded, **row.arguments) if row.arguments else coded
        read: Read = self._alternatives(table, row) if row.source else _itself

        def apply(node: Node, element: Element, translation: "Translation") -> None:
            if holds is None or holds(node):
                found = read(node)
                for value in found if each else found[:1]:
                    translation.call(rule, step, value, element)

        return apply

    def _account(self, table: Table, row: Row, holds: Holds | None) -> Step:
        state = State.IGNORED if row.ignore else State.TEXT
        reads = [self._read(table, row, one) for one in row.ignore or row.text]

        def apply(node: Node, element: Element, translation: "Translation") -> None:
            if holds is None or holds(node):
                for read in reads:
                    for value in read(node):
                        translation.enter_all(value, state, row.rule, row.because)

        return apply

    # --- the parts of a row -----------------------------------------------------------------------------------

    def _read(self, table: Table, row: Row | None, locator: str) -> Read:
        try:
            return self._reader(locator)
        except ValueError:
            line = row.line if row else table.line
            raise MappingTableError(table.file, line, f"{locator} is not a locator of {table.format}") from None

    def _alternatives(self, table: Table, row: Row) -> Callable[[Node], Sequence[Node]]:
        reads = [self._read(table, row, one) for one in row.source]
        if len(reads) == 1:
            return reads[0]

        def first(node: Node) -> Sequence[Node]:
            for read in reads:
                if found := read(node):
                    return found
            return ()

        return first

    def _target(self, table: Table, row: Row) -> targets.Target:
        try:
            return targets.settle(table.target, row.to)[0]
        except targets.UnknownPathError as trouble:
            raise MappingTableError(table.file, row.line, f"{trouble} is not in R4") from None

    def _converter(self, table: Table, row: Row) -> Callable[[Node, "Translation"], Any]:
        if row.convert in self._tables:
            inner, name = self, row.convert
            self.steps(name)

            def nested(node: Node, translation: "Translation") -> Element:
                element: Element = {}
                for step in inner.steps_at(name, node):
                    step(node, element, translation)
                return element

            return nested
        found = converter_named(row.convert, table.format)
        if found is None:
            raise MappingTableError(table.file, row.line, f"there is no converter or map {row.convert}")
        arguments: dict[str, Any] = dict(row.arguments)
        if row.through:
            arguments["through"] = self._concept_maps(row.through)
            if arguments["through"] is None:
                raise MappingTableError(table.file, row.line, f"there is no concept map {row.through}")
        if not arguments:
            return found
        convert = found
        if through := arguments.pop("through", None):
            return lambda node, translation: convert(
                node, translation, through=translation.with_local_codes(through), **arguments
            )
        return partial(convert, **arguments)

    def _conditions(self, table: Table, row: Row) -> Holds | None:
        facts = [self._fact(table, row, fact) for fact in row.when]
        if not facts:
            return None
        if len(facts) == 1:
            return facts[0]
        return lambda node: all(fact(node) for fact in facts)

    def _fact(self, table: Table, row: Row, fact: str) -> Holds:
        said = _FACT.fullmatch(fact)
        if said is None:
            raise MappingTableError(table.file, row.line, f"'{fact}' is not a fact")
        read = self._read(table, row, said["locator"])
        if said["valued"] == "valued":
            return lambda node: bool(read(node))
        if said["valued"]:
            return lambda node: not read(node)
        values = (
            frozenset(one.strip() for one in said["values"].split(",")) if said["test"] == "in" else {said["values"]}
        )
        wanted = said["test"] != "<>"

        def says(node: Node) -> bool:
            found = read(node)
            return (bool(found) and not values.isdisjoint([one.peek for one in found])) is wanted

        return says


def _itself(node: Node) -> Sequence[Node]:
    return (node,)


def _by_policy(table: Table, row: Row, step: Step) -> Step:
    """A row that is for one value of a policy, or for all but one."""
    said = _POLICY.fullmatch(row.policy)
    if said is None or not knows(said["name"], said["value"]):
        raise MappingTableError(table.file, row.line, f"'{row.policy}' is not a value of a policy")
    name, value, wanted = said["name"], said["value"], said["test"] == "="

    def apply(node: Node, element: Element, translation: "Translation") -> None:
        if (translation.policy(name) == value) is wanted:
            step(node, element, translation)

    return apply


def _needs(row: Row) -> _Needs:
    """What must be there for a row to do anything: one of what it reads, and all that it asks for."""
    if row.convert:
        return row.source, ()  # a false condition is said of what it would have read
    facts = [fact for fact in map(_FACT.fullmatch, row.when) if fact is not None]
    asked = tuple(fact["locator"] for fact in facts if fact["valued"] != "not valued" and fact["test"] != "<>")
    return row.source or row.ignore or row.text, asked


def _may_act(needs: _Needs, node: Node) -> bool:
    """Whether a row can do anything at nodes of this shape."""
    sources, asked = needs
    return (not sources or any(map(node.may, sources))) and all(map(node.may, asked))
