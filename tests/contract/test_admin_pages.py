"""The admin's pages and their JSON: what an admin finds, may do, and does not get to see."""

import re
from datetime import timedelta

import pytest

from gateway.access.keys import add_key
from gateway.admin.door import door
from gateway.audit.trail import verify
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.store import audit, submissions, work
from tests import console

PAGE = {"Accept": "text/html"}
BASE = "https://gateway.example"


@pytest.fixture
def riverbend_id(riverbend):
    return "riverbend-clinic"


@pytest.fixture
def key(here):
    return add_key(here.store, here.clock, "admin", "Ada Admin")


@pytest.fixture
def admin(key):
    """The headers of an admin's program."""
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def person(app, key):
    """An admin's browser, signed in."""
    client = app.test_client()
    assert sign_in(client, key).status_code == 303
    return Person(client)


def sign_in(client, key):
    return client.post("/sign-in", data={"key": key}, base_url=BASE)


class Person:
    """A browser: pages with the token of the session, forms sent as they stand on the page."""

    def __init__(self, client):
        self.client = client

    def get(self, address):
        return self.client.get(address, headers=PAGE, base_url=BASE)

    def send(self, page, action, **fields):
        """Send the form of a page that goes to an address."""
        form = next(part for part in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'action="{action}"' in part)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        return self.client.post(action, data={**hidden, **fields}, headers=PAGE, base_url=BASE)


@pytest.fixture
def sent(here, riverbend_id):
    """One message that went well but for a drug and a value, delivered nowhere yet."""
    return console.went_well(here, riverbend_id, destination="care")


@pytest.fixture
def drug(client, admin, sent):
    lines = client.get("/admin/failures", headers=admin).json["lines"]
    return next(line["signature"] for line in lines if line["trouble"] == "code-untranslated")


ADDRESSES = ("/admin", "/admin/failures", "/admin/submissions", "/admin/deliveries", "/admin/cases", "/admin/audit")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_list_is_a_page_also_when_there_is_nothing(person, address):
    answer = person.get(address)
    assert answer.status_code == 200
    assert "<h1" in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_list_is_json_for_a_program(client, admin, sent, address):
    assert client.get(address, headers=admin).is_json


def test_one_fault_is_one_row_and_each_of_its_places_leads_to_its_own_line(person, client, admin, here, riverbend_id):
    id = console.arrive(here, riverbend_id, b"MSH|odd")
    unread = tuple(Entry(f"ZLK-{n}", State.UNMAPPED, "", "", "", 0, 1) for n in (1, 2, 3))
    console.settle(here, id, Outcome("hl7v2:ADT", {"resourceType": "Bundle", "type": "collection"}, (), unread))
    lines = client.get("/admin/failures", headers=admin).json["lines"]
    page = person.get("/admin/failures").text
    assert len(lines) == 3
    assert page.count('<th scope="row"') == 1
    assert all(page.count(f"/admin/failures/{line['signature']}") == 1 for line in lines)
    assert "and in 2 more places" in page


def test_a_clinic_does_not_enter(client, riverbend):
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint.startswith(f"{door.name}."):
            address = re.sub("<[^>]+>", "x", re.sub("<int:[^>]+>", "1", rule.rule))
            method = "POST" if "POST" in rule.methods else "GET"
            assert client.open(address, method=method, headers=riverbend).status_code == 403


def test_a_stranger_is_led_to_the_sign_in_page(client):
    answer = client.get("/admin/failures?text=canary", headers=PAGE)
    assert answer.location.startswith("/sign-in")
    assert "canary" not in answer.location


def test_the_overview_counts_what_there_is(client, admin, here, riverbend_id, sent):
    console.broke(here, riverbend_id)
    console.open_case(here, riverbend_id)
    found = client.get("/admin", headers=admin).json
    assert (found["submissions"]["routed"], found["submissions"]["quarantined"]) == (1, 1)
    assert {line["trouble"] for line in found["failures"]} == {"code-untranslated", "unmapped", "malformed-message"}
    assert found["destinations"][0]["waiting"] == 1
    assert found["cases"] == {"case-received": 1}


def test_a_failure_is_a_sentence_that_says_where_and_what_to_do(person, drug):
    page = person.get(f"/admin/failures/{drug}").text
    assert "has no translation in our map" in page
    assert "RXE-2" in page
    assert "Translate the code" in page
    assert re.search(r"mappings/hl7v2/medication\.yaml:\d+", page)


@pytest.mark.parametrize(
    ("filters", "number"),
    [("clinic=riverbend-clinic", 2), ("clinic=other", 0), ("text=99RB-12", 1), ("state=fixed", 0)],
)
def test_the_inbox_is_narrowed_by_its_address(client, admin, sent, filters, number):
    assert client.get(f"/admin/failures?{filters}", headers=admin).json["total"] == number


def test_a_filter_that_is_none_is_refused_and_not_repeated(client, admin):
    answer = client.get("/admin/failures?state=Canarysson", headers=admin)
    assert answer.status_code == 400
    assert "Canarysson" not in answer.text


def test_a_submission_shows_the_sum_of_its_leaves(person, sent):
    page = re.sub(r"(?:<[^>]+>|\s)+", " ", person.get(f"/admin/submissions/{sent}").text)
    assert re.search(r"10 leaves = 5 mapped \+ 1 text \+ 1 ignored \+ 1 unmapped \+ 2 untranslated", page)


def test_source_ledger_and_fhir_point_at_one_another(person, sent):
    page = person.get(f"/admin/submissions/{sent}").text
    assert 'id="s-2" href="#leaf-2"' in page
    assert 'id="leaf-2"' in page
    assert 'href="#s-2"' in page
    anchor = re.search(r'id="leaf-2".*?href="#(f-\d+)"', page, re.DOTALL)[1]
    assert f'id="{anchor}"' in page


def test_one_state_of_the_ledger_is_one_link(person, sent):
    page = person.get(f"/admin/submissions/{sent}?leaves=unmapped").text
    assert 'id="leaf-6"' in page
    assert 'id="leaf-2"' not in page


def test_a_message_that_could_not_be_read_is_shown_with_its_reason(person, here, riverbend_id):
    page = person.get(f"/admin/submissions/{console.broke(here, riverbend_id)}").text
    assert "parse-error" in page
    assert "not a well-formed message" in page


def everywhere(client, headers, here, sent, drug):
    delivery = console.dead_letter(here, sent)
    addresses = [*ADDRESSES, f"/admin/failures/{drug}", f"/admin/submissions/{sent}", f"/admin/deliveries/{delivery}"]
    for address in addresses:
        for accept in ("text/html", "application/json"):
            yield client.get(address, headers={**headers, "Accept": accept}).text


def test_nobody_sees_a_patient_without_a_reason(client, admin, here, riverbend_id, sent, drug):
    console.broke(here, riverbend_id)
    for text in everywhere(client, admin, here, sent, drug):
        assert [canary for canary in console.CANARIES if canary in text] == []


def test_a_reason_unmasks_one_submission_for_a_quarter_of_an_hour(person, clock, sent):
    address = f"/admin/submissions/{sent}"
    assert person.client.get(f"{address}/original", base_url=BASE).status_code == 403
    answer = person.send(person.get(address).text, f"{address}/reveal", reason="mapping-fault")
    assert answer.status_code == 303
    page = person.get(address).text
    assert "Canarysson" in page
    original = person.client.get(f"{address}/original", base_url=BASE)
    assert original.data == console.MESSAGE.encode()
    assert original.headers["Content-Disposition"].startswith("attachment")
    clock.move(timedelta(minutes=16))
    assert "Canarysson" not in person.get(address).text


def test_a_reveal_is_no_reveal_for_another_sign_in(person, app, key, sent):
    address = f"/admin/submissions/{sent}"
    person.send(person.get(address).text, f"{address}/reveal", reason="audit")
    other = Person(app.test_client())
    sign_in(other.client, key)
    assert "Canarysson" not in other.get(address).text


def test_a_reveal_needs_one_of_our_reasons(person, sent):
    address = f"/admin/submissions/{sent}"
    assert person.send(person.get(address).text, f"{address}/reveal", reason="curious").status_code == 400


def test_every_look_and_every_press_is_in_the_trail(client, admin, here, sent, drug):
    client.get(f"/admin/submissions/{sent}", headers=admin)
    client.post(
        f"/admin/submissions/{sent}/reveal", headers={**admin, "Idempotency-Key": "1"}, data={"reason": "audit"}
    )
    client.post(f"/admin/failures/{drug}/replay", headers={**admin, "Idempotency-Key": "2"})
    rows = here.store.read(lambda connection: audit.listing(connection))
    assert [row.subtype for row in rows] == ["replay", "reveal", "read"]
    assert verify(here.store, here.audit_key).sound
    about = here.store.read(lambda connection: audit.listing(connection, entity=console.PATIENT))
    assert [row.subtype for row in about] == ["read"]


def test_replaying_a_group_queues_every_submission_once(client, admin, here, riverbend_id, sent, drug):
    here.store.write(lambda connection: connection.exec_driver_sql("DELETE FROM work"))
    headers = {**admin, "Idempotency-Key": "one"}
    for _ in range(2):
        answer = client.post(f"/admin/failures/{drug}/replay", headers=headers)
        assert answer.json == {"done": "replay", "count": 1}
    assert here.store.read(work.depths)["process"] == 1
    events = here.store.read(lambda connection: submissions.events(connection, sent))
    assert [one.event for one in events].count("replay") == 1
    assert client.get(f"/admin/failures/{drug}", headers=admin).json["line"]["state"] == "fixing"


def test_a_double_click_is_one_effect(person, here, sent):
    address = f"/admin/submissions/{sent}"
    page = person.get(address).text
    for _ in range(2):
        assert person.send(page, f"{address}/replay").status_code == 303
    events = here.store.read(lambda connection: submissions.events(connection, sent))
    assert [one.event for one in events].count("replay") == 1


def test_a_press_without_a_key_of_its_own_is_refused(client, admin, sent):
    assert client.post(f"/admin/submissions/{sent}/replay", headers=admin).status_code == 400


def test_a_form_without_the_token_of_the_session_is_refused(person, sent):
    answer = person.client.post(f"/admin/submissions/{sent}/replay", data={"press": "1"}, headers=PAGE, base_url=BASE)
    assert answer.status_code == 403


def test_ignoring_keeps_the_reason_and_leaves_the_inbox(person, client, admin, drug):
    address = f"/admin/failures/{drug}"
    person.send(person.get(address).text, f"{address}/ignore", reason="A test drug of the vendor.")
    assert drug not in {line["signature"] for line in client.get("/admin/failures", headers=admin).json["lines"]}
    page = person.get(address).text
    assert "A test drug of the vendor." in page
    person.send(page, f"{address}/reopen")
    assert client.get(address, headers=admin).json["line"]["state"] == "open"


def test_ignoring_without_a_reason_is_refused(client, admin, drug):
    headers = {**admin, "Idempotency-Key": "1"}
    assert client.post(f"/admin/failures/{drug}/ignore", headers=headers, json={"reason": ""}).status_code == 400


def test_a_dead_letter_is_found_read_and_sent_again(person, client, admin, here, sent):
    delivery = console.dead_letter(here, sent)
    assert client.get("/admin", headers=admin).json["destinations"][0]["state"] == "dead"
    page = person.get(f"/admin/deliveries/{delivery}").text
    assert "Patient.name" in page
    assert person.send(page, f"/admin/deliveries/{delivery}/retry").status_code == 303
    assert client.get(f"/admin/deliveries/{delivery}", headers=admin).json["delivery"]["state"] == "waiting"


def test_all_dead_letters_go_again_at_one_press(person, client, admin, here, sent):
    console.dead_letter(here, sent)
    assert person.send(person.get("/admin/deliveries").text, "/admin/deliveries/retry").status_code == 303
    assert client.get("/admin/deliveries?state=dead", headers=admin).json["deliveries"] == []


def test_verify_says_whether_the_trail_holds_and_where_it_breaks(client, admin, here, sent):
    client.get(f"/admin/submissions/{sent}", headers=admin)
    assert client.post("/admin/audit/verify", headers=admin).json["sound"]
    here.store.write(lambda connection: connection.exec_driver_sql("UPDATE audit SET agent = 'x' WHERE seq = 1"))
    broken = client.post("/admin/audit/verify", headers=admin).json
    assert (broken["sound"], broken["verdict"]["first_bad"]) == (False, 1)


@pytest.mark.parametrize("kind", ["failures", "submissions", "deliveries"])
def test_what_does_not_exist_is_a_page_that_says_so(person, kind):
    answer = person.get(f"/admin/{kind}/nothing")
    assert answer.status_code == 404
    assert "There is no such thing here." in answer.text
    assert 'href="/admin"' in answer.text


def test_no_page_carries_script_or_style_of_its_own(client, admin, here, sent, drug):
    for text in everywhere(client, admin, here, sent, drug):
        assert not re.search(
            r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:|https?://(?!terminology|hl7|loinc)", text
        ) or text.startswith("{")
