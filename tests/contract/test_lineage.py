"""$lineage and /admin/lineage: an element is told with the places of the source that its value came from."""

import pytest

from gateway.core.ids import digest
from gateway.pipeline import process
from gateway.store import outcomes
from gateway.validate import validate
from gateway.worker import Desk, Worker
from tests.contract.test_admin_pages import admin, key, person  # noqa: F401
from tests.mappings.hl7v2_fixtures import FOLDER

SOURCE_PATH = "https://fhir.second-opinion.example/StructureDefinition/so-source-path"
MESSAGE = (FOLDER / "ADT_A01_inpatient.hl7").read_bytes()


@pytest.fixture
def post(here, client):
    """Send the message as a clinic does, and do what waits; gives the submission and its Patient's id."""

    def act(headers, body=MESSAGE):
        id = client.post("/submissions", data=body, headers=headers).json["id"]
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process))
        while worker.turn("process"):
            pass
        made = here.store.read(lambda c: outcomes.load(c, id)).bundle["entry"]
        return id, next(one["resource"]["id"] for one in made if one["resource"]["resourceType"] == "Patient")

    return act


def places(answer):
    """Element and location of every line, and the Provenances that have none."""
    assert answer.status_code == 200
    found = []
    for entry in answer.get_json().get("entry", ()):
        [target] = entry["resource"]["target"]
        rows = [[part["valueString"] for part in one["extension"]] for one in target.get("extension", ())]
        assert all(one["url"] == SOURCE_PATH for one in target.get("extension", ()))
        found += map(tuple, rows)
    return found


def test_an_element_is_told_with_its_place_by_whoever_may_read_the_resource(client, post, riverbend):
    _, patient = post(riverbend)
    address = f"/fhir/Patient/{patient}/$lineage"
    assert places(client.get(f"{address}?element=birthDate", headers=riverbend)) == [("birthDate", "PID-7")]
    families = places(client.get(f"{address}?element=name", headers=riverbend))
    assert ("name[0]", "PID-5.1") in families
    assert all(path.startswith("name") for path, _ in families)
    assert set(families) < set(places(client.get(address, headers=riverbend)))
    for entry in client.get(address, headers=riverbend).get_json()["entry"]:
        assert [one for one in validate(entry["resource"]) if one.severity == "error"] == []


def test_a_value_that_stands_in_two_elements_is_told_for_each(client, post, riverbend):
    referral = (FOLDER / "REF_I12_second_opinion.hl7").read_bytes()
    _, patient = post(riverbend, referral)
    contact = places(client.get(f"/fhir/Patient/{patient}/$lineage?element=contact.name.family", headers=riverbend))
    found = client.get(f"/fhir/RelatedPerson?patient={patient}", headers=riverbend).get_json()["entry"]
    related = found[0]["resource"]["id"]
    next_of_kin = places(client.get(f"/fhir/RelatedPerson/{related}/$lineage?element=name.family", headers=riverbend))
    for told in (contact, next_of_kin):
        assert [place for _, place in told] == ["NK1-2.1", "NK1-2.2"]


def test_who_sent_it_and_what_put_it_together_are_told(client, post, riverbend):
    _, patient = post(riverbend)
    entries = client.get(f"/fhir/Patient/{patient}/$lineage", headers=riverbend).get_json()["entry"]
    [agents] = [one["resource"]["agent"] for one in entries if "extension" in one["resource"]["target"][0]]
    assert [one["type"]["coding"][0]["code"] for one in agents] == ["transmitter", "assembler"]
    assert agents[0]["who"]["identifier"]["value"] == "riverbend-clinic"


def test_another_clinic_is_told_nothing(client, post, riverbend, harbor):
    _, patient = post(riverbend)
    post(harbor, MESSAGE.replace(b"|20260303", b"|20260304", 1))
    assert client.get(f"/fhir/Patient/{patient}/$lineage", headers=harbor).status_code == 404


def test_an_admin_sees_submission_row_and_bytes_of_every_leaf(client, post, riverbend, admin, person):  # noqa: F811
    submission, patient = post(riverbend)
    asked = f"/admin/lineage?resource=Patient/{patient}&element=birthDate"
    accounts = client.get(asked, headers=admin).get_json()["accounts"]
    [account] = [one for one in accounts if one["leaves"]]
    [leaf] = account["leaves"]
    start, end = leaf["span"]
    assert (account["submission"], account["clinic"], leaf["location"]) == (submission, "riverbend-clinic", "PID-7")
    assert leaf["sha256"] == digest(MESSAGE[start:end])
    assert MESSAGE[start:end] in MESSAGE.split(b"PID|")[1].split(b"\r")[0].split(b"|")
    page = person.get(asked).text
    assert "PID-7" in page
    assert leaf["rule"] in page
    assert MESSAGE[start:end].decode() not in page


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?resource=Patient", 400), ("?resource=Patient/none", 404)])
def test_what_is_not_there_has_no_lineage(client, admin, query, status):  # noqa: F811
    assert client.get(f"/admin/lineage{query}", headers=admin).status_code == status
