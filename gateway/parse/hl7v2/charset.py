"""From bytes to text by MSH-18 (HL7 table 0211); what does not fit is read another way, and that is said."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
_ISO_NAME = re.compile(r"(?:ISO[ -]?)?(?:IR ?)?8859[-/](\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the codec that fitted, and whether it was another than the declared one."""

    text: str
    codec: str
    assumed: bool


def decode(body: bytes, names: Sequence[str]) -> Decoded:
    """The declared set, strictly; else UTF-8; else windows-1252, which fits everything."""
    codec = _codec(names)
    for attempt in dict.fromkeys((codec or "utf-8", "utf-8")):
        try:
            return Decoded(body.decode(attempt), attempt, assumed=bool(codec) and attempt != codec)
        except UnicodeDecodeError:
            continue
    return Decoded(body.decode("cp1252", "replace"), "cp1252", assumed=True)


def _codec(names: Sequence[str]) -> str:
    """A repeated MSH-18 switches sets by ISO 2022 escapes, which only the Japanese codecs of Python follow."""
    for name in (*names[1:], *names[:1]):
        known = _known(name.strip().upper())
        if known.startswith("iso2022") or (known and len(names) == 1):
            return known
    return next((known for name in names if (known := _known(name.strip().upper()))), "")


def _known(name: str) -> str:
    if name in _CODECS:
        return _CODECS[name]
    if found := _ISO_NAME.fullmatch(name):
        return _known(f"8859/{found[1]}")
    try:
        return codecs.lookup(name).name if name.startswith(("UTF", "WINDOWS-", "CP")) else ""
    except LookupError:
        return ""
