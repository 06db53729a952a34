"""The safe XML reader: bytes from outside to an lxml element, or a named refusal.

No document type, no entity, no network, no repair; encodings by allowlist, caps on size, depth and number of
elements. Every format written in XML comes in through `read`.
"""

import codecs
import re
from typing import Final

from lxml import etree

from gateway.core.errors import MalformedMessageError, TooLargeError, UnknownCharsetError, UnsafeXmlError
from gateway.core.issue import Issue, Severity

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_ELEMENTS", "read"]

MAX_BYTES: Final = 40 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 200_000  # and in a large document as many as have room in it, see `_SPARSE`
_SPARSE: Final = 32  # bytes for each element; real documents have fifty and more, a flood of empty elements has four
# libxml2 refuses a text node above ten million bytes unless told otherwise; an embedded PDF may be larger.
_HUGE_TEXT: Final = 10_000_000

# Declared names that we read, and the codec that reads them. UTF-7 and UTF-32 can hide markup and are left out.
_CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"\A(\s*)<\?xml\s[^>]*\?>")
_BLANK_OR_REMARK = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


def read(body: bytes, issues: list[Issue] | None = None) -> etree._Element:
    """Read one document; what had to be assumed is added to `issues`. Raises ParseError or TooLargeError."""
    if len(body) > MAX_BYTES:
        raise TooLargeError
    text = _DECLARATION.sub(r"\1", _decoded(body, issues), count=1)
    _refuse_document_type(text)
    root = _parsed(text)
    _refuse_excess(root, text)
    return root


def _decoded(body: bytes, issues: list[Issue] | None) -> str:
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _strictly(body[len(mark) :], codec)
    declared = _DECLARED.match(body[:1024])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in _CODECS:
        raise UnknownCharsetError
    try:
        return body.decode(_CODECS[name])
    except UnicodeDecodeError:
        text = _strictly(body, "cp1252")
    if issues is not None:
        issues.append(Issue(Severity.WARNING, "encoding-assumed", line=1, column=1))
    return text


def _strictly(body: bytes, codec: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        raise UnknownCharsetError from None


def _refuse_document_type(text: str) -> None:
    """Pass over blanks, remarks and instructions; the next thing has to be the root element."""
    at = 0
    while passed := _BLANK_OR_REMARK.match(text, at):
        at = passed.end()
    if text.startswith("<!", at):
        raise UnsafeXmlError(f"line {text.count(chr(10), 0, at) + 1}")


def _parsed(text: str) -> etree._Element:
    encoded = text.encode("utf-8", "surrogatepass")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
        huge_tree=len(encoded) > _HUGE_TEXT,
    )
    try:
        return etree.fromstring(encoded, parser)
    except etree.XMLSyntaxError as trouble:
        line, column = trouble.position
        raise MalformedMessageError(f"line {line}, column {column}") from None


def _refuse_excess(root: etree._Element, text: str) -> None:
    """Counted only where the number of `<` leaves it possible, since counting elements costs as much as parsing."""
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeXmlError
    most = max(MAX_ELEMENTS, len(text) // _SPARSE)
    if text.count("<") > most and sum(1 for _ in root.iter(etree.Element)) > most:
        raise UnsafeXmlError("elements")
    if _TOO_DEEP(root):
        raise UnsafeXmlError("depth")
