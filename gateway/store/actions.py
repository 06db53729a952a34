"""Buttons that were pressed, by the key that their form was shown with; and who may see what unmasked, until when."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.store.tables import actions as a
from gateway.store.tables import reveals as r

_SAID: Final = select(a.c.said).where(a.c.sha256 == bindparam("pressed"))
_ADD: Final = insert(a)
_REVEALED: Final = select(r.c.until).where(
    r.c.session == bindparam("who"), r.c.submission == bindparam("what"), r.c.until > bindparam("now")
)
_FORGET: Final = delete(r).where(r.c.session == bindparam("who"), r.c.submission == bindparam("what"))
_FORGET_OLD: Final = delete(r).where(r.c.until <= bindparam("now"))
_REVEAL: Final = insert(r)


def said(connection: Connection, key: str) -> str | None:
    """What the press under this key did; none when it was not pressed."""
    found: str | None = connection.execute(_SAID, {"pressed": key}).scalar_one_or_none()
    return found


def keep(connection: Connection, key: str, what: str, at: str) -> None:
    """Keep what a press did, in the transaction that did it."""
    connection.execute(_ADD, {"sha256": key, "said": what, "at": at})


def reveal(connection: Connection, session: str, submission: str, *, at: str, until: str) -> None:
    """Let one session see one submission unmasked for a while; what has run out is forgotten."""
    connection.execute(_FORGET_OLD, {"now": at})
    connection.execute(_FORGET, {"who": session, "what": submission})
    connection.execute(_REVEAL, {"session": session, "submission": submission, "until": until})


def cover(connection: Connection, session: str, submission: str) -> None:
    """Mask it again before its time."""
    connection.execute(_FORGET, {"who": session, "what": submission})


def revealed_until(connection: Connection, session: str, submission: str, at: str) -> str | None:
    """Until when the session sees it unmasked; none when it does not."""
    question = {"who": session, "what": submission, "now": at}
    until: str | None = connection.execute(_REVEALED, question).scalar_one_or_none()
    return until
