"""The application: doors, error answers, security headers, and what a watcher asks for."""

from pathlib import Path

from flask import Flask

from gateway import access, admin, intake, serve
from gateway.access.request import MemoryRequest
from gateway.app import errors, headers, observe, openapi
from gateway.services import Services, open_services
from gateway.settings import Settings, host_of, read_settings

_ROOT = Path(__file__).parents[1]
_ANY: set[str] = {"0.0.0.0", "::", ""}  # noqa: S104 - addresses that name no host


def create_app(settings: Settings | None = None, *, services: Services | None = None) -> Flask:
    """Compose the application over the given services, or open those that the settings name."""
    here = services or open_services(settings or read_settings())
    app = Flask("gateway", root_path=str(_ROOT), template_folder="pages", static_folder="pages/static")
    app.request_class = MemoryRequest
    app.extensions["gateway"] = here
    app.config.update(
        MAX_CONTENT_LENGTH=here.settings.max_body,
        MAX_FORM_PARTS=1000,
        TRUSTED_HOSTS=_trusted_hosts(here.settings),
    )
    observe.install(app)
    for door in (access.door, *intake.doors, serve.door, admin.door):
        app.register_blueprint(door)
    errors.install(app)
    headers.install(app)
    openapi.install(app)
    return app


def _trusted_hosts(settings: Settings) -> list[str] | None:
    """Names that a request may call us by; an installation that does not know its own name takes any."""
    name = host_of(settings.base_url)
    return None if name in _ANY else [name, "localhost", "127.0.0.1", "[::1]"]
