"""Packages of documents: a zip laid out as IHE XDM says, or a plain one; each of its documents is of its own format."""

from gateway.parse.jsontree import reader
from gateway.parse.xdm.archive import MAX_BYTES, Entry, is_package, unpack
from gateway.parse.xdm.package import Package, parse

__all__ = ["MAX_BYTES", "Entry", "Package", "is_package", "parse", "reader", "unpack"]
