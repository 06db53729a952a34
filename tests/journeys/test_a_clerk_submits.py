"""A clinic's clerk in front of a real browser: from the key to the receipt, with and without script."""

import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.access.keys import add_clinic
from gateway.app import create_app
from gateway.core import fhirjson
from gateway.core.clock import SystemClock
from gateway.pipeline import process
from gateway.services import Services, open_services
from gateway.settings import Settings
from gateway.store import submissions
from gateway.worker import Desk, Worker

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None and not os.environ.get("GATEWAY_CI"):
    pytest.skip("chromium is not installed: apt-get install chromium", allow_module_level=True)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CLINIC = "riverbend-clinic"
NEEDED = {
    "Given names": "Marta",
    "Family name": "Quellwein",
    "What should the second opinion answer?": "Is surgery still possible after three cycles?",
    "Referring clinician: family name": "Brandauer",
    "Diagnosis (required)": "Adenocarcinoma of the sigmoid colon",
}


class Quiet(WSGIRequestHandler):
    """No line for each request."""

    def log(self, *_):
        pass


@dataclass
class House:
    """Where it is, the clinic's key, what stands behind it."""

    address: str
    key: str
    here: Services

    def last(self) -> bytes:
        """The bytes that came in last."""
        newest = self.here.store.read(lambda c: submissions.listing(c, limit=1))[0]
        return self.here.store.read(lambda c: submissions.original(c, newest.id, CLINIC))[0]

    def work(self) -> None:
        """Do what waits."""
        worker = Worker(Desk(self.here.store, self.here.clock, self.here.destinations, self.here.audit_key, process))
        while worker.turn("process"):
            pass


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    settings = Settings(database_url=f"sqlite:///{folder}/gateway.db", var=folder, audit_key="k" * 32)
    here = open_services(settings, SystemClock())
    key = add_clinic(here.store, here.clock, "Riverbend Clinic")
    server = make_server("127.0.0.1", 0, create_app(settings, services=here), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield House(f"http://127.0.0.1:{server.server_port}", key, here)
    server.shutdown()
    server.server_close()
    here.close()


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def enter(chromium, house):
    """Go to /submit with a fresh browser and sign in on the way; errors of scripts fail the test."""
    contexts, complaints = [], []

    def enter(**settings) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{house.address}/submit")
        page.get_by_label("Key").fill(house.key)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/submit")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def fill(page: Page) -> None:
    for label, text in NEEDED.items():
        page.get_by_label(label).first.fill(text)
    page.get_by_label("Date of birth").fill("1961-04-09")
    page.get_by_label("Has treatment started?").select_option("ongoing")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send the referral").click()


@pytest.mark.parametrize("script", [True, False])
def test_a_file_is_sent_and_its_receipt_shown(enter, house, script, tmp_path: Path):
    file = tmp_path / "referral.hl7"
    file.write_bytes(b"MSH|^~\\&|RIVERBEND|RB|SO|SO|20260301||REF^I12|%d|P|2.5.1\rPID|1||7\r" % script)
    page = enter(java_script_enabled=script)
    page.get_by_label("Choose the file").set_input_files(file)
    page.get_by_role("button", name="Send the file").click()
    page.wait_for_url("**/submissions/*")
    expect(page.get_by_text("We have it, byte for byte.")).to_be_visible()
    assert page.locator("h1").inner_text() in page.url
    assert house.last() == file.read_bytes()


@pytest.mark.parametrize("script", [True, False])
def test_a_filled_form_becomes_a_submission_that_is_read(enter, house, script):
    page = enter(java_script_enabled=script)
    fill(page)
    page.get_by_label("Medicine", exact=True).first.fill("Capecitabine 500 mg tablets")
    page.get_by_label("Your number for this referral").fill(f"REF-{script}")
    send(page)
    page.wait_for_url("**/submissions/*")
    document = fhirjson.read(house.last())
    assert document["patient"] == {"given": "Marta", "family": "Quellwein", "birth_date": "1961-04-09"}
    assert document["medicines"] == {"medicine": [{"name": "Capecitabine 500 mg tablets"}]}
    house.work()
    page.reload()
    shown = page.locator("main").inner_text()
    assert "M… Q…, born 1961" in shown
    assert "Is surgery still possible after three cycles?" in shown
    assert "Quellwein" not in shown


@pytest.mark.parametrize("script", [True, False])
def test_what_is_missing_is_told_beside_the_field_and_in_a_summary_and_nothing_typed_is_lost(enter, script):
    page = enter(java_script_enabled=script)
    fill(page)
    page.get_by_label("Family name").first.fill("")
    page.get_by_label("NPI").fill("12")
    send(page)
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There are 2 problems")
    if script:
        expect(summary).to_be_focused()
    summary.get_by_role("link", name="Family name").click()
    expect(page.locator("[id='patient.family']")).to_have_attribute("aria-invalid", "true")
    assert page.get_by_label("Given names").first.input_value() == "Marta"
    page.get_by_label("Family name").first.fill("Quellwein")
    page.get_by_label("NPI").fill("1234567893")
    send(page)
    page.wait_for_url("**/submissions/*")


@pytest.mark.parametrize("script", [True, False])
def test_another_medicine_can_be_added(enter, house, script):
    page = enter(java_script_enabled=script)
    fill(page)
    for number in range(5):
        if number == page.get_by_label("Medicine", exact=True).count():
            page.get_by_role("button", name="Another medicine").click()
        page.get_by_label("Medicine", exact=True).nth(number).fill(f"Drug {number} {script}")
    send(page)
    page.wait_for_url("**/submissions/*")
    names = [row["name"] for row in fhirjson.read(house.last())["medicines"]["medicine"]]
    assert names == [f"Drug {number} {script}" for number in range(5)]


def test_a_draft_survives_a_reload_and_ends_with_the_sending(enter):
    page = enter()
    fill(page)
    page.get_by_role("button", name="Another medicine").click()
    page.get_by_label("Medicine", exact=True).nth(3).fill("Ondansetron 8 mg")
    page.get_by_label("Please review the images").check()
    page.reload()
    assert page.get_by_label("Family name").first.input_value() == "Quellwein"
    assert page.get_by_label("Medicine", exact=True).nth(3).input_value() == "Ondansetron 8 mg"
    assert page.get_by_label("Please review the images").is_checked()
    send(page)
    page.wait_for_url("**/submissions/*")
    page.get_by_role("link", name="Send another").click()
    page.wait_for_url("**/submit")
    assert page.get_by_label("Family name").first.input_value() == ""


def test_signing_out_forgets_the_draft(enter, house):
    page = enter()
    page.get_by_label("Family name").first.fill("Quellwein")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    assert page.evaluate("sessionStorage.length") == 0
    page.goto(f"{house.address}/submissions")
    page.wait_for_url("**/sign-in?next=/submissions")


def test_a_dropped_file_is_chosen(enter):
    page = enter()
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File(["MSH|"], "dropped.hl7"));
          document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: carried}));
        }"""
    )
    assert page.get_by_label("Choose the file").evaluate("input => input.files[0].name") == "dropped.hl7"


def test_a_file_that_cannot_be_read_says_so_and_asks_the_clinic(enter, house, tmp_path):
    file = tmp_path / "broken.xml"
    file.write_bytes(b'<ClinicalDocument xmlns="urn:hl7-org:v3"><title>')
    page = enter()
    page.get_by_label("Choose the file").set_input_files(file)
    page.get_by_role("button", name="Send the file").click()
    page.wait_for_url("**/submissions/*")
    house.work()
    page.reload()
    expect(page.get_by_text("You need to act.")).to_be_visible()
    expect(page.locator("table")).to_contain_text("fatal")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_is_wider_than_its_window(enter, house, scheme, width):
    page = enter(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in ("/submit", "/submissions"):
        page.goto(house.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") == width
