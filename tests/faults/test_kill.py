"""kill -9 at random moments, against a destination that misbehaves: nothing acknowledged is lost or doubled."""

import json
import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.audit import trail
from gateway.core.ids import digest
from gateway.store import deliveries, submissions, work
from tests.faults.gateway_process import GatewayProcess, until
from tests.faults.store_double import now_and_then, store_double

SUBMISSIONS = int(os.environ.get("GATEWAY_FAULT_SUBMISSIONS", "60"))
KILLS = int(os.environ.get("GATEWAY_FAULT_KILLS", "5"))
SEED = int(os.environ.get("GATEWAY_FAULT_SEED", "1"))


def referral(number):
    """A FHIR bundle of one invented person."""
    patient = {
        "resourceType": "Patient",
        "id": f"sent-{number}",
        "identifier": [{"system": "urn:oid:2.999.1", "value": f"M-{number:05}"}],
        "name": [{"family": f"Testperson{number:05}", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1970-01-01",
    }
    entry = {"fullUrl": f"https://clinic.example/Patient/sent-{number}", "resource": patient}
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [entry]}).encode()


@pytest.fixture
def destination():
    with store_double(now_and_then(SEED)) as double:
        yield double


@pytest.fixture
def gateway(tmp_path, destination):
    made = GatewayProcess(tmp_path, destination.url)
    made.start()
    yield made
    made.kill()


def all_done(gateway):
    """Whether the queue is empty, asked of the running gateway."""

    def look():
        import requests

        lines = requests.get(f"{gateway.url}/metrics", timeout=10).text.splitlines()
        return all(line.endswith(" 0.0") for line in lines if line.startswith("gateway_work_waiting{"))

    return look


def test_what_was_acknowledged_survives_and_has_one_effect(gateway, destination):
    dice = random.Random(SEED)
    bodies = [referral(number) for number in range(SUBMISSIONS)]
    kill_after = sorted(dice.sample(range(1, SUBMISSIONS), KILLS))
    with ThreadPoolExecutor(4) as clients:
        sent = [clients.submit(gateway.submit, body) for body in bodies]
        for number in kill_after:
            until(lambda number=number: sum(one.done() for one in sent) >= number)
            gateway.kill()
            gateway.start()
        acknowledged = {one.result(): body for one, body in zip(sent, bodies, strict=True)}
    until(all_done(gateway))
    gateway.stop()

    with gateway.store() as store:
        assert store.read(work.depths) == {"process": 0, "deliver": 0}
        for id, body in acknowledged.items():
            found = store.read(lambda c, id=id: submissions.find(c, id, None))
            assert (found.state, found.sha256) == ("routed", digest(body))
            (sent_on,) = store.read(lambda c, id=id: deliveries.listing(c, submission=id))
            assert sent_on.state == "delivered"
        assert len(acknowledged) == sum(store.read(submissions.counts_by_state).values()) == SUBMISSIONS
        key = (gateway.folder / "audit.key").read_text().strip().encode()
        assert trail.verify(store, key).sound
    patients = {place: set(bodies) for place, bodies in destination.held.items() if place.startswith("Patient/")}
    families = [json.loads(body)["name"][0]["family"] for bodies in patients.values() for body in bodies]
    assert sorted(families) == [f"Testperson{number:05}" for number in range(SUBMISSIONS)]
