"""Narrative: the part of XHTML that a div may hold, read with a linear scanner."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

_NAMESPACE: Final = "http://www.w3.org/1999/xhtml"
# The elements of HTML 4.0 chapters 7 to 11 (without 9.4) and 15, links and images.
_ELEMENT_NAMES: Final = (
    "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img"
    " kbd li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var"
)
_ATTRIBUTE_NAMES: Final = (
    "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset"
    " cite class clear color colspan compact coords dir face frame headers height href hreflang hspace id idref ismap"
    " lang longdesc name noshade nowrap rel rev rowspan rules scope shape size span src start style summary tabindex"
    " title type usemap valign value vlink vspace width xml:lang xml:base xmlns"
)
_ELEMENTS: Final = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES: Final = frozenset(_ATTRIBUTE_NAMES.split())
_BODY = re.compile(r"(/?)([A-Za-z][\w:.-]*+)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>")
_TAG = re.compile(f"<{_BODY.pattern}")
_ATTRIBUTE = re.compile(r"\s+([A-Za-z_][\w:.-]*+)\s*=\s*(?:\"([^\"<]*+)\"|'([^'<]*+)')")
_ASIDE = re.compile(r"<!--(?:(?!--)[\s\S])*+-->")
_WORD = re.compile(r">[^<&\w]*+\w")
_ENTITY = re.compile(r"&(?!#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
_LOCAL = re.compile(r"=\s*[\"']#([^\"']+)")  # begins with the sign that is found fastest
_LINKING: Final = ("href", "src")
_ANCHOR = re.compile(r"\s(?:id|name)\s*=\s*[\"']([^\"']+)")
_SCRIPT = re.compile(r"[\s\x00-\x1f]*(?:javascript|vbscript|data:text)", re.IGNORECASE)


def is_basic_html(div: str) -> bool:
    """Whether this is one well-formed div of allowed elements and attributes only."""
    text = _ASIDE.sub("", div).strip() if "<!--" in div else div.strip()
    tags = _tags(text)
    if not tags or text[0] != "<" or not text.endswith(f"<{tags[-1]}") or _ENTITY.search(text) or not _is_root(tags[0]):
        return False
    awaited: str | None = None
    above: list[str | None] = []
    unread = iter(tags)
    for tag in unread:
        if tag == awaited or ((ends := _end_of(tag)) is None and _bare(tag) == awaited):
            awaited = above.pop()
        elif ends is None:
            return False
        elif ends:
            above.append(awaited)
            awaited = ends
        if awaited is None:
            break
    return awaited is None and next(unread, None) is None  # a second root is one too many


def links_are_found(div: str, whole: Any) -> bool:
    """Whether every link inside leads to an id: of an element, or of a place in a narrative of the whole."""
    wanted = {found[1] for found in _LOCAL.finditer(div) if _before(div, found.start()).endswith(_LINKING)}
    elsewhere = {one for one in wanted if f' name="{one}"' not in div and f' id="{one}"' not in div}
    return not elsewhere or elsewhere <= set(_ids(whole))


def _before(div: str, at: int) -> str:
    """The end of what stands before a place, without blanks."""
    return div[max(0, at - 64) : at].rstrip()


def _ids(node: Any) -> Iterator[str]:
    if type(node) is list:
        for one in node:
            yield from _ids(one)
    elif type(node) is dict:
        for name, value in node.items():
            if type(value) is not str:
                yield from _ids(value)
            elif name == "id":
                yield value
            elif name == "div":
                yield from _ANCHOR.findall(value)


def has_content(div: str) -> bool:
    """Whether there is a word or an image to see."""
    text = _ASIDE.sub("", div) if "<!--" in div else div
    if _WORD.search(text) or "<img" in text:
        return True
    return bool(_TAG.sub("", text).replace("&nbsp;", " ").replace("&#160;", " ").strip())


def _tags(text: str) -> list[str]:
    """The tags in their order, each from behind its `<` to its `>`."""
    parts = text.replace(">", "><").split("<")
    if len(parts) == 2 * text.count("<") + 1:
        return parts[1::2]
    # a quoted attribute, or the text, holds a sign that ends a tag elsewhere
    return [found[0] if (found := _BODY.match(one)) else "" for one in text.split("<")[1:]]


@lru_cache(maxsize=256)
def _is_root(tag: str) -> bool:
    """Whether a tag begins a div in the namespace of XHTML."""
    found = _BODY.fullmatch(tag)
    if found is None or found[2] != "div" or found[1]:
        return False
    return any(name == "xmlns" and (one or other) == _NAMESPACE for name, one, other in _ATTRIBUTE.findall(found[3]))


@lru_cache(maxsize=4096)
def _end_of(tag: str) -> str | None:
    """The tag that must end what this one begins: empty where it ends itself, None where it is no such tag."""
    found = _BODY.fullmatch(tag)
    if found is None or found[1] or not _is_allowed(found[2], found[3]):
        return None
    return "" if found[3].endswith("/") else f"/{found[2]}>"


def _bare(tag: str) -> str:
    """A closing tag without the blanks that may stand in it."""
    return f"{tag[:-1].rstrip()}>"


def _is_allowed(name: str, rest: str) -> bool:
    """One opening tag: a known element, known attributes, each once, no script behind a link."""
    written = rest.removesuffix("/")
    found = _ATTRIBUTE.findall(written)
    names = [one for one, _, _ in found]
    if name not in _ELEMENTS or _ATTRIBUTE.sub("", written).strip() or len(set(names)) != len(names):
        return False
    for attribute, one, other in found:
        if attribute not in _ATTRIBUTES and not attribute.startswith("xmlns:"):
            return False
        if attribute in ("href", "src") and _SCRIPT.match(one or other):
            return False
        if attribute == "xmlns" and (one or other) != _NAMESPACE:
            return False
    return True
