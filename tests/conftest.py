"""What many tests stand on: a gateway of its own over a fresh store, with a clock that stands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.access.keys import add_clinic
from gateway.app import create_app
from gateway.core.clock import FixedClock
from gateway.services import Services, open_services
from gateway.settings import Settings


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{tmp_path}/gateway.db",
        var=tmp_path / "var",
        audit_key="k" * 32,
        base_url="https://gateway.example",
        max_body=65_536,
    )


@pytest.fixture
def here(settings: Settings, clock: FixedClock) -> Iterator[Services]:
    opened = open_services(settings, clock)
    yield opened
    opened.close()


@pytest.fixture
def app(settings: Settings, here: Services) -> Flask:
    return create_app(settings, services=here)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def riverbend(here: Services) -> dict[str, str]:
    """The headers of a clinic's program."""
    return {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'Riverbend Clinic')}"}


@pytest.fixture
def harbor(here: Services) -> dict[str, str]:
    """The headers of another clinic's program."""
    return {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'Harbor Oncology')}"}
