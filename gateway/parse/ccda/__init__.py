"""C-CDA documents: bytes to a record whose nodes are the elements and attributes of the document."""

from gateway.parse.ccda.document import parse
from gateway.parse.ccda.locator import reader

__all__ = ["parse", "reader"]
