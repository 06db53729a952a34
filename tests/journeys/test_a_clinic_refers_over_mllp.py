"""A clinic's system refers a patient over MLLP: received at once, answered when processed, seen by the care team."""

from pathlib import Path

import pytest

from gateway.store import cases, submissions
from tests.faults.gateway_process import GatewayProcess, until
from tests.faults.mllp_process import MllpProcess

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hl7v2"
OVERLAY = "clinic: riverbend-clinic\nfacilities: [LAKESIDE]\n"


@pytest.fixture
def gateway(tmp_path):
    (tmp_path / "senders").mkdir()
    (tmp_path / "senders" / "riverbend.yaml").write_text(OVERLAY)
    made = GatewayProcess(tmp_path, GATEWAY_SENDERS=str(tmp_path / "senders"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def mllp(gateway):
    made = MllpProcess(gateway, GATEWAY_MLLP_CLINIC="")
    made.start()
    yield made
    made.kill()


def test_a_referral_is_received_then_answered_and_has_a_case(gateway, mllp):
    sent = (FIXTURES / "REF_I12_second_opinion.hl7").read_bytes()
    at_once, later = mllp.ask(sent, answers=2)
    assert b"\rMSA|CA|LK000451\r" in at_once
    assert b"|RRI^I12^RRI_I12|" in later
    assert b"\rMSA|AA|LK000451\r" in later
    assert b"\rRF1|P^Pending^HL70283|" in later
    with gateway.store() as store:
        (case,) = until(lambda: store.read(cases.listing))
        (submission,) = store.read(submissions.listing)
    assert (case.clinic, submission.kind) == ("riverbend-clinic", "hl7v2:REF^I12")
    assert submission.state == "routed"


def test_a_system_that_nobody_knows_is_told_so_and_leaves_nothing(gateway, mllp):
    stranger = (FIXTURES / "ADT_A08_update.hl7").read_bytes().replace(b"LAKESIDE", b"ELSEWHERE")
    assert b"\rMSA|AR|" in mllp.ask(stranger)[0]
    with gateway.store() as store:
        assert store.read(submissions.listing) == []
