"""An insurer is asked whether a patient is covered, answers at once, and the insurance desk sees it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import responses

from gateway.route import Destination
from gateway.route.trading import Trading
from gateway.store import deliveries, submissions
from tests.journeys.test_services_of_the_centre import House

URL = "https://clearing.example/x12"
ANSWER = (Path(__file__).parents[1] / "fixtures" / "x12" / "271_active.edi").read_text("utf-8")
TRADING = Trading(
    sender="SOCENTRE",
    receiver="CLEARING",
    provider="Second Opinion Centre",
    npi="1987654321",
    company="9000000001",
    payers={"GM01": ["Green Mountain Mutual"]},
)


def answer(question, benefit):
    """As the insurer answers: the same person, the question's own number."""
    number = next(line.split("*")[2] for line in question.splitlines() if line.startswith("TRN*"))
    said = ANSWER.replace("SO-2026-000001", number).replace("EB*1*", f"EB*{benefit}*")
    for before, after in (
        ("NM1*IL*1*BRACKWATER*LORENZ****MI*HHP-778812", "NM1*IL*1*QUENDLER*MARTA*ILSE***MI*GMM-009112"),
        ("N3*4 WEIR LANE", "N3*18 ALDER ROW"),
        ("DMG*D8*19580614*M", "DMG*D8*19610325*F"),
    ):
        assert before in said
        said = said.replace(before, after)
    return said


@pytest.fixture
def insurer():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        yield fake


@pytest.fixture
def house(here, client, riverbend):
    here.destinations["clearing"] = Destination("clearing", URL, view="payer", x12=TRADING)
    return House(here, client, riverbend)


def work(house):
    for task in ("process", "deliver", "process"):
        while house.worker.turn(task):
            pass


def standing(house):
    task = house.activities()["insurance-verification"]
    return task["businessStatus"]["coding"][0]["code"]


@pytest.mark.parametrize(("benefit", "state"), [("1", "eligibility-verified"), ("6", "eligibility-failed")])
def test_what_the_insurer_answers_stands_at_the_case(house, insurer, benefit, state):
    insurer.add_callback("POST", URL, lambda asked: (200, {}, answer(asked.body.decode(), benefit)))
    house.refer(wishes={"relation_to_subscriber": "self"})
    assert standing(house) == "eligibility-pending"
    work(house)
    assert standing(house) == state
    [call] = insurer.calls
    assert call.request.headers["Content-Type"] == "application/edi-x12"
    assert b"NM1*IL*1*Quendler*Marta*Ilse***MI*GMM-009112~" in call.request.body
    for clinical in (b"C18", b"sigmoid", b"Capecitabine", b"III"):
        assert clinical not in call.request.body


def test_an_insurer_who_is_away_is_asked_again_and_one_question_is_one_submission(house, insurer, clock):
    insurer.post(URL, status=503)
    insurer.add_callback("POST", URL, lambda asked: (200, {}, answer(asked.body.decode(), "1")))
    house.refer(wishes={"relation_to_subscriber": "self"})
    work(house)
    assert standing(house) == "eligibility-pending"
    clock.move(timedelta(hours=2))
    work(house)
    assert standing(house) == "eligibility-verified"
    assert len(insurer.calls) == 2
    kept = [one for one in house.here.store.read(submissions.listing) if one.clinic == "destination.clearing"]
    assert [(one.kind, one.state) for one in kept] == [("x12:271", "routed")]


def test_what_the_question_lacks_is_a_dead_letter_in_words_and_goes_out_when_it_is_there(house, insurer):
    insurer.add_callback("POST", URL, lambda asked: (200, {}, answer(asked.body.decode(), "1")))
    house.refer(wishes={"relation_to_subscriber": None})
    work(house)
    [dead] = house.here.store.read(deliveries.listing)
    [attempt] = house.here.store.read(lambda connection: deliveries.attempts(connection, dead.id))
    assert dead.state == "dead"
    assert b"whether the patient is the insured person" in attempt.answer
    assert not insurer.calls
    house.refer(wishes={"relation_to_subscriber": "self"})
    work(house)
    assert standing(house) == "eligibility-verified"


def test_nobody_else_reads_what_the_insurer_answered(house, insurer):
    insurer.add_callback("POST", URL, lambda asked: (200, {}, answer(asked.body.decode(), "1")))
    house.refer(wishes={"relation_to_subscriber": "self"})
    work(house)
    found = house.client.get("/fhir/CoverageEligibilityResponse", headers=house.clinic)
    assert found.status_code == 403 or "entry" not in json.loads(found.data)


def test_an_insurance_of_a_message_is_asked_about_as_one_of_the_form(house, insurer):
    insurer.add_callback("POST", URL, lambda asked: (200, {}, answer(asked.body.decode(), "1")))
    house.refer(wishes=dict.fromkeys(("payer", "member_id", "relation_to_subscriber", "group_number")))
    fields = {2: "P1", 4: "Green Mountain Mutual", 16: "Quendler^Marta^Ilse", 17: "SEL", 36: "GMM-009112"}
    house.message("ADT^A08", "|".join(["IN1", "1", *(fields.get(n, "") for n in range(2, 37))]))
    work(house)
    assert standing(house) == "eligibility-verified"
    [call] = insurer.calls
    assert b"*MI*GMM-009112~" in call.request.body


def test_a_question_that_the_insurer_rejects_is_not_a_no(house, insurer):
    def rejected(asked):
        said = answer(asked.body.decode(), "1")
        return 200, {}, said[: said.index("EB*")] + "AAA*N**75*C~" + said[said.index("SE*") :]

    insurer.add_callback("POST", URL, rejected)
    house.refer(wishes={"relation_to_subscriber": "self"})
    work(house)
    assert standing(house) == "eligibility-pending"
    [told] = house.all("CoverageEligibilityResponse")
    assert told["outcome"] == "error"
    assert [one["code"]["text"] for one in told["error"]] == ["AAA-03 75"]


def test_the_picture_of_an_insurance_card_is_the_insurance_that_a_checklist_asks_for(house):
    house.refer(wishes=dict.fromkeys(("payer", "member_id", "relation_to_subscriber", "group_number")))
    assert "insurance-card" in house.missing()
    house.document("64290-0")
    assert "insurance-card" not in house.missing()
