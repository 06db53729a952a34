"""A nurse care manager in front of a real browser: from the board of cases to the end of one."""

import threading

import pytest
from werkzeug.serving import make_server

from gateway.access.keys import add_clinic, add_key
from gateway.app import create_app
from gateway.core.clock import SystemClock
from gateway.services import open_services
from gateway.settings import Settings
from tests.journeys import test_an_admin_finds_and_replays_a_failure as admin
from tests.journeys.test_services_of_the_centre import NURSES, REFERRAL, House

chromium = admin.chromium  # skips or fails without one, as there


@pytest.fixture
def page(chromium, tmp_path):
    """A browser on the board of cases, where one case waits for records; complaints of the browser fail the test."""
    settings = Settings(database_url=f"sqlite:///{tmp_path}/gateway.db", var=tmp_path, audit_key="k" * 32)
    here = open_services(settings, SystemClock())
    app = create_app(settings, services=here)
    clinic = {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'Riverbend Clinic')}"}
    House(here, app.test_client(), clinic).send(REFERRAL)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=admin.Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context, complaints = chromium.new_context(viewport={"width": 1280, "height": 800}), []
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.server_port}/sign-in")
    page.fill("#key", add_key(here.store, here.clock, "admin", "Nurse Abara"))
    page.click("main button")
    yield page
    context.close()
    server.shutdown()
    server.server_close()
    here.close()
    assert complaints == []


def test_a_nurse_reads_the_plan_takes_steps_and_closes_the_case(page):
    page.get_by_role("link", name="Cases", exact=True).click()
    page.get_by_role("link", name="SO-2026-000001").click()
    assert NURSES[0] in page.locator(".page-head").inner_text()
    assert "Sandoval" not in page.content()

    page.locator(".notice a").click()
    page.get_by_text("Unmask…").click()
    page.locator(".reveal select").select_option("patient-safety")
    page.get_by_role("button", name="Unmask", exact=True).click()
    page.get_by_role("link", name="Cases", exact=True).click()
    page.get_by_role("link", name="SO-2026-000001").click()
    assert "Sandoval" in page.locator(".narrative").inner_text()

    for step in ("Complete records", "Outcome"):
        page.get_by_role("button", name=step).click()
    assert page.get_by_role("button", name="Close").count() == 0
    assert "say how opinion communication ended" in page.locator("aside").inner_text()
    told = page.get_by_role("row", name="The opinion goes to the referring clinician")
    told.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Close").click()
    assert "The case has ended." in page.locator("aside").inner_text()
    history = page.get_by_role("region", name="History").inner_text()
    assert "Nurse Abara" in history
    assert "opinion-communication" in history
