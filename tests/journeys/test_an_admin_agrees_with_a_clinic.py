"""An administrator writes down what was agreed with a clinic: the next message follows it, an earlier one on replay."""

from dataclasses import replace

import pytest

from gateway.access.keys import add_key
from gateway.core.errors import MappingTableError
from gateway.services import open_services, open_worker
from gateway.store import submissions

AGREED = """
clinic: riverbend-clinic
facilities: [WEST]
zone: America/Chicago
namespaces: {RIVER: "urn:oid:2.999.1.1"}
tables: {"0001": {W: F}}
"""


def message(number, facility="WEST"):
    return "\r".join(
        [
            rf"MSH|^~\&|HIS|{facility}|||202603020900||ADT^A08^ADT_A01|{number}|P|2.5.1",
            f"PID|1||M-{number}^^^RIVER^MR||Okafor^Amara||19610409|W",
            "DG1|1||C50.9^Malignant neoplasm of breast^I10C||202602011130",
        ]
    ).encode()


@pytest.fixture
def settings(settings, tmp_path):
    (tmp_path / "senders").mkdir()
    return replace(settings, senders=tmp_path / "senders")


@pytest.fixture
def work(here):
    """Do what waits, in the process of its own that an installation has."""
    worker = open_worker(here)

    def all_of_it():
        while worker.turn("process"):
            pass

    yield all_of_it
    worker.desk.convert.close()


def test_what_was_agreed_holds_from_the_next_message_on(client, riverbend, here, settings, work):
    reader = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}

    def post(body):
        sent = client.post("/submissions", data=body, headers=riverbend).json["id"]
        work()
        return sent

    def found(system, number):
        bundle = client.get(f"/fhir/Patient?identifier={system}|M-{number}", headers=reader).json
        return [entry["resource"].get("gender") for entry in bundle.get("entry", ())]

    before = post(message(1))
    assert found("urn:oid:2.999.1.1", 1) == []
    assert found("https://fhir.second-opinion.example/sid/riverbend-clinic/RIVER", 1) == [None]

    (settings.senders / "riverbend.yaml").write_text(AGREED)
    post(message(2))
    post(message(3, facility="EAST"))
    assert found("urn:oid:2.999.1.1", 2) == ["female"]
    assert found("urn:oid:2.999.1.1", 3) == []
    diagnosis = client.get("/fhir/Condition?code=C50.9&_sort=_lastUpdated", headers=reader).json["entry"][1]["resource"]
    assert diagnosis["recordedDate"] == "2026-02-01T11:30:00-06:00"

    here.store.write(lambda c: submissions.requeue(c, before, "2026-03-02T10:00:00.000Z"))
    work()
    assert found("urn:oid:2.999.1.1", 1) == ["female"]
    mappings = [event.mapping for event in here.store.read(lambda c: submissions.events(c, before)) if event.mapping]
    assert mappings[-1].startswith(f"{mappings[0]}+")


def test_an_installation_does_not_start_with_an_agreement_that_is_wrong(settings):

    (settings.senders / "riverbend.yaml").write_text("clinic: riverbend-clinic\npolicies: {V9: never}")
    with pytest.raises(MappingTableError, match=r"riverbend\.yaml:2: policies: V9"):
        open_services(settings)
