"""Locators of mapping tables, compiled once to closures over the tree.

The grammar is a small part of XPath, and what it does not have cannot be asked:

    locator    = "." | ["/"] step {"/" step}                  "/" starts at ClinicalDocument
    step       = name {predicate} | ".." | "ancestor::" name | "@" name
    name       = "*" | [prefix ":"] letters                   no prefix is urn:hl7-org:v3; sdtc, xsi are known
    predicate  = "[" ["not "] fact "]"
    fact       = "template " root {"|" root}                  a template id's root; 4.16 is short for
                                                              2.16.840.1.113883.10.20.22.4.16
               | steps [("=" | "<>") value {"|" value}]       any node there, with one of these values

An attribute stands last, and only where it is valued. `ancestor::` gives the nearest one. `@xsi:type` is
compared by its local part. No step goes down to what the source denies, be it a statement or a relation, so that
no row can tell it as so.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from gateway.core.record import Read
from gateway.parse.ccda.names import XSI_TYPE, known
from gateway.parse.ccda.node import Attribute, Element

__all__ = ["located", "reader"]

SHORT_ROOT = "2.16.840.1.113883.10.20.22."
_STEP = re.compile(r"(?:ancestor::)?@?(?:[a-z]+:)?(?:[A-Za-z][A-Za-z0-9]*|\*)|\.\.")
_NAME = re.compile(r"(?:[a-z]+:)?[A-Za-z][A-Za-z0-9]*")  # most locators are this one step
_PREDICATE = re.compile(r"\[([^\[\]]+)\]")
_FACT = re.compile(r"(?P<path>[^=<>]+?)(?:\s*(?P<sign>=|<>)\s*(?P<values>.+))?")

Walk = Callable[[Sequence[Element]], Sequence[Element]]
Test = Callable[[Element], bool]


@cache
def reader(locator: str) -> Read:
    """Compile a locator that finds what is valued; ValueError when it is not in the grammar."""
    if _NAME.fullmatch(locator):
        name = known(locator)
        return lambda node: [child for child in node.held if child.name == name and child.valued]
    read = located(locator)
    return lambda node: [one for one in read(node) if one.valued]


@cache
def located(locator: str) -> Read:
    """Compile a locator that finds empty elements too; ValueError when it is not in the grammar."""
    text = locator.strip()
    if text == ".":
        return lambda node: (node,)
    absolute = text.startswith("/")
    walks, attribute = _compiled(text.removeprefix("/"))
    if not walks and attribute is None:
        raise ValueError(locator)

    def read(node: Any) -> Sequence[Any]:
        found: Sequence[Element] = (node.record.root if absolute else node,)
        for walk in walks:
            if not (found := walk(found)):
                return ()
        if attribute is None:
            return found
        return [Attribute(element, attribute) for element in found if attribute in element.attributes]

    return read


def _compiled(text: str) -> tuple[list[Walk], str | None]:
    """The walks of a path and, when it ends in one, the attribute's qualified name."""
    walks: list[Walk] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError(text)
        at = step.end()
        if "@" in step[0]:
            if at != len(text):
                raise ValueError(text)
            return walks, known(step[0][1:])
        tests = []
        while predicate := _PREDICATE.match(text, at):
            tests.append(_test(predicate[1].strip()))
            at = predicate.end()
        walks.append(_filtered(_walk(step[0]), tests))
        if at < len(text) and text[at] != "/":
            raise ValueError(text)
        at += 1
    return walks, None


def _walk(step: str) -> Walk:
    if step == "..":
        return lambda found: [element.parent for element in found if element.parent is not None]
    if step.startswith("ancestor::"):
        name = known(step.removeprefix("ancestor::"))
        return lambda found: [above for element in found if (above := element.within(name)) is not None]
    if step == "*":
        return lambda found: [child for element in found for child in element.held if not child.denied]
    name = known(step)
    return lambda found: [
        child for element in found for child in element.held if child.name == name and not child.denied
    ]


def _filtered(walk: Walk, tests: list[Test]) -> Walk:
    for test in tests:
        walk = _with(walk, test)
    return walk


def _with(walk: Walk, test: Test) -> Walk:
    return lambda found: [element for element in walk(found) if test(element)]


def _test(fact: str) -> Test:
    if fact.startswith("not "):
        inner = _test(fact.removeprefix("not ").strip())
        return lambda element: not inner(element)
    if fact.startswith("template "):
        roots = frozenset(_root(root) for root in fact.removeprefix("template ").split("|"))
        return lambda element: not roots.isdisjoint(element.templates())
    parts = _FACT.fullmatch(fact)
    if parts is None:
        raise ValueError(fact)
    walks, attribute = _compiled(parts["path"].strip())
    values = frozenset(value.strip().strip("'\"") for value in (parts["values"] or "").split("|"))
    return _compared(walks, attribute, parts["sign"], values)


def _root(written: str) -> str:
    """A template root; the short form leaves out what all C-CDA templates share."""
    root = written.strip()
    return root if root.count(".") > 3 else SHORT_ROOT + root


def _compared(walks: list[Walk], attribute: str | None, sign: str | None, values: frozenset[str]) -> Test:
    def test(element: Element) -> bool:
        found: Sequence[Element] = (element,)
        for walk in walks:
            found = walk(found)
        stands = [_value(one, attribute) for one in found]
        if sign is None:
            return any(stands) if attribute else bool(stands)
        same = any(value in values for value in stands)
        return same if sign == "=" else not same

    return test


def _value(element: Element, attribute: str | None) -> str:
    if attribute is None:
        return element.peek
    value = element.look(attribute)
    return value.rpartition(":")[2] if attribute == XSI_TYPE else value
