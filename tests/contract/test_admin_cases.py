"""/admin/cases: a case is moved from its page or by a program, and its plan is masked until it is revealed."""

import re
from typing import Any

import pytest

from gateway import casework
from gateway.core.clock import instant
from gateway.core.issue import message
from gateway.store import cases, resources, submissions
from tests import console
from tests.contract.test_admin_pages import admin, key, person, riverbend_id  # noqa: F401
from tests.unit.casework.test_casework import PATIENT, RECORDS, REFERRAL

NUMBER = "SO-2026-000001"
ADDRESS = f"/admin/cases/{NUMBER}"


@pytest.fixture
def version(here: Any, riverbend_id: str):  # noqa: F811
    """A case that waits for a pathology report; gives the version of its Task."""
    at = instant(here.clock.now())
    submission = console.arrive(here, riverbend_id, b"a referral")

    def change(connection: Any) -> int:
        sent = (PATIENT, REFERRAL, *RECORDS)
        [made] = casework.reassemble(connection, sent, clinic=riverbend_id, at=at)
        for one in (*sent, made.made[0]):
            resources.save(connection, one, submission=submission, clinic=riverbend_id, at=at)
        casework.keep(connection, made, submission=submission, at=at)
        return resources.read(connection, "Task", made.case.task).version

    return here.store.write(change)


def step(client, headers, version, press="k", **said):
    headers = {**headers, "Idempotency-Key": press, "If-Match": f'W/"{version}"'}
    return client.post(f"{ADDRESS}/steps", json=said, headers=headers)


def test_a_program_moves_a_case_and_is_told_when_it_is_too_late(client, admin, here, version):  # noqa: F811
    assert client.get("/admin/cases", headers=admin).json["counts"] == {"needs-information": 1}
    assert step(client, admin, version, event="decline", reason="Not a cancer").json == {
        "done": "case-step",
        "count": 1,
    }
    assert client.get(ADDRESS, headers=admin).json["case"]["state"] == "declined"
    late = step(client, admin, version, press="other", event="expire", reason="Too late")
    assert (late.status_code, late.json["issue"][0]["details"]["coding"][0]["code"]) == (412, "precondition-failed")
    again = step(client, admin, version, event="decline", reason="Not a cancer")
    assert (again.status_code, len(here.store.read(lambda c: cases.history(c, NUMBER)))) == (200, 2)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"event": "start-review"}, 409),
        ({"event": "request-cancel"}, 409),
        ({"event": "decline"}, 400),
        ({"event": "assign", "owner": " "}, 400),
        ({"event": "completed", "activity": "dancing"}, 400),
    ],
)
def test_what_is_not_allowed_says_so_and_changes_nothing(client, admin, version, said, status):  # noqa: F811
    before = client.get(ADDRESS, headers=admin).json
    assert step(client, admin, version, **said).status_code == status
    assert client.get(ADDRESS, headers=admin).json == before


def test_a_step_needs_the_version_that_was_seen(client, admin, version):  # noqa: F811
    headers = {**admin, "Idempotency-Key": "k"}
    assert client.post(f"{ADDRESS}/steps", json={"event": "expire", "reason": "x"}, headers=headers).status_code == 412


def test_a_nurse_takes_steps_on_the_page_and_sees_them_in_its_history(person, here, version):  # noqa: F811
    page = person.get(ADDRESS).text
    assert re.findall(r'name="event" value="([a-z-]+)"', page).count("complete-records") == 1
    answer = person.send(page, f"{ADDRESS}/steps", event="assign", owner="N. Abara, RN", version=str(version))
    assert answer.status_code == 303
    page = person.get(answer.location).text
    assert "with N. Abara, RN" in page
    assert "The case, its referral and its plan say so now." in page


def test_the_words_of_a_plan_are_masked_until_the_submission_is_revealed(person, here, version):  # noqa: F811
    page = person.get(ADDRESS).text
    assert "Okafor" not in page
    assert "Capecitabine" not in page
    [found] = here.store.read(submissions.listing)
    address = f"/admin/submissions/{found.id}"
    person.send(person.get(address).text, f"{address}/reveal", reason="patient-safety")
    page = person.get(ADDRESS).text
    assert "Okafor" in page
    assert "Capecitabine" in page


def test_what_a_person_should_look_at_stands_on_the_page_and_names_no_drug(client, admin, here, riverbend_id, version):  # noqa: F811
    second = {**RECORDS[1], "id": "m2", "medicationCodeableConcept": {"text": "Fluorouracil"}}

    def change(connection: Any) -> None:
        words = {"clinic": riverbend_id, "at": instant(here.clock.now())}
        [made] = casework.reassemble(connection, [second], **words)
        resources.save(connection, second, submission="s", **words)
        casework.keep(connection, made, submission="s", at=words["at"])

    assert client.get(ADDRESS, headers=admin).json["plan"]["concerns"] == []
    here.store.write(change)
    assert client.get(ADDRESS, headers=admin).json["plan"]["concerns"] == [message("two-fluoropyrimidines")]
