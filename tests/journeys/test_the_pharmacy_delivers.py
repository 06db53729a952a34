"""The centre's pharmacy is sent the drugs that it brings to a patient, however they were ordered."""

import json
from pathlib import Path

import pytest
import responses

from gateway.route import Destination
from tests.journeys.test_services_of_the_centre import ORDER, REFERRAL, House

URL = "https://pharmacy.example/fhir"
LORENZ = {
    "record_number": "BR-1187",
    "family": "Brackwater",
    "given": "Lorenz",
    "birth_date": "1958-06-14",
    "sex": "male",
    "address_line": "4 Weir Lane",
}
NEW_RX = (
    (Path(__file__).parents[1] / "fixtures" / "ncpdp" / "new_prescription.xml")
    .read_bytes()
    .replace(b"Ondansetron 8 mg tablet", b"Capecitabine 500 mg tablet")
    .replace(b"every 8 hours as needed for nausea", b"twice a day on days 1 to 14 of 21")
)


@pytest.fixture
def house(here, client, riverbend):
    here.destinations["pharmacy"] = Destination("pharmacy", URL, view="pharmacy")
    return House(here, client, riverbend)


@pytest.fixture
def delivered(house):
    """What the pharmacy was sent last."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        fake.add_callback("POST", URL, taken)

        def deliver():
            while house.worker.turn("deliver"):
                pass
            return [entry["resource"] for entry in json.loads(fake.calls[-1].request.body)["entry"]]

        yield deliver


def taken(asked):
    entries = [{"response": {"status": "201"}} for _ in json.loads(asked.body)["entry"]]
    answer = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
    return 201, {"Content-Type": "application/fhir+json"}, json.dumps(answer)


@pytest.mark.parametrize("carrier", ["form", "RDE", "NewRx"])
def test_the_pharmacy_is_sent_what_it_delivers_with_every_dose_as_it_was_ordered(house, carrier, delivered):
    match carrier:
        case "form":
            house.refer()
        case "RDE":
            house.send(REFERRAL)
            house.message("RDE^O11^RDE_O11", "ORC|NW|RX-7^LAKEEHR", *ORDER)
        case "NewRx":
            house.refer(patient=LORENZ, medicines={"medicine": None})
            house.send(NEW_RX)
    sent = delivered()
    [delivery] = [one for one in sent if one["resourceType"] == "ServiceRequest"]
    assert delivery["performer"][0]["display"] == "Cedar Pharmacy, +1 555 0177"
    ours = {one["id"]: one for one in house.all("MedicationRequest")}
    drugs = [one for one in sent if one["resourceType"] == "MedicationRequest"]
    assert any("Capecitabine" in json.dumps(one) for one in drugs)
    for drug in drugs:
        held = ours[drug["id"]]
        assert [one.get("text") for one in drug.get("dosageInstruction", ())] == [
            one.get("text") for one in held.get("dosageInstruction", ())
        ]
        assert [one.get("doseAndRate") for one in drug.get("dosageInstruction", ())] == [
            one.get("doseAndRate") for one in held.get("dosageInstruction", ())
        ]
    assert "Condition" not in {one["resourceType"] for one in sent}
