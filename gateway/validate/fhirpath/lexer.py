"""The lexer of FHIRPath: text to tokens."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.validate.fhirpath.errors import ExpressionError

_TOKEN: Final = re.compile(
    r"""
      (?P<blank>   \s+ | //[^\n]* | /\*.*?\*/ )
    | (?P<time>    @T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)? )
    | (?P<date>    @\d{4}(?:-\d\d(?:-\d\d)?)?(?![\dT-]) )
    | (?P<moment>  @\d{4}(?:-\d\d(?:-\d\d)?)?T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)? )
    | (?P<number>  \d+(?:\.\d+)? )
    | (?P<string>  '(?:[^'\\]|\\.)*' )
    | (?P<variable>%(?:[A-Za-z_][\w-]*(?<!-)|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*') )
    | (?P<special> \$(?:this|index|total)\b )
    | (?P<name>    [A-Za-z_]\w* )
    | (?P<quoted>  `(?:[^`\\]|\\.)*` )
    | (?P<sign>    != | !~ | <= | >= | [=~<>+\-*/&|.,()\[\]{}] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED: Final = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/"}


class Token(NamedTuple):
    """A piece of the text, of a kind."""

    kind: str
    text: str


END: Final = Token("end", "")


def tokens(text: str) -> Iterator[Token]:
    """All tokens without blanks and comments, then the end."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ExpressionError("a character that begins no token")
        at = found.end()
        if found.lastgroup != "blank":
            yield Token(found.lastgroup, found[0])
    yield END


def unescaped(quoted: str) -> str:
    """What stands between the quotes, with its escapes read."""
    return _ESCAPE.sub(_character, quoted[1:-1])


def _character(found: re.Match[str]) -> str:
    mark = found[1]
    return chr(int(mark[1:], 16)) if len(mark) == 5 else _ESCAPED.get(mark, found[0])
