"""gateway/access/keys.py"""

import re
from datetime import timedelta

import pytest

from gateway.access import keys
from gateway.core.clock import instant
from gateway.core.errors import NotFoundError, RequestError
from gateway.core.ids import digest
from gateway.store import access


def found(here, key):
    return here.store.read(lambda c: access.key(c, digest(key.encode()), instant(here.clock.now())))


def test_a_key_says_whose_it_is_and_holds_256_random_bits():
    first, second = keys.secret("clinic"), keys.secret("clinic")
    assert re.fullmatch(r"so_clinic_[A-Za-z0-9_-]{43}", first)
    assert first != second


def test_a_clinic_gets_a_key_that_names_it(here):
    key = keys.add_clinic(here.store, here.clock, "Riverbend Clinic")
    assert (found(here, key).role, found(here, key).clinic) == ("clinic", "riverbend-clinic")


def test_the_secret_itself_is_nowhere_in_the_store(here, tmp_path):
    key = keys.add_clinic(here.store, here.clock, "Riverbend Clinic")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("gateway.db*"))
    assert b"riverbend-clinic" in kept
    assert key.encode() not in kept


def test_a_second_key_of_the_same_name_belongs_to_the_same_clinic(here):
    first, second = (keys.add_clinic(here.store, here.clock, "Riverbend Clinic") for _ in range(2))
    assert first != second
    assert found(here, first).clinic == found(here, second).clinic


@pytest.mark.parametrize(
    ("name", "id"),
    [("Clínica São José", "clinica-sao-jose"), ("診療所", "clinic"), ("a/../b", "a-b"), ("X" * 99, "x" * 48)],
)
def test_the_id_of_a_clinic_is_fit_for_a_folder_and_an_address(here, name, id):
    assert found(here, keys.add_clinic(here.store, here.clock, name)).clinic == id


def test_names_that_make_the_same_id_are_told_apart(here):
    first = keys.add_clinic(here.store, here.clock, "Harbor Oncology")
    second = keys.add_clinic(here.store, here.clock, "Harbor-Oncology")
    assert (found(here, first).clinic, found(here, second).clinic) == ("harbor-oncology", "harbor-oncology-2")


def test_a_revoked_key_opens_nothing(here):
    key = keys.add_key(here.store, here.clock, "admin", "Front desk")
    here.store.write(lambda c: access.revoke(c, access.all_keys(c)[0].id, instant(here.clock.now())))
    assert found(here, key) is None


def test_a_key_past_its_time_opens_nothing(here, clock):
    key = keys.add_key(here.store, here.clock, "reader", "EHR", expires=clock.now() + timedelta(days=1))
    assert found(here, key) is not None
    clock.move(timedelta(days=1))
    assert found(here, key) is None


@pytest.mark.parametrize(("role", "clinic"), [("root", None), ("clinic", None), ("admin", "riverbend-clinic")])
def test_a_role_and_a_clinic_that_do_not_fit_are_refused(here, role, clinic):
    with pytest.raises(RequestError):
        keys.add_key(here.store, here.clock, role, "label", clinic)


def test_no_key_is_made_for_a_clinic_that_is_none(here):
    with pytest.raises(NotFoundError):
        keys.add_key(here.store, here.clock, "clinic", "label", "nowhere")
