"""NCPDP SCRIPT in XML: new prescriptions, by the names of version 2017071, or of 10.6 where those differ."""

from gateway.core.errors import UnsupportedFormatError
from gateway.core.issue import Issue
from gateway.parse import xml
from gateway.parse.jsontree import reader
from gateway.parse.placed import Placed
from gateway.parse.xmltree import local, tree

__all__ = ["parse", "reader"]

_TRANSACTION = "NewRx"


def parse(body: bytes) -> list[Placed]:
    """Read one message. Raises ParseError, or UnsupportedFormatError for any other transaction."""
    issues: list[Issue] = []
    root = xml.read(body, issues)
    found = tree(root, f"/{local(root)}")
    said = found.get("Body") if isinstance(found, dict) else None
    if local(root) != "Message" or not isinstance(said, dict) or not isinstance(said.get(_TRANSACTION), dict):
        raise UnsupportedFormatError("/Message/Body")
    return [Placed(f"ncpdp:{_TRANSACTION}", found, issues)]
