"""DICOM objects (PS3.10 files): what their headers say, never a pixel; lists of a disc (DICOMDIR) as a tree."""

from gateway.parse.dicom.elements import is_object
from gateway.parse.dicom.record import parse
from gateway.parse.jsontree import reader

__all__ = ["is_object", "parse", "reader"]
