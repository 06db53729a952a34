"""What is agreed with a clearing house for X12 (`x12` of a destination), and how a text is written in its letters."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.core.table import refuse_unless

_SIGNS: Final = re.compile(r"[*:^~\x00-\x1f\x7f]")
_ASCII: Final = re.compile(r"[\x20-\x7e]+")
_NUMBER: Final = validate.Regexp(r"[A-Za-z0-9]{2,80}\Z")


def written(text: str) -> str:
    """A text without the signs that part elements, its letters without their marks; empty where it is not of ASCII."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    found = " ".join(_SIGNS.sub(" ", plain).split())
    return found if _ASCII.fullmatch(found) else ""


@dataclass(frozen=True, slots=True)
class Trading:
    """What is agreed with a clearing house: who is who in its envelopes, and under which numbers it knows insurers."""

    sender: str
    receiver: str
    provider: str
    npi: str
    company: str
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    usage: str = "P"
    payers: Mapping[str, Sequence[str]] | None = None

    def payer(self, name: str) -> str:
        """The number of an insurer by one of the names that stand beside it; empty for one that is not agreed."""
        known = (self.payers or {}).items()
        return next((number for number, names in known if name.casefold() in map(str.casefold, names)), "")


class TradingSchema(Schema):
    """`x12` of a destination."""

    sender = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9]{2,15}\Z"))
    receiver = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9]{2,15}\Z"))
    sender_qualifier = fields.String(validate=validate.Regexp(r"[A-Z0-9]{2}\Z"))
    receiver_qualifier = fields.String(validate=validate.Regexp(r"[A-Z0-9]{2}\Z"))
    usage = fields.String(validate=validate.OneOf(["P", "T"]))
    provider = fields.String(required=True, validate=refuse_unless(lambda name: written(name) == name))
    npi = fields.String(required=True, validate=validate.Regexp(r"\d{10}\Z"))
    company = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9]{10}\Z"))
    payers = fields.Dict(keys=fields.String(validate=_NUMBER), values=fields.List(fields.String()))

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Trading:
        return Trading(**found)
