"""gateway/route/inquiry.py: what an insurer is asked, and what is heard"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.parse import x12
from gateway.route.answer import Verdict
from gateway.route.inquiry import heard, inquiry, is_answer, lacking, questions
from gateway.route.trading import Trading

AT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
TRADING = Trading(
    sender="SOCENTRE",
    receiver="CLEARING",
    provider="Second Opinion Centre",
    npi="1987654321",
    company="9000000001",
    payers={"HP01": ["Harbor Health Plan"]},
)
RELATION = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
REQUEST = {
    "resourceType": "CoverageEligibilityRequest",
    "id": "r",
    "identifier": [{"value": "SO-2026-000001/insurance-verification"}],
    "status": "active",
    "insurer": {"reference": "Organization/o"},
    "insurance": [{"coverage": {"reference": "Coverage/c"}}],
}
COVERAGE = {
    "resourceType": "Coverage",
    "id": "c",
    "subscriberId": "HHP-778812",
    "relationship": {"coding": [{"system": RELATION, "code": "self"}]},
    "beneficiary": {"reference": "Patient/p"},
    "payor": [{"reference": "Organization/o"}],
}
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Örsted", "given": ["Bo", "Karl"], "suffix": ["Jr"]}],
    "birthDate": "1958-06-14",
    "gender": "male",
}
INSURER = {"resourceType": "Organization", "id": "o", "name": "Harbor Health Plan"}
VIEW = [REQUEST, COVERAGE, PATIENT, INSURER]


def asked(view=VIEW):
    [question] = questions(view)
    return question


def spoken(view=VIEW, control=451):
    return inquiry(asked(view), TRADING, control=control, at=AT).decode()


def changed(resource, **said):
    view = [{**one, **said} if one is resource else one for one in VIEW]
    return [{name: value for name, value in one.items() if value is not None} for one in view]


def test_the_insured_person_is_asked_about_in_the_order_of_the_standard():
    assert spoken().splitlines() == [
        "ISA*00*          *00*          *ZZ*SOCENTRE       *ZZ*CLEARING       *260302*0905*^*00501*000000451*0*P*:~",
        "GS*HS*SOCENTRE*CLEARING*20260302*0905*451*X*005010X279A1~",
        "ST*270*0001*005010X279A1~",
        "BHT*0022*13*SO-2026-000001/insurance-verification*20260302*0905~",
        "HL*1**20*1~",
        "NM1*PR*2*Harbor Health Plan*****PI*HP01~",
        "HL*2*1*21*1~",
        "NM1*1P*2*Second Opinion Centre*****XX*1987654321~",
        "HL*3*2*22*0~",
        "TRN*1*SO-2026-000001/insurance-verification*9000000001~",
        "NM1*IL*1*Orsted*Bo*Karl**Jr*MI*HHP-778812~",
        "DMG*D8*19580614*M~",
        "DTP*291*D8*20260302~",
        "EQ*30~",
        "SE*13*0001~",
        "GE*1*451~",
        "IEA*1*000000451~",
    ]


def test_a_patient_whom_another_insures_stands_below_the_insured_person():
    spouse = {"coding": [{"system": RELATION, "code": "spouse"}]}
    lines = spoken(changed(COVERAGE, relationship=spouse)).splitlines()
    assert lines[8:14] == [
        "HL*3*2*22*1~",
        "NM1*IL*1******MI*HHP-778812~",
        "HL*4*3*23*0~",
        "TRN*1*SO-2026-000001/insurance-verification*9000000001~",
        "NM1*03*1*Orsted*Bo*Karl**Jr~",
        "DMG*D8*19580614*M~",
    ]
    assert "SE*15*0001~" in lines


@pytest.mark.parametrize(
    ("resource", "said", "words"),
    [
        (COVERAGE, {"subscriberId": None}, "the number of the insured person"),
        (COVERAGE, {"relationship": None}, "whether the patient is the insured person"),
        (PATIENT, {"birthDate": "1958"}, "the whole day of birth of the patient"),
        (PATIENT, {"name": [{"family": "Ж"}]}, "the family name of the patient"),
        (INSURER, {"name": "Another"}, "the number of this insurer at the clearing house (GATEWAY_DESTINATIONS)"),
    ],
)
def test_what_cannot_be_asked_is_told_and_not_made_up(resource, said, words):
    assert lacking(asked(changed(resource, **said)), TRADING) == [words]
    assert lacking(asked(), TRADING) == []


@pytest.mark.parametrize(
    ("relation", "numbers", "lacks"),
    [("self", ["X-7"], False), ("self", ["X-7", "X-8"], True), ("spouse", ["X-7"], True)],
)
def test_a_member_number_is_the_insured_persons_where_the_patient_is_that_person(relation, numbers, lacks):
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]}
    view = changed(
        COVERAGE,
        subscriberId=None,
        identifier=[{"type": kind, "value": one} for one in numbers],
        relationship={"coding": [{"system": RELATION, "code": relation}]},
    )
    assert lacking(asked(view), TRADING) == ["the number of the insured person"] * lacks
    assert lacks or "*MI*X-7~" in spoken(view)


def test_each_coverage_is_asked_about_alone_and_a_request_that_ended_not_at_all():
    second = {**COVERAGE, "id": "d", "subscriberId": "X-1"}
    both = {**REQUEST, "insurance": [{"coverage": {"reference": f"Coverage/{id}"}} for id in "cd"]}
    found = questions([both, COVERAGE, second, PATIENT, INSURER])
    assert [one[1]["id"] for one in found] == ["c", "d"]
    assert questions(changed(REQUEST, status="cancelled")) == []


@given(st.text(min_size=1, max_size=40), st.text(max_size=20), st.text(max_size=30))
def test_no_value_breaks_the_interchange(family, given_name, member):
    view = [
        REQUEST,
        {**COVERAGE, "subscriberId": member},
        {**PATIENT, "name": [{"family": family, "given": [given_name]}]},
        INSURER,
    ]
    if lacking(asked(view), TRADING):
        return
    said = spoken(view)
    assert (said.count("~"), said.count("\n")) == (17, 17)
    [read] = x12.parse(said.replace("ST*270*", "ST*271*").encode())  # our reader takes answers
    [person] = read.body["subscriber"][0]["NM1"]
    assert (person["e08"], person["e01"], person["e02"]) == ("MI", "IL", "1")


ANSWER = b"ISA*00*          *00*~GS*HB~ST*271*0001~"
TA1 = b"ISA*00*          *00*~TA1*000000451*260302*0905*%s*000~"
GROUP = b"ISA*00*          *00*~GS*FA~ST*999*0001~AK9*%s*1*1*0~"


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, ANSWER, Verdict.DELIVERED),
        (202, b"", Verdict.DELIVERED),
        (200, TA1 % b"A", Verdict.DELIVERED),
        (200, TA1 % b"R", Verdict.DEAD),
        (200, GROUP % b"A", Verdict.DELIVERED),
        (200, GROUP % b"R", Verdict.DEAD),
        (200, b"<html>Login</html>", Verdict.DEAD),
        (400, b"", Verdict.DEAD),
        (503, b"", Verdict.RETRY),
        (429, b"", Verdict.RETRY),
    ],
)
def test_what_a_clearing_house_says_decides_what_follows(status, body, verdict):
    assert heard(status, {}, body, AT).verdict is verdict
    assert is_answer(body) is (body is ANSWER)
