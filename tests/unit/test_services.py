"""gateway/services.py"""

import pytest
from sqlalchemy import insert, select

from gateway.audit import trail
from gateway.audit.trail import Event
from gateway.core.errors import NotFoundError, SettingsError
from gateway.services import open_services
from gateway.settings import read_settings
from gateway.store.tables import clinics

EVENT = Event("C", "create", "0", "key-1", "clinic", "a")


def enter(connection):
    connection.execute(insert(clinics), {"id": "a", "name": "A", "created": ""})
    return "a"


def names(here):
    return here.store.read(lambda c: list(c.execute(select(clinics.c.id)).scalars()))


def test_a_change_and_its_event_stand_or_fall_together(here):
    def fail(connection):
        enter(connection)
        raise NotFoundError

    with pytest.raises(NotFoundError):
        here.audited(fail, EVENT)
    assert (names(here), trail.verify(here.store, here.audit_key).count) == ([], 0)
    assert here.audited(enter, EVENT) == "a"
    assert (names(here), trail.verify(here.store, here.audit_key).count) == (["a"], 1)


def test_an_event_may_speak_of_what_the_change_gave(here):
    here.audited(enter, lambda id: Event("C", "create", "0", "key-1", "clinic", "a", (("clinic", id),)))
    here.witness(EVENT)
    assert trail.verify(here.store, here.audit_key).count == 2


def test_the_audit_key_is_made_once_kept_to_oneself_and_found_again(tmp_path):
    settings = read_settings({"GATEWAY_VAR": str(tmp_path / "var")})
    first = open_services(settings)
    first.close()
    second = open_services(settings)
    second.close()
    assert second.audit_key == first.audit_key
    assert (tmp_path / "var" / "audit.key").stat().st_mode & 0o077 == 0
    assert first.audit_key.decode() not in repr(first)


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SettingsError):
        open_services(read_settings({"GATEWAY_VAR": str(blocked), "DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}))
