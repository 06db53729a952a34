"""From the tree of the XML parser to our own nodes, in one pass; nothing after it knows the parser."""

from typing import TYPE_CHECKING, Any, Final

from gateway.parse.ccda.names import STRUCTURE, V3, Names
from gateway.parse.ccda.node import NOTHING, Element
from gateway.parse.ccda.tag import tag_of

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.parse.ccda.document import Document


_ELEMENTS: Final = Names(V3)
_ATTRIBUTES: Final = Names("")
_MOST: Final = 1000  # documents share a few hundred names; those of one that has more are let go of with it
_INDICATED: Final = {"1": "true", "0": "false"}  # XML writes what is so in two ways


def grown(record: "Document", root: "_Element") -> tuple[list[Element], int, dict[str, list[Element]]]:
    """All elements of a document in its order, the root first, how many leaves they have, and who bears an ID."""
    elements, names, structure = _ELEMENTS, _ATTRIBUTES, STRUCTURE
    every: list[Element] = []
    identified: dict[str, list[Element]] = {}
    parent: Element | None = None
    left, leaf = 1, 0  # how many children of the parent are still to come, how many leaves there were
    above: list[tuple[Element | None, int]] = []
    once = dict[str, str]().setdefault  # codes, roots and indents stand again and again; each is kept once
    new, blank = Element.__new__, str.isspace
    one: Any
    for number, one in enumerate(root.iter()):
        while not left:
            parent, left = above.pop()
        left -= 1
        made = new(Element)
        made.name = name = elements[one.tag]
        written = one.items()
        attributes: dict[str, str] = {}
        for qualified, value in written:
            if value := value.strip():
                attributes[names[qualified]] = once(value, value)
        tag = tag_of(name, *attributes)
        valued = tag.valued
        for indicator in tag.indicators:
            said = attributes[indicator]
            attributes[indicator] = _INDICATED.get(said, said)
        if tag.bears_id:
            identified.setdefault(attributes["ID"], []).append(made)
        if not valued and len(attributes) < len(written):
            valued = any(names[qualified] not in structure for qualified, _ in written)
        made.record, made.parent, made.number, made.line = record, parent, number, one.sourceline
        made.tag, made.attributes, made.leaf, made.roots = tag, attributes, leaf, None
        made.denied = tag.negates and attributes["negationInd"] == "true"
        leaf += tag.count
        lead, tail = one.text or "", one.tail or ""
        made.lead, made.tail = lead, tail = once(lead, lead), once(tail, tail)
        if lead and not blank(lead):
            leaf += 1
            valued = True
        if tail and not blank(tail):
            leaf += 1
        every.append(made)
        if parent is not None:
            parent.held.append(made)
        if count := len(one):
            above.append((parent, left))
            made.held, parent, left = [], made, count
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
