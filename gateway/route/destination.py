"""Destinations: the care-coordination stores that resources are delivered to, and what each can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from gateway.cases.communication import OPINION
from gateway.cases.views import views
from gateway.core.errors import SettingsError
from gateway.core.labels import GUARDED, HANDLING
from gateway.core.table import refuse_unless
from gateway.route.trading import Trading, TradingSchema
from gateway.settings import Settings

PAYER: Final = "payer"
_IDENTIFIER: Final = validate.Regexp(r"[a-z][^\s|]*\|[^\s|]+\Z")  # system and value, as a token of FHIR
_NAME: Final = validate.Regexp(r"[a-z0-9][a-z0-9-]{0,39}\Z")


@dataclass(frozen=True)
class Destination:
    """A FHIR store: where it is, how to speak with it, what one transaction to it may hold."""

    name: str
    url: str
    token: str = field(default="", repr=False)
    view: str = ""  # of mappings/cases/views.yaml, or `opinion`; empty: everything goes there
    recipients: frozenset[str] = frozenset()  # whose opinions go there: identifiers of clinicians and organizations
    shown: frozenset[str] = frozenset()  # guarded labels that an opinion may bear and go there all the same
    x12: Trading | None = None  # of an insurer's clearing house, which is asked in X12 and not told in FHIR
    max_entries: int = 500
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    total_seconds: float = 60.0
    max_answer: int = 10 * 1024 * 1024
    give_up_hours: float = 72.0

    @property
    def give_up_after(self) -> timedelta:
        """How long an unanswered delivery is tried again before it becomes a dead letter."""
        return timedelta(hours=self.give_up_hours)


class _Row(Schema):
    name = fields.String(required=True, validate=_NAME)
    url = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)
    token = fields.String()
    view = fields.String(validate=refuse_unless(lambda name: name == OPINION or name in views()))
    recipients = fields.List(fields.String(validate=_IDENTIFIER), data_key="for", validate=validate.Length(min=1))
    shown = fields.List(fields.String(validate=validate.OneOf((*GUARDED, *HANDLING))))
    x12 = fields.Nested(TradingSchema)
    max_entries = fields.Integer(validate=validate.Range(1, 5000))
    connect_seconds = fields.Float(validate=validate.Range(0, 60, min_inclusive=False))
    read_seconds = fields.Float(validate=validate.Range(0, 120, min_inclusive=False))
    total_seconds = fields.Float(validate=validate.Range(0, 120, min_inclusive=False))
    max_answer = fields.Integer(validate=validate.Range(1024))
    give_up_hours = fields.Float(validate=validate.Range(min=0))

    @validates_schema
    def _asks_of_the_payers_view(self, row: dict[str, Any], **_: Any) -> None:
        if "x12" in row and row.get("view") != PAYER:
            raise ValidationError("is for the payer's view", "x12")

    @validates_schema
    def _says_whose_opinions(self, row: dict[str, Any], **_: Any) -> None:
        if (row.get("view") == OPINION) != ("recipients" in row) or ("shown" in row and "recipients" not in row):
            raise ValidationError("whose opinions, and only those", "for")

    @post_load
    def _made(self, row: dict[str, Any], **_: Any) -> Destination:
        sets: dict[str, Any] = {name: frozenset(row[name]) for name in ("recipients", "shown") if name in row}
        return Destination(**{**row, **sets, "url": row["url"].rstrip("/")})


class _File(Schema):
    destinations = fields.List(fields.Nested(_Row), required=True)


def read_destinations(settings: Settings) -> dict[str, Destination]:
    """The destinations by name: those of the file, or the one address, or none."""
    rows = _from_file(settings) if settings.destinations else []
    if settings.destination_url:
        rows.append(Destination("default", settings.destination_url.rstrip("/")))
    found = {row.name: row for row in rows}
    if len(found) != len(rows):
        raise SettingsError("GATEWAY_DESTINATIONS: a name stands twice")
    whose = [one for row in rows for one in row.recipients]
    if len(set(whose)) != len(whose):
        raise SettingsError("GATEWAY_DESTINATIONS: an opinion would go two ways")
    addresses = [row.url for row in rows]
    if any(row.view and addresses.count(row.url) > 1 for row in rows):
        raise SettingsError("GATEWAY_DESTINATIONS: a view at the address of another destination")
    return found


def whole(destinations: Mapping[str, Destination]) -> dict[str, Destination]:
    """The destinations that get everything; the others get views of cases."""
    return {name: one for name, one in destinations.items() if not one.view}


def _from_file(settings: Settings) -> list[Destination]:
    """Read the file as YAML, of which JSON is a part: every scalar as text, types from the schema."""
    if settings.destinations is None:
        return []
    try:
        said = yaml.load(settings.destinations.read_bytes(), Loader=yaml.CBaseLoader)  # noqa: S506 - text only
        loaded: dict[str, list[Destination]] = _File().load(said)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise SettingsError("GATEWAY_DESTINATIONS") from None
    except ValidationError:
        raise SettingsError("GATEWAY_DESTINATIONS: a row or a field is not as it must be") from None
    return loaded["destinations"]
