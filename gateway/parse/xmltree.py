"""XML whose elements have meaning by their names, in the form of JSON, each leaf with its XPath."""

from typing import TYPE_CHECKING, Any

from lxml import etree

from gateway.parse.placed import Said

if TYPE_CHECKING:
    from lxml.etree import _Element


def local(element: "_Element") -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def children(element: "_Element", path: str) -> list[tuple["_Element", str]]:
    """The elements in it, each with its XPath: a position where a name stands more than once."""
    names = [local(child) for child in element]
    total, counted = {name: names.count(name) for name in set(names)}, dict[str, int]()
    found = []
    for child, name in zip(element, names, strict=True):
        counted[name] = at = counted.get(name, 0) + 1
        found.append((child, f"{path}/{name}" + (f"[{at}]" if total[name] > 1 else "")))
    return found


def attributes(element: "_Element", path: str) -> list[Said]:
    """The valued attributes of an element."""
    named = ((etree.QName(name).localname, str(value)) for name, value in element.attrib.items())
    return [Said(value, f"{path}/@{name}") for name, value in named if value.strip()]


def words(element: "_Element", path: str) -> list[Said]:
    """Text that stands in an element, or behind one of those in it."""
    texts = [element.text, *(child.tail for child in element)]
    said = [text.strip() for text in texts if text and text.strip()]
    return [Said(text, f"{path}/text()" + (f"[{n}]" if n > 1 else "")) for n, text in enumerate(said, 1)]


def tree(element: "_Element", path: str) -> Any:
    """An element as its text, or as members by name: its attributes, its own text as `text`, what stands in it."""
    said = words(element, path)
    if not element.attrib and not len(element):
        return said[0] if said else ""
    found: dict[str, Any] = {}
    for one in attributes(element, path):
        _put(found, one.place.rpartition("@")[2], one)
    for one in said:
        _put(found, "text", one)
    for child, place in children(element, path):
        _put(found, local(child), tree(child, place))
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]
