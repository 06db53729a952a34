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
_LOCAL_LINK = re.compile(r"(?:href|src)\s*=\s*[\"']#([^\"']+)")
_ANCHOR = re.compile(r"\s(?:id|name)\s*=\s*[\"']([^\"']+)")
_SCRIPT = re.compile(r"[\s\x00-\x1f]*(?:javascript|vbscript|data:text)", re.IGNORECASE)


def is_basic_html(div: str) -> bool:
    """Whether this is one well-formed div of allowed elements and attributes only."""
    text = _ASIDE.sub("", div).strip() if "<!--" in div else div.strip()
    before, *pieces = text.split("<")
    if before or not pieces or _ENTITY.search(text) or _root(pieces[0]) is None:
        return False
    open_tags: list[str] = []
    for number, piece in enumerate(pieces):
        tag, _, after = piece.partition(">")
        if ">" in after:  # a quoted attribute may hold one
            tag, after = _whole_tag(piece)
        name, step = _read(tag)
        if number and not open_tags:
            return False  # a second root
        if step > 0:
            open_tags.append(name)
        elif not name or (step < 0 and open_tags.pop() != name):
            return False
    return not open_tags and not after


def links_are_found(div: str, whole: Any) -> bool:
    """Whether every link inside leads to an id: of an element, or of a place in a narrative of the whole."""
    wanted = set(_LOCAL_LINK.findall(div)) if '"#' in div or "'#" in div else set()
    return not wanted or wanted <= set(_ids(whole))


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


def _root(piece: str) -> str | None:
    """The attributes of the first tag, when it is a div in the namespace of XHTML."""
    found = _BODY.match(piece)
    if found is None or found[2] != "div" or found[1]:
        return None
    named = any(n == "xmlns" and (one or other) == _NAMESPACE for n, one, other in _ATTRIBUTE.findall(found[3]))
    return found[3] if named else None


def _whole_tag(piece: str) -> tuple[str, str]:
    """A tag up to the sign that ends it, and the text behind it."""
    found = _BODY.match(piece)
    return (piece[: found.end() - 1], piece[found.end() :]) if found else ("", piece)


@lru_cache(maxsize=4096)
def _read(tag: str) -> tuple[str, int]:
    """The element of a tag, and whether it opens (1), closes (-1) or both (0); no element when it is not allowed."""
    found = _BODY.fullmatch(f"{tag}>")
    if found is None:
        return "", 0
    closing, name, rest = found.groups()
    if closing:
        return ("", 0) if rest.strip() else (name, -1)
    return (name, 0 if rest.endswith("/") else 1) if _is_allowed(name, rest) else ("", 0)


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
