"""gateway/settings.py"""

from pathlib import Path

import pytest

from gateway.core.errors import SettingsError
from gateway.settings import Settings, read_settings


def test_without_settings_it_runs_on_this_machine_alone():
    assert read_settings({}) == Settings()
    assert Settings().host == "127.0.0.1"


def test_an_empty_setting_counts_as_unset():
    assert read_settings({"GATEWAY_PORT": "", "DATABASE_URL": ""}) == Settings()


def test_the_address_follows_host_and_port_unless_it_is_set():
    assert read_settings({"GATEWAY_PORT": "9000"}).base_url == "http://127.0.0.1:9000"
    assert read_settings({"GATEWAY_HOST": "::1"}).base_url == "http://[::1]:8080"
    assert read_settings({"GATEWAY_BASE_URL": "https://fhir.example/"}).base_url == "https://fhir.example"


def test_the_database_lies_where_all_else_lies():
    assert read_settings({"GATEWAY_VAR": "/srv/so"}).database_url == "sqlite:////srv/so/gateway.db"
    assert read_settings({"GATEWAY_VAR": "/srv/so"}).var == Path("/srv/so")


def test_cookies_are_secure_where_others_can_reach_us():
    assert read_settings({}).cookie_secure is False
    assert read_settings({"GATEWAY_HOST": "10.0.0.5"}).cookie_secure is True
    assert read_settings({"GATEWAY_HOST": "10.0.0.5", "GATEWAY_COOKIE_SECURE": "false"}).cookie_secure is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@x/y"),
        ("GATEWAY_DESTINATION_URL", "hunter2"),
        ("GATEWAY_DESTINATIONS", "/nowhere/hunter2"),
        ("GATEWAY_PACKAGES", "/nowhere/hunter2"),
        ("GATEWAY_SENDERS", "/nowhere/hunter2"),
        ("GATEWAY_PORT", "hunter2"),
        ("GATEWAY_PORT", "70000"),
        ("GATEWAY_MAX_BODY", "0"),
        ("AUDIT_KEY", "hunter2"),
        ("GATEWAY_COOKIE_SECURE", "hunter2"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(name, value):
    with pytest.raises(SettingsError) as refused:
        read_settings({name: value})
    assert refused.value.place == name
    assert "hunter2" not in f"{refused.value} {refused.value.place}"


def test_settings_never_show_themselves():
    assert "hunter2" not in repr(Settings(database_url="postgresql://u:hunter2@h/d", audit_key="hunter2" * 5))
