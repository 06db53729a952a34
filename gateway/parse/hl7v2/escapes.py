"""Escape sequences of text (HL7 v2, section 2.7), undone only after splitting."""

import re
from typing import Final

from gateway.parse.hl7v2.delimiters import Delimiters

_LINE: Final = re.compile(r"\.(br|sp|ce|ti|in|sk)([+-]?\d*)|\.(fi|nf)", re.ASCII | re.IGNORECASE)
_HEX: Final = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_CHARSET: Final = re.compile(r"[CM][0-9A-Fa-f]{4,6}")
_MAX_LINES: Final = 20


class Escapes:
    """How one message escapes: its delimiters and the codec of its bytes."""

    def __init__(self, signs: Delimiters, codec: str) -> None:
        self._mark = signs.escape
        self._codec = codec
        self._plain = {
            "F": signs.field,
            "S": signs.component,
            "T": signs.subcomponent,
            "R": signs.repetition,
            "E": signs.escape,
            "P": signs.truncation,
            "H": "",
            "N": "",
        }

    def undo(self, text: str) -> tuple[str, bool]:
        """The plain text, and whether a sequence was found that the standard does not define; that one stays."""
        mark = self._mark
        pieces = text.split(mark)
        out, unknown, at, last = [pieces[0]], False, 1, len(pieces) - 1
        while at <= last:
            body = pieces[at]
            meant = self._meaning(body) if at < last else None
            if meant is None:
                unknown = unknown or at == last or not body.startswith("Z")
                out.append(mark + body)
                at += 1
            else:
                out.append(meant)
                out.append(pieces[at + 1])
                at += 2
        return "".join(out), unknown

    def _meaning(self, body: str) -> str | None:
        if (plain := self._plain.get(body)) is not None:
            return plain
        if found := _LINE.fullmatch(body):
            return _layout(found)
        if found := _HEX.fullmatch(body):
            return bytes.fromhex(found[1]).decode(self._codec, "replace")
        if _CHARSET.fullmatch(body):
            # A switch of character set inside the text; the codec of the message has read the bytes already.
            return ""
        return None


def _layout(found: re.Match[str]) -> str:
    """Formatting commands of FT become line ends and blanks; numbers from outside are kept small."""
    command, amount = (found[1] or "").lower(), found[2] or ""
    count = min(int(amount[:3]), _MAX_LINES) if amount.isdigit() else 1
    if command in ("br", "sp", "ce"):
        return "\n" * max(count, 1)
    return " " * count if command == "sk" else ""
