"""What a reader without the scope of a label sees of what bears it: nothing, in no way of asking."""

import pytest

from gateway.access.keys import add_key, hidden_from
from gateway.core.errors import RequestError
from gateway.core.labels import GUARDED, WITHHELD, label
from tests.ward import keep, patient

GENES = {"meta": {"security": [label("GDIS"), label("R")]}}
REPORT = {
    "resourceType": "DocumentReference",
    "id": "genes",
    "status": "current",
    "identifier": [{"system": "urn:x", "value": "77"}],
    "subject": {"reference": "Patient/p"},
    "type": {"coding": [{"system": "http://loinc.org", "code": "51969-4"}]},
}
PLAIN = {
    "resourceType": "CarePlan",
    "id": "plan",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/p"},
    "supportingInfo": [{"reference": "DocumentReference/genes", "display": "Genetic report"}],
}
LIST = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "subject": {"reference": "Patient/p"},
    "derivedFrom": [{"reference": "DocumentReference/genes"}],
}
ASKED = (
    "DocumentReference/genes",
    "DocumentReference/genes/_history",
    "DocumentReference/genes/_history/1",
    "DocumentReference/genes/$lineage",
)


@pytest.fixture
def ask(here, client):
    keep(here.store, "riverbend", patient("p", "Lindqvist"), REPORT, PLAIN, LIST)
    keep(here.store, "riverbend", REPORT | GENES)

    def act(*sees):
        key = add_key(here.store, here.clock, "reader", "An EHR", sees=sees)
        return lambda path: client.get(f"/fhir/{path}", headers={"Authorization": f"Bearer {key}"})

    return act


def found(answer):
    return {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in answer.json.get("entry", ())}


@pytest.mark.parametrize("path", ASKED)
def test_a_labelled_resource_is_absent_for_who_may_not_see_it_in_all_its_versions(ask, path):
    assert ask()(path).status_code == 404
    assert ask("HIV")(path).status_code == 404
    assert ask("GDIS")(path).status_code == 200
    assert ask("all")(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("DocumentReference?patient=p", set()),
        ("DocumentReference?identifier=77", set()),
        ("CarePlan?patient=p&_include=CarePlan:subject", {"CarePlan/plan", "Patient/p"}),
        ("Patient?_id=p&_revinclude=DocumentReference:patient", {"Patient/p"}),
        ("Observation?derived-from=DocumentReference/genes", set()),
        ("Observation?derived-from:DocumentReference.identifier=77", set()),
        ("Observation?patient=p&_include=Observation:derived-from", {"Observation/o"}),
    ],
)
def test_it_is_neither_found_nor_counted_nor_included_nor_a_way_to_others(ask, path, plain):
    hidden, shown = ask()(path), ask("GDIS")(path)
    assert found(hidden) == plain
    assert hidden.json["total"] == len(plain & {one for one in plain if one.startswith(path.split("?")[0])})
    assert found(shown) >= plain
    assert ask()(f"{path}&_summary=count").json["total"] == hidden.json["total"]


def test_a_reference_to_it_is_taken_out_of_what_is_shown(ask):
    assert "supportingInfo" not in ask()("CarePlan/plan").json
    assert ask("GDIS")("CarePlan/plan").json["supportingInfo"] == PLAIN["supportingInfo"]


def test_a_level_of_confidentiality_alone_hides_nothing(ask, here):
    keep(here.store, "riverbend", LIST | {"meta": {"security": [label("V")]}})
    assert ask()("Observation/o").status_code == 200


def test_a_bundle_bears_the_highest_label_of_what_is_in_it(ask):
    assert ask("all")("DocumentReference?patient=p").json["meta"]["security"] == [label("R"), label("GDIS")]


def test_a_key_is_made_for_labels_that_there_are(here):
    with pytest.raises(RequestError):
        add_key(here.store, here.clock, "reader", "An EHR", sees=("EVERYTHING",))
    assert hidden_from("GDIS HIV") == {WITHHELD, *GUARDED} - {"GDIS", "HIV"}
    assert hidden_from("all") == {WITHHELD}
