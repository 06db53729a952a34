"""An admin in front of a real browser: from the overview to the failure, its source, its replay."""

import os
import re
import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.access.keys import add_clinic, add_key
from gateway.app import create_app
from gateway.core.clock import SystemClock
from gateway.services import open_services
from gateway.settings import Settings
from gateway.store import submissions
from tests import console

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None and not os.environ.get("GATEWAY_CI"):
    pytest.skip("chromium is not installed: apt-get install chromium", allow_module_level=True)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = ("", "/failures", "/submissions", "/deliveries", "/cases", "/audit")


class Quiet(WSGIRequestHandler):
    """No line for each request."""

    def log(self, *_):
        pass


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A gateway on a port of this machine, with one message that went half well, one broken, one dead letter."""
    folder = tmp_path_factory.mktemp("house")
    settings = Settings(database_url=f"sqlite:///{folder}/gateway.db", var=folder, audit_key="k" * 32)
    here = open_services(settings, SystemClock())
    add_clinic(here.store, here.clock, "Riverbend Clinic")
    here_id = "riverbend-clinic"
    sent = console.went_well(here, here_id, destination="care")
    console.dead_letter(here, sent)
    console.broke(here, here_id)
    console.open_case(here, here_id)
    server = make_server("127.0.0.1", 0, create_app(settings, services=here), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield House(f"http://127.0.0.1:{server.server_port}", add_key(here.store, here.clock, "admin", "Ada"), here, sent)
    server.shutdown()
    server.server_close()
    here.close()


class House:
    """Where it is, the admin's key, what stands behind it, the message that was sent."""

    def __init__(self, address, key, here, sent):
        self.address, self.key, self.here, self.sent = address, key, here, sent


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def enter(chromium, house):
    """Sign in with a fresh browser; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def enter(**settings):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{house.address}/sign-in")
        page.fill("#key", house.key)
        page.click("main button")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def lit(page, pane):
    return page.locator(f".{pane}-pane .lit")


def test_from_the_overview_to_the_replay_by_keyboard_alone(enter, house):
    page = enter()
    page.get_by_role("link", name="has no translation in our map").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/failures/*")
    page.get_by_role("button", name=re.compile("Replay all")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**said=replay*")
    assert "Replay is under way for one submission" in page.get_by_role("status").inner_text()
    events = house.here.store.read(lambda connection: submissions.events(connection, house.sent))
    assert [one.event for one in events].count("replay") == 1


def test_n_and_p_walk_over_what_is_not_mapped_and_light_all_three_panes(enter, house):
    page = enter()
    page.goto(f"{house.address}/admin/submissions/{house.sent}")
    for key, place in (("n", "MSH-3"), ("n", "RF1-6"), ("n", "RXE-2.1"), ("p", "RF1-6"), ("n", "RXE-2.1")):
        page.keyboard.press(key)
        assert lit(page, "ledger").locator(".location").inner_text() == place
    assert lit(page, "source").inner_text() == "99RB-12"
    assert lit(page, "fhir").first.inner_text().strip().startswith("medicationCodeableConcept")
    assert page.url.endswith("#leaf-7")


def test_a_choice_in_one_pane_shows_its_partners_and_lives_in_the_address(enter, house):
    page = enter()
    page.goto(f"{house.address}/admin/submissions/{house.sent}")
    page.locator("#s-4").click()
    assert lit(page, "ledger").locator(".location").inner_text() == "PID-7"
    assert "birthDate" in lit(page, "fhir").inner_text()
    page.reload()
    assert lit(page, "ledger").locator(".location").inner_text() == "PID-7"
    page.locator(".fhir-pane .leaf", has_text="Springfield").click()
    assert lit(page, "ledger").locator(".location").inner_text() == "PID-11.1"


def test_without_script_each_line_of_the_ledger_leads_to_source_and_fhir(enter, house):
    page = enter(java_script_enabled=False)
    page.goto(f"{house.address}/admin/submissions/{house.sent}")
    page.locator("#leaf-4 .location").click()
    assert page.locator("#s-4:target").count() == 1
    page.locator("#leaf-4 .target").click()
    assert "birthDate" in page.locator("li:target").inner_text()
    page.locator("#s-4").click()
    assert page.locator("#leaf-4:target").count() == 1


def test_unmasking_asks_why_and_ends_at_a_press(enter, house):
    page = enter()
    page.goto(f"{house.address}/admin/submissions/{house.sent}")
    assert "Canarysson" not in page.content()
    page.get_by_text("Unmask…").click()
    page.select_option("#reason", "mapping-fault")
    page.get_by_role("button", name="Unmask").click()
    assert "Canarysson" in page.locator(".source-pane").inner_text()
    page.get_by_role("button", name="Mask again").click()
    assert "Canarysson" not in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_fits_its_window_has_a_heading_and_text_that_can_be_read(enter, house, width, scheme):
    page = enter(viewport={"width": width, "height": 700}, color_scheme=scheme)
    for address in (*PAGES, f"/submissions/{house.sent}"):
        page.goto(f"{house.address}/admin{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert page.locator("h1").count() == 1, address
        assert page.evaluate(FAINT) == [], address


# Texts whose contrast with what lies behind them is below 4.5 : 1 (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || getComputedStyle(element).color.startsWith("color(")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) found.add(element.className + ": " + element.tagName);
  }
  return [...found];
}"""
