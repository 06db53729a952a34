"""From the tree of the XML parser to our own nodes, in one pass; nothing after it knows the parser."""

from typing import TYPE_CHECKING, Any, Final

from gateway.parse.ccda.names import STRUCTURE, V3, Names
from gateway.parse.ccda.node import TAIL, TEXT, Element, Key

if TYPE_CHECKING:
    from lxml.etree import _Element

    from gateway.parse.ccda.document import Document

_INDICATORS: Final = ("negationInd", "inversionInd")
_INDICATED: Final = {"1": "true", "0": "false"}  # XML writes what is so in two ways


def grown(record: "Document", root: "_Element") -> tuple[list[Element], list[Key], dict[str, Element]]:
    """All elements of a document in its order, the root first, the keys of its leaves, and who bears an ID."""
    tags, names, structure = Names(V3), Names(""), STRUCTURE
    elements: list[Element] = []
    keys: list[Key] = []
    identified: dict[str, Element] = {}
    parent: Element | None = None
    left = 1  # how many children of the parent are still to come
    above: list[tuple[Element | None, int]] = []
    once = dict[str, str]().setdefault  # codes, roots and indents stand again and again; each is kept once
    one: Any
    for number, one in enumerate(root.iter()):
        while not left:
            parent, left = above.pop()
        left -= 1
        attributes: dict[str, str] = {}
        lead, tail = one.text or "", one.tail or ""
        lead, tail = once(lead, lead), once(tail, tail)
        made = Element(record, tags[one.tag], attributes, lead, tail, parent, one.sourceline, number, len(keys))
        elements.append(made)
        if parent is not None:
            parent.held.append(made)
        valued = False
        for qualified, value in one.items():
            name = names[qualified]
            attributes[name] = value = once(value, value)
            if value and not value.isspace():
                keys.append((made, name))
            if name not in structure:
                valued = True
            elif name == "ID" and value:
                identified.setdefault(value, made)
        for name in _INDICATORS:
            if name in attributes:
                said = attributes[name].strip()
                attributes[name] = _INDICATED.get(said, said)
        if lead and not lead.isspace():
            keys.append((made, TEXT))
            valued = True
        if tail and not tail.isspace():
            keys.append((made, TAIL))
        if count := len(one):
            above.append((parent, left))
            made.held, parent, left = [], made, count
        around: Element | None = made
        while valued and around is not None and not around.valued:
            around.valued = True
            around = around.parent
    return elements, keys, identified
