"""One frozen object of settings from the environment, checked when the program starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from gateway.core.errors import SettingsError

_MEBIBYTE: Final = 1024 * 1024
_PATHS: Final = (
    "centre",
    "destinations",
    "packages",
    "senders",
    "var",
    "mllp_certificate",
    "mllp_key",
    "mllp_client_ca",
)


@dataclass(frozen=True)
class Settings:
    """What an operator can set; without any setting the gateway runs on this machine alone."""

    database_url: str = "sqlite:///var/gateway.db"
    destination_url: str = ""
    destinations: Path | None = None
    centre: Path | None = None  # its nurses, and how long a case waits
    host: str = "127.0.0.1"
    port: int = 8080
    packages: Path | None = None
    senders: Path | None = None  # overlays of this installation
    base_url: str = "http://127.0.0.1:8080"
    max_body: int = 40 * _MEBIBYTE
    var: Path = Path("var")
    audit_key: str = ""
    cookie_secure: bool = False
    rate: int = 6000  # requests a minute that each clinic may make, and as many at once after a quiet minute
    mllp_host: str = "127.0.0.1"
    mllp_port: int = 2575
    mllp_certificate: Path | None = None  # with its key: TLS
    mllp_key: Path | None = None
    mllp_client_ca: Path | None = None  # who signs the certificates that clients must show
    mllp_clinic: str = ""  # whose the messages are of senders that no overlay names; empty: they are refused
    mllp_connections: int = 256
    mllp_idle: int = 300  # seconds from one message to the end of the next

    def __repr__(self) -> str:
        """Name the object only: a database address and a key are secrets."""
        return "Settings(…)"


def _is_file(path: str) -> None:
    if not Path(path).is_file():
        raise ValidationError("no such file")


def _is_folder(path: str) -> None:
    if not Path(path).is_dir():
        raise ValidationError("no such folder")


class _Environment(Schema):
    class Meta:
        unknown = EXCLUDE

    database_url = fields.String(
        data_key="DATABASE_URL", validate=validate.Regexp(r"(sqlite:///|postgresql(\+psycopg)?://)")
    )
    destination_url = fields.Url(data_key="GATEWAY_DESTINATION_URL", schemes={"http", "https"}, require_tld=False)
    destinations = fields.String(data_key="GATEWAY_DESTINATIONS", validate=_is_file)
    centre = fields.String(data_key="GATEWAY_CENTRE", validate=_is_file)
    host = fields.String(data_key="GATEWAY_HOST", validate=validate.Length(min=1))
    port = fields.Integer(data_key="GATEWAY_PORT", validate=validate.Range(0, 65535))
    packages = fields.String(data_key="GATEWAY_PACKAGES", validate=_is_folder)
    senders = fields.String(data_key="GATEWAY_SENDERS", validate=_is_folder)
    base_url = fields.Url(data_key="GATEWAY_BASE_URL", schemes={"http", "https"}, require_tld=False)
    max_body = fields.Integer(data_key="GATEWAY_MAX_BODY", validate=validate.Range(min=1024))
    var = fields.String(data_key="GATEWAY_VAR", validate=validate.Length(min=1))
    audit_key = fields.String(data_key="AUDIT_KEY", validate=validate.Length(min=32))
    cookie_secure = fields.Boolean(data_key="GATEWAY_COOKIE_SECURE")
    rate = fields.Integer(data_key="GATEWAY_RATE", validate=validate.Range(min=1))
    mllp_host = fields.String(data_key="GATEWAY_MLLP_HOST", validate=validate.Length(min=1))
    mllp_port = fields.Integer(data_key="GATEWAY_MLLP_PORT", validate=validate.Range(0, 65535))
    mllp_certificate = fields.String(data_key="GATEWAY_MLLP_CERTIFICATE", validate=_is_file)
    mllp_key = fields.String(data_key="GATEWAY_MLLP_KEY", validate=_is_file)
    mllp_client_ca = fields.String(data_key="GATEWAY_MLLP_CLIENT_CA", validate=_is_file)
    mllp_clinic = fields.String(data_key="GATEWAY_MLLP_CLINIC")
    mllp_connections = fields.Integer(data_key="GATEWAY_MLLP_CONNECTIONS", validate=validate.Range(min=1))
    mllp_idle = fields.Integer(data_key="GATEWAY_MLLP_IDLE", validate=validate.Range(min=1))

    @validates_schema
    def _tls_is_whole(self, said: dict[str, Any], **_: Any) -> None:
        tls = "mllp_certificate" in said
        if tls != ("mllp_key" in said) or ("mllp_client_ca" in said and not tls):
            raise ValidationError("belong together", "GATEWAY_MLLP_CERTIFICATE")


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment; a wrong setting is named, its value is not. An empty one counts as unset."""
    given = os.environ if environment is None else environment
    try:
        said: dict[str, Any] = _Environment().load({name: text for name, text in given.items() if text})
    except ValidationError as refused:
        raise SettingsError(", ".join(sorted(map(str, refused.messages_dict)))) from None
    for name in _PATHS:
        if name in said:
            said[name] = Path(said[name])
    host, port = said.get("host", Settings.host), said.get("port", Settings.port)
    said.setdefault("base_url", f"http://{f'[{host}]' if ':' in host else host}:{port}")
    said["base_url"] = said["base_url"].rstrip("/")
    said.setdefault("cookie_secure", not is_loopback(host))
    if "var" in said:
        said.setdefault("database_url", f"sqlite:///{said['var']}/gateway.db")
    return Settings(**said)


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(url: str) -> str:
    """The host's name in an address."""
    return urlsplit(url).hostname or ""
