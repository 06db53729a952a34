"""Who sends a message, read from its first line before anything is decoded: what is agreed decides how to read on."""

import re
from typing import Final

_BEFORE: Final = b"\xef\xbb\xbf\x0b\x1c\r\n \t"
_LINE: Final = re.compile(rb"(?:MSH|FHS|BHS)[!-/:-@\[-`{-~]{2}[^\r\n]{0,8192}")


def sending(body: bytes) -> tuple[str, str]:
    """The sending application and facility by name (MSH-3.1, MSH-4.1, or a batch's); empty where there is none."""
    found = _LINE.match(body[:16_384].lstrip(_BEFORE))
    if found is None:
        return "", ""
    line = found[0].decode("utf-8", "replace")
    separator, component = line[3], line[4]
    names = [field.split(component, 1)[0] for field in line.split(separator)[2:4]]
    application, facility = (*names, "", "")[:2]
    return application, facility
