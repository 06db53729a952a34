"""ASC X12 interchanges: answers to questions after eligibility (271), as segments in the loops that HL opens."""

from gateway.parse.jsontree import reader
from gateway.parse.x12.interchange import is_interchange, parse

__all__ = ["is_interchange", "parse", "reader"]
