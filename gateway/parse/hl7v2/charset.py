"""The character set of a message by MSH-18 (HL7 table 0211); what does not fit is read otherwise, and that is said."""

import codecs
import re
from collections.abc import Sequence
from typing import Final

# HL7 table 0211, and what senders write in its place, as Python names the codecs.
_CODECS: Final = {
    "ASCII": "utf-8",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "8859/1": "cp1252",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_2",
}
_ISO_NAME: Final = re.compile(r"(?:ISO[ -]?)?(?:IR ?)?8859[-/](\d+)", re.ASCII)
_HEADER: Final = "MSH|^~\\&"
_CHUNK: Final = 1 << 20


def declared(names: Sequence[str]) -> str:
    """The codec that MSH-18 means, or the empty string.

    The first name is the message's set; the others are those that ISO 2022 escapes switch to, which Python's Japanese
    codecs follow. Beside another set ASCII says nothing: all of ours hold it.
    """
    said = [name.strip().upper() for name in names]
    known = [codec for name in (*(one for one in said if one != "ASCII"), *said) if (codec := _known(name))]
    return next((codec for codec in known if keeps_state(codec)), known[0] if known else "")


def settle(sent: bytes, names: Sequence[str]) -> tuple[str, bool]:
    """The codec that fits, and whether it is another than the declared one: that one, else UTF-8, else windows-1252."""
    codec = declared(names)
    for attempt in dict.fromkeys((codec or "utf-8", "utf-8")):
        if _fits(sent, attempt):
            return attempt, bool(codec) and attempt != codec
    return "cp1252", True


def keeps_state(codec: str) -> bool:
    """Whether what a byte means depends on escapes before it."""
    return codec.startswith("iso2022")


def _fits(sent: bytes, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for at in range(0, len(sent), _CHUNK):
            decoder.decode(sent[at : at + _CHUNK], at + _CHUNK >= len(sent))
    except UnicodeDecodeError:
        return False
    return True


def _known(name: str) -> str:
    if name in _CODECS:
        return _CODECS[name]
    if found := _ISO_NAME.fullmatch(name):
        return _known(f"8859/{found[1]}")
    try:
        codec = codecs.lookup(name).name if name.startswith(("UTF", "WINDOWS-", "CP")) else ""
        # A set in which a header does not read as it stands is not the one that the header was sent in.
        return codec if codec and _HEADER.encode(codec) == _HEADER.encode() else ""
    except (LookupError, UnicodeEncodeError):
        return ""
