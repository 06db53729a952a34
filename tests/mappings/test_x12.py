"""mappings/x12: what an insurer answers is said as the insurer says it, and nothing is concluded from the rest."""

from pathlib import Path

import pytest

from gateway import pipeline
from gateway.core.submission import Sender
from gateway.parse import formats

SENT = (Path(__file__).parents[1] / "fixtures" / "x12" / "271_active.edi").read_bytes()


def converted(*changes):
    body = SENT
    for before, after in changes:
        assert before in body
        body = body.replace(before, after)
    return pipeline.process(body, sender=Sender(clinic="harbor"))


def answer(outcome):
    [found] = [
        e["resource"] for e in outcome.bundle["entry"] if e["resource"]["resourceType"] == "CoverageEligibilityResponse"
    ]
    return found


@pytest.mark.parametrize(
    ("benefit", "in_force"),
    [(b"1", True), (b"4", True), (b"6", False), (b"8", False), (b"5", None), (b"I", None), (b"U", None)],
)
def test_coverage_is_in_force_only_where_the_insurer_says_so(benefit, in_force):
    found = answer(converted((b"EB*1*", b"EB*%b*" % benefit)))
    assert found["insurance"][0].get("inforce") is in_force
    assert found["outcome"] == "complete"


def test_the_answer_names_question_patient_and_insurer():
    outcome = converted()
    found = answer(outcome)
    assert found["request"]["identifier"]["value"] == "SO-2026-000001"
    assert found["created"] == "2026-11-03"
    types = {e["resource"]["resourceType"]: e["resource"] for e in outcome.bundle["entry"]}
    assert types["Patient"]["birthDate"] == "1958-06-14"
    assert types["Organization"]["name"] == "HARBOR HEALTH PLAN"
    assert types["Coverage"]["subscriberId"] == "HHP-778812"
    assert outcome.sound


def test_a_question_that_was_rejected_is_an_error_and_says_nothing_of_the_coverage():
    found = answer(
        converted((b"EB*1*IND*30**PREFERRED PLAN~\nMSG", b"AAA*N**75*C~\nMSG"), (b"EB*C*IND*30***23*1500~\n", b""))
    )
    assert found["outcome"] == "error"
    assert found["error"] == [{"code": {"text": "AAA-03 75"}}]
    assert "inforce" not in found["insurance"][0]


def test_amounts_and_codes_without_a_row_stay_in_the_account():
    states = {line.location: line.state for line in converted().ledger}
    assert (states["EB[1]-01"], states["EB[2]-01"], states["EB[2]-07"]) == ("mapped", "unmapped", "unmapped")


def test_delimiters_are_those_that_the_interchange_declares():
    other = SENT.translate(bytes.maketrans(b"*~:^", b"|!>#"))
    assert answer(pipeline.process(other))["insurance"][0]["inforce"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"ISA*00*", "malformed-message"),
        (SENT.replace(b"ST*271", b"ST*270"), "unsupported-format"),
        (SENT.replace(b"HL*1", b"hl*1"), "malformed-message"),
    ],
)
def test_what_is_no_answer_says_why(body, code):
    assert formats.detect(body).name == "x12"
    assert pipeline.process(body).error.code == code
