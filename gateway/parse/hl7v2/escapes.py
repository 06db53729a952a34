"""Escape sequences of text (HL7 v2, section 2.7), undone only after splitting."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.parse.hl7v2.delimiters import Delimiters

_LINE: Final = re.compile(r"\.(br|sp|ce|ti|in|sk)([+-]?\d*)|\.(fi|nf)", re.ASCII | re.IGNORECASE)
_HEX: Final = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")
_CHARSET: Final = re.compile(r"[CM][0-9A-Fa-f]{4,6}")
_MAX_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Escapes:
    """How one message escapes: its delimiters and the codec of its bytes."""

    delimiters: Delimiters
    codec: str

    def undo(self, text: str) -> tuple[str, bool]:
        """The plain text, and whether a sequence was found that the standard does not define; that one stays."""
        mark = self.delimiters.escape
        first, *rest = text.split(mark)
        out = [first]
        unknown = False
        while rest:
            body = rest.pop(0)
            meant = self._meaning(body) if rest else None
            if meant is None:
                unknown = unknown or not (rest and body.startswith("Z"))
                out.append(mark + body)
            else:
                out.append(meant)
                out.append(rest.pop(0))
        return "".join(out), unknown

    def _meaning(self, body: str) -> str | None:
        signs = self.delimiters
        plain = {
            "F": signs.field,
            "S": signs.component,
            "T": signs.subcomponent,
            "R": signs.repetition,
            "E": signs.escape,
            "P": "#",
            "H": "",
            "N": "",
        }
        if body in plain:
            return plain[body]
        if found := _LINE.fullmatch(body):
            return _layout(found)
        if found := _HEX.fullmatch(body):
            return bytes.fromhex(found[1]).decode(self.codec, "replace")
        if _CHARSET.fullmatch(body):
            # A switch of character set inside the text; the codec of the message has read the bytes already.
            return ""
        return None


def _layout(found: re.Match[str]) -> str:
    """Formatting commands of FT become line ends and blanks; numbers from outside are kept small."""
    command, amount = (found[1] or "").lower(), found[2] or ""
    count = min(int(amount), _MAX_LINES) if amount.isdigit() else 1
    if command in ("br", "sp", "ce"):
        return "\n" * max(count, 1)
    return " " * count if command == "sk" else ""
