"""gateway/access/caller.py"""

from datetime import timedelta

import pytest

from gateway.access.keys import add_key
from gateway.app import create_app
from gateway.core import fhirjson
from gateway.services import open_services
from gateway.store import audit

CANARY = "Zebedee-Quux"


def outcome_code(answer):
    said = fhirjson.read(answer.data)
    assert said["resourceType"] == "OperationOutcome"
    return said["issue"][0]["details"]["coding"][0]["code"]


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer so_clinic_{CANARY}"},
        {"Authorization": f"Basic {CANARY}"},
        {"Authorization": f"Bearer {CANARY * 1000}"},
        {"Authorization": "Bearer ' OR 1=1 --"},
        {"Authorization": "Bearer \udc80".encode("latin-1", "replace").decode("latin-1")},
        {"Cookie": f"so_session={CANARY}"},
        {"Cookie": f"so_session={CANARY * 500}"},
    ],
)
def test_who_shows_no_key_that_we_know_is_told_so_and_nothing_else(client, header):
    answer = client.get("/submissions", headers=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert outcome_code(answer) == "unknown-caller"
    assert CANARY.encode() not in answer.data


def test_every_unknown_caller_gets_the_same_bytes(client, riverbend):
    answers = {client.get("/submissions", headers={"Authorization": f"Bearer {key}"}).data for key in ("a", "b" * 90)}
    assert len(answers) == 1


@pytest.mark.parametrize("role", ["reader", "admin"])
def test_another_role_is_known_and_not_let_in(client, here, role):
    key = add_key(here.store, here.clock, role, "label")
    answer = client.post("/submissions", data=b"x", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403
    assert outcome_code(answer) == "forbidden"


def test_the_scheme_is_read_in_any_case(client, riverbend):
    key = riverbend["Authorization"].split()[1]
    assert client.get("/submissions", headers={"Authorization": f"bearer {key}"}).status_code == 200


def test_a_wrong_key_is_not_saved_by_a_good_cookie(client, riverbend):
    client.post("/sign-in", data={"key": riverbend["Authorization"].split()[1]})
    assert client.get("/submissions").status_code == 200
    assert client.get("/submissions", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_stranger_who_goes_on_is_slowed_in_every_process_and_fills_no_trail(app, client, settings, here, monkeypatch):
    monkeypatch.setattr("gateway.access.caller.MOST_REFUSALS", 3)
    others = open_services(settings, here.clock)
    elsewhere = create_app(settings, services=others).test_client()
    stranger = {"Authorization": f"Bearer {CANARY}"}
    said = [one.get("/submissions", headers=stranger).status_code for one in (client, elsewhere) * 3]
    others.close()
    assert said == [401] * 3 + [429] * 3
    assert here.store.read(audit.count) == 3


def test_whoever_shows_a_good_key_is_let_in_from_any_address_and_a_minute_is_forgotten(
    client, here, clock, riverbend, monkeypatch
):
    monkeypatch.setattr("gateway.access.caller.MOST_REFUSALS", 1)
    stranger = {"Authorization": "Bearer x"}
    assert [client.get("/submissions", headers=stranger).status_code for _ in range(3)] == [401, 429, 429]
    assert client.get("/submissions", headers=riverbend).status_code == 200
    assert client.get("/submissions", headers=stranger, environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 401
    clock.move(timedelta(minutes=1))
    assert client.get("/submissions", headers=stranger).status_code == 401


def test_a_failed_sign_in_counts_and_is_in_the_trail(client, here, monkeypatch):
    monkeypatch.setattr("gateway.access.caller.MOST_REFUSALS", 1)
    answers = [client.post("/sign-in", data={"key": CANARY}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    [row] = here.store.read(lambda connection: audit.walk(connection, 0, 9))
    assert (row.subtype, row.outcome) == ("access", "8")
