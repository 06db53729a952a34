"""FHIR R4 resources and Bundles, in JSON and in XML."""

from gateway.core import fhirjson
from gateway.core.issue import Issue
from gateway.parse.fhir import xml
from gateway.parse.fhir.resource import Resource, record
from gateway.parse.jsontree import reader

__all__ = ["parse", "reader"]


def parse(body: bytes) -> list[Resource]:
    """Read one resource, in JSON or in XML by its first character; raises ParseError or an intake error."""
    issues: list[Issue] = []
    if body.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"<":
        return [record(xml.body(body, issues), issues)]
    return [record(fhirjson.read(body), issues)]
