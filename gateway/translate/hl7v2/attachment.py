"""ED, RP and embedded text to Attachment."""

import binascii
import hashlib
import re
from base64 import b64encode
from typing import Any, Final

from gateway.translate.converter import NotConvertedError, converter
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.translation import Translation

Element = dict[str, Any]
_PIECE: Final = 1 << 16  # a multiple of four, so that each piece is base64 itself
_MEDIA: Final = re.compile(r"[a-z]+/[A-Za-z0-9.+-]+")
_TYPES: Final = {
    "PDF": "application/pdf",
    "RTF": "application/rtf",
    "TXT": "text/plain",
    "TEXT": "text/plain",
    "PLAIN": "text/plain",
    "HTML": "text/html",
    "XML": "text/xml",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "TIF": "image/tiff",
    "DICOM": "application/dicom",
    "CDA": "text/xml",
    "X-HL7-CDA-LEVEL-ONE": "text/xml",
    "WORD": "application/msword",
    "MSWORD": "application/msword",
}


@converter("attachment", "hl7v2")
def attachment(part: Part, translation: Translation) -> Element:
    """ED: the content as base64 with its media type, size and hash; RP: a place where the content is."""
    if peek(part, 4) in ("A", "Base64", "Hex", "BASE64", "HEX") or part.part(5) is not None:
        return _embedded(part, translation)
    return _pointer(part, translation)


def plain_text(words: str) -> Element:
    """An attachment of plain text."""
    return {"contentType": "text/plain", **_content(words.encode())}


def _embedded(part: Part, translation: Translation) -> Element:
    made: Element = {}
    if media := _media_type(reword(part.part(2), translation), reword(part.part(3), translation)):
        made["contentType"] = media
    encoding = reword(part.part(4), translation).upper()
    if title := text(part, 1):
        made["title"] = title
    if encoding == "A":
        made.setdefault("contentType", "text/plain")
        return {**made, **_content(text(part, 5).encode())}
    made.setdefault("contentType", "application/octet-stream")  # att-1; of bytes whose kind is not told
    try:
        content = part.part(5)
        if content is None:
            return {**made, **_content(b"")}
        if encoding == "HEX":
            return {**made, **_content(bytes.fromhex(content.text))}
        return {**made, **_base64(content)}
    except (ValueError, binascii.Error):
        raise NotConvertedError("value-unreadable") from None


def _base64(content: Part) -> Element:
    """Base64 as it was sent; only what is broken into lines, or escaped, is written anew."""
    try:
        return _checked(content.sent)
    except binascii.Error:
        return _checked("".join(content.peek.split()))


def _checked(sent: str) -> Element:
    """The size and hash of base64, found piece by piece: a document of many megabytes is not held a second time."""
    if not sent or 0 <= sent.find("=") < len(sent) - 2:
        raise binascii.Error
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    for at in range(0, len(sent), _PIECE):
        body = binascii.a2b_base64(sent[at : at + _PIECE], strict_mode=True)
        digest.update(body)
        size += len(body)
    return {"data": sent, "size": size, "hash": _text(digest.digest())}


def _text(body: bytes) -> str:
    return b64encode(body).decode("ascii")


def _content(body: bytes) -> Element:
    if not body:
        return {"size": 0}
    return {
        "data": _text(body),
        "size": len(body),
        "hash": _text(hashlib.sha1(body, usedforsecurity=False).digest()),
    }


def _pointer(part: Part, translation: Translation) -> Element:
    """A pointer keeps its words: an application's number is no address."""
    made: Element = {}
    pointer, application = text(part, 1), text(part, 2)
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]", pointer):
        made["url"] = pointer.replace(" ", "%20")
    elif pointer:
        made["title"] = pointer
    if media := _media_type(reword(part.part(3), translation), reword(part.part(4), translation)):
        made["contentType"] = media
    if application and "title" not in made:
        made["title"] = application
    return made


def _media_type(main: str, sub: str) -> str:
    """The type and subtype as one media type, by what senders write in either."""
    for said in (sub, main):
        if _MEDIA.fullmatch(said.lower()):
            return said.lower()
        if found := _TYPES.get(said.upper()):
            return found
    joined = f"{main}/{sub}".lower() if sub else ""
    return joined if _MEDIA.fullmatch(joined) else ""
