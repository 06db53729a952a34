"""gateway/access/pages.py"""

import re
from datetime import timedelta

import pytest

from gateway.access.keys import add_key
from gateway.app import create_app
from gateway.core.clock import instant
from gateway.services import Services
from gateway.store import access


@pytest.fixture
def key(riverbend):
    return riverbend["Authorization"].split()[1]


def csrf(client):
    return re.search(rb'name="csrf" value="([^"]+)"', client.get("/submit").data)[1].decode()


def test_a_browser_that_is_not_signed_in_is_led_to_the_sign_in_page_and_back(client, key):
    led = client.get("/submissions?before=7", headers={"Accept": "text/html"})
    assert (led.status_code, led.location) == (303, "/sign-in?next=/submissions")
    assert b'value="/submissions"' in client.get(led.location).data
    assert client.post("/sign-in", data={"key": f" {key}\n", "next": "/submissions"}).location == "/submissions"


@pytest.mark.parametrize(
    "onward", ["//evil.example", "/\\evil.example", "https://evil.example", "/a?b", "/\r\nX: y", ""]
)
def test_nobody_is_led_to_another_host(client, key, onward):
    assert client.post("/sign-in", data={"key": key, "next": onward}).location == "/submit"


def test_the_cookie_is_for_us_alone(client, key, here, settings):
    cookie = client.post("/sign-in", data={"key": key}).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    secure = Services(
        settings.__class__(**{**settings.__dict__, "cookie_secure": True}), *list(vars(here).values())[1:]
    )
    answer = create_app(secure.settings, services=secure).test_client().post("/sign-in", data={"key": key})
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_a_wrong_key_is_told_at_the_field_and_not_repeated(client):
    answer = client.post("/sign-in", data={"key": "so_clinic_Zebedee"})
    assert answer.status_code == 401
    assert b"We do not know this key" in answer.data
    assert b"Zebedee" not in answer.data
    assert "Set-Cookie" not in answer.headers


def test_a_reader_has_no_pages(client, here):
    key = add_key(here.store, here.clock, "reader", "EHR")
    assert client.post("/sign-in", data={"key": key}).status_code == 401


def test_thirty_minutes_without_a_click_sign_out(client, key, clock):
    client.post("/sign-in", data={"key": key})
    for _ in range(3):
        clock.move(timedelta(minutes=29))
        assert client.get("/submit").status_code == 200
    clock.move(timedelta(minutes=30))
    assert client.get("/submit").status_code == 401


def test_nobody_stays_signed_in_for_longer_than_a_working_day(client, key, clock):
    client.post("/sign-in", data={"key": key})
    for _ in range(29):
        clock.move(timedelta(minutes=25))
        last = client.get("/submit").status_code
    assert last == 401


def test_a_revoked_key_ends_its_sessions(client, key, here):
    client.post("/sign-in", data={"key": key})
    here.store.write(lambda c: access.revoke(c, access.all_keys(c)[0].id, instant(here.clock.now())))
    assert client.get("/submit").status_code == 401


def test_signing_out_ends_the_session_on_our_side(client, key):
    client.post("/sign-in", data={"key": key})
    cookie = client.get_cookie("so_session").value
    assert client.post("/sign-out", data={"csrf": csrf(client)}).status_code == 303
    assert client.get("/submit", headers={"Cookie": f"so_session={cookie}"}).status_code == 401


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_page_of_somebody_else_cannot_write_with_our_cookie(client, key, token):
    client.post("/sign-in", data={"key": key})
    for path in ("/submit/form", "/submit/file", "/submissions", "/sign-out"):
        assert client.post(path, data={"csrf": token} if token is not None else {}).status_code == 403
    assert client.post("/submissions", data=b"MSH|", headers={"X-CSRF-Token": csrf(client)}).status_code == 202


def test_the_sign_in_form_takes_no_large_body(client):
    assert client.post("/sign-in", data={"key": "k" * 9000}).status_code == 413


def test_another_site_cannot_sign_a_browser_in(client, key):
    answer = client.post("/sign-in", data={"key": key}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_each_sign_in_is_a_new_session(client, key):
    cookies = set()
    for _ in range(2):
        client.post("/sign-in", data={"key": key})
        cookies.add(client.get_cookie("so_session").value)
    assert len(cookies) == 2
