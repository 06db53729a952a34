"""Two clinics, one person: nothing that leaves for one clinic names what only the other one may see."""

import pytest

from gateway.access.keys import add_key
from gateway.store import resources
from tests.ward import LATER, care_plan, condition, keep, patient, provenance

LINK = [{"other": {"reference": "Patient/hidden-patient", "display": "Okafor"}, "type": "seealso"}]
OUT = {"reference": "Condition/hidden-finding"}


@pytest.fixture(autouse=True)
def ward(here, riverbend, harbor):
    """Resources of one clinic that name another's in every shape: alone, in a list, in a list's entry, in a version."""
    plan = care_plan(
        "c1",
        "p1",
        supportingInfo=[OUT, {"reference": "Condition/own-finding"}],
        activity=[{"reference": OUT}, {"detail": {"status": "scheduled", "reasonReference": [OUT]}}],
        encounter={"reference": "Encounter/hidden-visit/_history/1"},
        extension=[{"url": "urn:x:seen", "valueReference": OUT}],
    )
    keep(here.store, "harbor-oncology", patient("hidden-patient", "Okafor"), condition("hidden-finding", "h"))
    keep(
        here.store,
        "riverbend-clinic",
        patient("p1", "Lindqvist", link=LINK),
        condition("own-finding", "p1"),
        plan,
        provenance("v1", "Patient/hidden-patient", "CarePlan/c1"),
    )
    keep(
        here.store,
        "riverbend-clinic",
        patient("p1", "Lindqvist-Moreau", "Åsa", link=LINK),
        plan | {"title": "x"},
        at=LATER,
    )


@pytest.fixture
def get(client, riverbend):
    return lambda path: client.get(f"/fhir/{path}", headers=riverbend)


@pytest.mark.parametrize(
    "path",
    [
        "Patient/p1",
        "Patient/p1?_elements=link",
        "Patient/p1?_summary=true",
        "Patient/p1/_history/1",
        "Patient/p1/_history",
        "Patient?name=lindqvist&_elements=link",
        "Patient?_id=p1&_include=Patient:link&_revinclude=Provenance:target",
        "CarePlan/c1",
        "CarePlan?patient=p1&_revinclude=Provenance:target&_include=CarePlan:subject&_include:iterate=Patient:link",
        "Provenance/v1",
        "Provenance?target=CarePlan/c1&_include=Provenance:target",
    ],
)
def test_no_way_out_names_what_the_caller_was_not_granted(get, path):
    answer = get(path)
    assert answer.status_code == 200
    assert "hidden" not in answer.text
    assert "Okafor" not in answer.text


def test_what_named_it_goes_and_everything_else_stays(get):
    person, plan = get("Patient/p1").get_json(), get("CarePlan/c1").get_json()
    assert "link" not in person
    assert person["name"] == [{"family": "Lindqvist-Moreau", "given": ["Åsa"]}]
    assert plan["supportingInfo"] == [{"reference": "Condition/own-finding"}]
    assert plan["activity"] == [{"detail": {"status": "scheduled"}}]
    assert plan["subject"] == {"reference": "Patient/p1"}
    assert not {"encounter", "extension"} & set(plan)
    assert get("Provenance/v1").get_json()["target"] == [{"reference": "CarePlan/c1"}]


@pytest.mark.parametrize("hidden", ["Patient/hidden-patient", "Patient/never-was"])
def test_a_search_by_what_is_hidden_finds_what_a_search_by_nothing_finds(get, hidden):
    for path in (f"Patient?link={hidden}", f"Provenance?target={hidden}", "Patient?link:missing=false"):
        assert get(path).get_json()["total"] == 0


def test_who_was_granted_the_other_too_sees_the_link(client, here, get):
    reader = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}
    assert client.get("/fhir/Patient/p1", headers=reader).get_json()["link"] == LINK
    assert client.get("/fhir/Patient?link=hidden-patient", headers=reader).get_json()["total"] == 1
    keep(here.store, "riverbend-clinic", patient("hidden-patient", "Okafor"))
    assert get("Patient/p1").get_json()["link"] == LINK
    assert get("Patient?link=hidden-patient").get_json()["total"] == 1


def test_what_names_nothing_hidden_leaves_as_its_stored_bytes(get, here):
    stored = here.store.read(lambda connection: resources.read(connection, "Condition", "own-finding"))
    assert get("Condition/own-finding").data == stored.body
