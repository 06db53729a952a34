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
    if peek(part, 4) in ("A", "Base64", "Hex", "BASE64", "HEX") or peek(part, 5):
        return _embedded(part, translation)
    return _pointer(part, translation)


def plain_text(words: str) -> Element:
    """An attachment of plain text."""
    return {"contentType": "text/plain", **_content(words.encode())}


def _embedded(part: Part, translation: Translation) -> Element:
    made: Element = {}
    if media := _media_type(reword(part.part(2), translation), reword(part.part(3), translation)):
        made["contentType"] = media
    sent, encoding = text(part, 5), reword(part.part(4), translation).upper()
    if title := text(part, 1):
        made["title"] = title
    if encoding == "A":
        return {**made, **_content(sent.encode())}
    try:
        body = (
            bytes.fromhex(sent) if encoding == "HEX" else binascii.a2b_base64("".join(sent.split()), strict_mode=True)
        )
    except (ValueError, binascii.Error):
        raise NotConvertedError("value-unreadable") from None
    return {**made, **_content(body)}


def _content(body: bytes) -> Element:
    if not body:
        return {"size": 0}
    return {
        "data": b64encode(body).decode("ascii"),
        "size": len(body),
        "hash": b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode("ascii"),
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
