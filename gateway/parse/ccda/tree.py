"""From the tree of the XML parser to our own nodes, in one pass; nothing after it knows the parser."""

from typing import TYPE_CHECKING, Any, Final

from gateway.parse.ccda.names import STRUCTURE, V3, Names
from gateway.parse.ccda.node import NOTHING, Element
from gateway.parse.ccda.tag import Tag, tag_of

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.parse.ccda.document import Document


_ELEMENTS: Final = Names(V3)
_ATTRIBUTES: Final = Names("")
_MOST: Final = 1000  # documents share a few hundred names; those of one that has more are let go of with it
_INDICATED: Final = {"1": "true", "0": "false"}  # XML writes what is so in two ways


class _Starts(dict[tuple[Any, ...], tuple[str, dict[str, str], Tag, int, bool, bool]]):
    """The start tags of one document, each read once: two of three elements say what another one has said.

    Of each the name, the valued attributes, the tag, how many leaves it has, whether it denies, whether it is valued.
    """

    def __init__(self) -> None:
        self.once = dict[str, str]().setdefault  # roots and indents stand again and again; each is kept once

    def __missing__(self, written: tuple[Any, ...]) -> tuple[str, dict[str, str], Tag, int, bool, bool]:
        once, names = self.once, _ATTRIBUTES
        name = _ELEMENTS[written[0]]
        attributes: dict[str, str] = {}
        for qualified, value in written[1:]:
            if value := value.strip():
                attributes[names[qualified]] = once(value, value)
        tag = tag_of(name, *attributes)
        for indicator in tag.indicators:
            said = attributes[indicator]
            attributes[indicator] = _INDICATED.get(said, said)
        denied = tag.negates and attributes["negationInd"] == "true"
        valued = tag.valued
        if not valued and len(attributes) < len(written) - 1:
            valued = any(names[qualified] not in STRUCTURE for qualified, _ in written[1:])
        self[written] = found = (name, attributes, tag, tag.count, denied, valued)
        return found


def grown(record: "Document", root: "_Element") -> tuple[list[Element], int, dict[str, list[Element]]]:
    """All elements of a document in its order, the root first, how many leaves they have, and who bears an ID."""
    every: list[Element] = []
    identified: dict[str, list[Element]] = {}
    parent: Element | None = None
    left, leaf = 1, 0  # how many children of the parent are still to come, how many leaves there were
    above: list[tuple[Element | None, int]] = []
    starts = _Starts()
    once, new, blank = starts.once, Element.__new__, str.isspace
    one: Any
    for number, one in enumerate(root.iter()):
        while not left:
            parent, left = above.pop()
        left -= 1
        made = new(Element)
        made.name, made.attributes, tag, count, made.denied, valued = starts[(one.tag, *one.items())]
        made.record, made.parent, made.number, made.line = record, parent, number, one.sourceline
        made.tag, made.leaf, made.roots, made.lead, made.tail = tag, leaf, None, "", ""
        if tag.bears_id:
            identified.setdefault(made.attributes["ID"], []).append(made)
        leaf += count
        if lead := one.text:
            made.lead = once(lead, lead)
            if not blank(lead):
                leaf += 1
                valued = True
        if tail := one.tail:
            made.tail = once(tail, tail)
            if not blank(tail):
                leaf += 1
        every.append(made)
        if parent is not None:
            parent.held.append(made)
        if inner := len(one):
            above.append((parent, left))
            made.held, parent, left = [], made, inner
        else:
            made.held = NOTHING
        made.valued = valued
        around = made.parent
        while valued and around is not None and not around.valued:
            around.valued = True
            around = around.parent
    if len(_ELEMENTS) + len(_ATTRIBUTES) > _MOST:
        _ELEMENTS.clear()
        _ATTRIBUTES.clear()
        tag_of.cache_clear()
    return every, leaf, identified
