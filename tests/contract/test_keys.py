"""Keys by the command line: they are listed without what opens the door, and once revoked they open none."""

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from gateway.access.keys import add_clinic, add_key
from gateway.audit import trail
from gateway.store import audit


@pytest.fixture
def run(settings):
    """The command line over the gateway's own store."""
    said = {"DATABASE_URL": settings.database_url, "GATEWAY_VAR": str(settings.var), "AUDIT_KEY": settings.audit_key}
    return lambda *words: CliRunner().invoke(main, words, env=said)


@pytest.fixture
def key(here):
    def one(role):
        if role == "clinic":
            return add_clinic(here.store, here.clock, "Riverbend")
        return add_key(here.store, here.clock, role, role)

    return one


def listed(run):
    return [line.split("\t") for line in run("key", "list").output.splitlines()]


def test_every_key_is_listed_and_none_is_shown(run, key):
    secrets = [key(role) for role in ("clinic", "reader", "admin")]
    assert {(role, clinic) for _, role, clinic, *_ in listed(run)} == {
        ("clinic", "riverbend"),
        ("reader", ""),
        ("admin", ""),
    }
    assert not any(secret in run("key", "list").output for secret in secrets)


@pytest.mark.parametrize("role", ["clinic", "reader", "admin"])
def test_a_revoked_key_is_refused_at_once_by_every_door(app, client, run, key, role):
    program = {"Authorization": f"Bearer {key(role)}"}
    doors = {str(rule) for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments}
    doors |= {"/fhir/Patient", "/fhir/Patient/x", "/fhir/Binary/x", "/fhir/Patient/x/_history"}
    open_to_all = {path for path in doors if client.get(path).status_code != 401}
    assert {client.get(path, headers=program).status_code for path in doors} & {200}
    [[id, *_]] = listed(run)
    assert run("key", "revoke", id).exit_code == 0
    assert {client.get(path, headers=program).status_code for path in doors - open_to_all} == {401}
    assert client.post("/submissions", data=b"x", headers=program).status_code == 401


def test_a_browser_that_is_signed_in_with_it_is_out_too(client, run, key):
    client.post("/sign-in", data={"key": key("admin")})
    page = {"Accept": "text/html"}
    assert client.get("/admin", headers=page).status_code == 200
    run("key", "revoke", listed(run)[0][0])
    assert client.get("/admin", headers=page).status_code == 303


def test_the_list_and_the_trail_remember_what_was_revoked(run, key, here):
    key("reader")
    [id, *_] = listed(run)[0]
    run("key", "revoke", id)
    assert listed(run)[0][-1] != ""
    [row] = here.store.read(lambda connection: audit.listing(connection, entity=id))
    assert (trail.read(row)["action"], row.subtype) == ("D", "revoke")


def test_a_key_that_is_none_or_revoked_already_is_said_to_be_so(run, key):
    key("reader")
    [id, *_] = listed(run)[0]
    run("key", "revoke", id)
    for wrong in (id, "reader-0"):
        assert run("key", "revoke", wrong).exit_code == 2


def test_a_checkpoint_that_was_kept_shows_a_tail_that_was_cut(run, key, here, client):
    for _ in range(3):
        client.get("/fhir/Patient", headers={"Authorization": "Bearer none"})
    checkpoint = run("audit", "verify").output.split()[-1]
    assert run("audit", "verify", "--checkpoint", checkpoint).exit_code == 0
    here.store.write(lambda connection: connection.exec_driver_sql("DELETE FROM audit WHERE seq = 3"))
    assert run("audit", "verify").exit_code == 0
    cut = run("audit", "verify", "--checkpoint", checkpoint)
    assert (cut.exit_code, cut.output.splitlines()[-1]) == (1, "broken at 3")


def test_what_is_no_checkpoint_is_named(run):
    refused = run("audit", "verify", "--checkpoint", "head")
    assert (refused.exit_code, "--checkpoint" in refused.output) == (2, True)
