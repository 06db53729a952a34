"""An HL7 v2 message as a source: one segment a line, each leaf at the bytes where it stands."""

import re
from typing import Final

from gateway.admin.panes.pieces import Line, Piece, View

_SEGMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}(?=[^\w\s]|$)")
_NO_DELIMITER: Final = re.compile(r"[^|^~\\&#\x00-\x1f]+")
_SEGMENT_END: Final = re.compile(rb"\r\n|\r|\n")


def lines(body: bytes, view: View) -> list[Line]:
    """The segments in their order; what stands between leaves are delimiters and names of segments."""
    spans = sorted((entry["span"][0], entry["span"][1], n) for n, entry in enumerate(view.ledger) if "span" in entry)
    found: list[Line] = []
    at = next_span = 0
    for end, following in _ends(body):
        pieces = []
        while next_span < len(spans) and spans[next_span][0] < end:
            start, stop, number = spans[next_span]
            next_span += 1
            if start < at:  # a span inside another is told with it
                continue
            pieces += [_between(body[at:start], view), view.leaf(_text(body[start:stop]), number)]
            at = stop
        pieces.append(_between(body[at:end], view))
        pieces = [piece for piece in pieces if piece.text]
        if pieces:
            found.append(Line(len(found) + 1, tuple(pieces)))
        at = max(at, following)
    return found


def _ends(body: bytes) -> list[tuple[int, int]]:
    ends = [(found.start(), found.end()) for found in _SEGMENT_END.finditer(body)]
    return [*ends, (len(body), len(body))]


def _between(part: bytes, view: View) -> Piece:
    """Delimiters and a segment's name are shown; anything else is something that no ledger line speaks of."""
    text = _text(part)
    if view.revealed:
        return Piece(text)
    name = _SEGMENT_NAME.match(text)
    kept = name.group() if name else ""
    covered = kept + _NO_DELIMITER.sub(lambda found: f"‹{len(found.group())}›", text[len(kept) :])
    return Piece(covered, masked=covered != text)


def _text(part: bytes) -> str:
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError:
        return part.decode("latin-1")
