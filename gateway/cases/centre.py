"""What a centre says of itself: its nurse care managers, its pharmacy, and how long a case waits for records."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.core.table import load

_NPI: Final = "http://hl7.org/fhir/sid/us-npi"


@dataclass(frozen=True, slots=True)
class Centre:
    """Its nurses by name and telephone; the days that a case may wait for records, for ever where there are none.

    And its pharmacy as a reference: a name, and its number.
    """

    nurses: tuple[str, ...] = ()
    expires_after: int = 0
    pharmacy: Mapping[str, Any] | None = None

    def nurse(self, cases: Mapping[str, int]) -> str:
        """Who gets the next case: of those with the fewest open ones, the first; nobody where there is no roster."""
        return min(self.nurses, key=lambda one: cases.get(one, 0), default="")


class _NurseSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    phone = fields.String(load_default="", validate=validate.Length(max=40))

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Any:
        return _named(found)


class _PharmacySchema(_NurseSchema):
    npi = fields.String(load_default="", validate=validate.Regexp(r"\d{10}\Z"))

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Any:
        number = {"identifier": {"system": _NPI, "value": found["npi"]}} if found["npi"] else {}
        return {"type": "Organization", **number, "display": _named(found)}


class _CentreSchema(Schema):
    nurses = fields.List(fields.Nested(_NurseSchema), load_default=())
    pharmacy = fields.Nested(_PharmacySchema, load_default=None)
    expires_after = fields.Integer(load_default=0, validate=validate.Range(min=1))

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Centre:
        return Centre(tuple(dict.fromkeys(found["nurses"])), found["expires_after"], found["pharmacy"])


def _named(found: Mapping[str, str]) -> str:
    return ", ".join(filter(None, (found["name"].strip(), found["phone"].strip())))


SCHEMA: Final = _CentreSchema()


def read_centre(file: Path | None) -> Centre:
    """The centre as its file says; raises MappingTableError."""
    if file is None:
        return Centre()
    found: Centre = load(file, SCHEMA)
    return found
