"""The cache of compiled definitions: a folder of JSON, each file named by what it was made from.

Nothing in it is ever executed: a file is read into the type that is asked for, or made anew. A file that somebody else
owns, or that others may write, is as good as none.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from gateway.core.ids import digest

T = TypeVar("T")
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def kept(name: str, source: str, form: type[T], make: Callable[[], bytes]) -> T:
    """What was made from a source, from the cache when it is there and whole; else it is made, and kept."""
    file = Path(os.environ.get("GATEWAY_VAR", "var")) / "cache" / f"{name}-{digest(source.encode())[:16]}.json"
    try:
        return msgspec.json.decode(_read(file), type=form)
    except (OSError, msgspec.MsgspecError):
        body = make()
        _keep(file, body)
        return msgspec.json.decode(body, type=form)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        about = os.fstat(opened.fileno())
        if about.st_uid not in (os.geteuid(), 0) or about.st_mode & _OTHERS:
            raise PermissionError
        return opened.read()


def _keep(file: Path, body: bytes) -> None:
    """Write to a name of its own, then rename; where that is not possible the next start makes it again."""
    half = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(body)
        half.chmod(0o644)
        half.replace(file)
    except OSError:
        return
