"""What many tests stand on: a gateway of its own over a fresh store, with a clock that stands."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import create_engine, text

from gateway.access.keys import add_clinic
from gateway.app import create_app
from gateway.core.clock import FixedClock
from gateway.services import Services, open_services
from gateway.settings import Settings
from gateway.store.engine import Store, open_store
from tests.private_postgres import private_postgres, programs

# The same examples on every run of the check that decides; new ones on everybody's own machine.
hypothesis_settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
if os.environ.get("GATEWAY_CI"):
    hypothesis_settings.load_profile("ci")


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


def skip_unless_ci(reason: str) -> None:
    """What is missing on a desk is a failure in CI."""
    if os.environ.get("GATEWAY_CI") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a private PostgreSQL, up to the name of the database."""
    bin = programs()
    if bin is None:
        skip_unless_ci("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        return
    with private_postgres(bin) as address:
        yield address


def new_database(address: str) -> str:
    """The address of a fresh database of that PostgreSQL."""
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(
        address.format(database="postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.format(database=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store, once on each engine."""
    opened = open_store(database_url)
    yield opened
    opened.close()
