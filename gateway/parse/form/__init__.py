"""The referral form of the clinics' page, as the JSON document that its answers make."""

from gateway.core import fhirjson
from gateway.core.errors import MalformedMessageError, UnsupportedFormatError
from gateway.parse.jsontree import Source, reader

__all__ = ["parse", "reader"]


def parse(body: bytes) -> list[Source]:
    """Read one filled form; raises ParseError, or UnsupportedFormatError for a form that we do not have."""
    found = fhirjson.read(body)
    if not isinstance(found, dict):
        raise MalformedMessageError("/")
    if found.get("form") != "second-opinion-referral" or found.get("version") != 1:
        raise UnsupportedFormatError("/form")
    return [Source("form:second-opinion-referral", found)]
