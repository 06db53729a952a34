"""A drug told again: by its number, or by what it is and since when, it is the same request in a new version."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.core import fhirjson
from gateway.pipeline import process
from gateway.store import cases, resources
from gateway.worker import Worker

HEAD = "MSH|^~\\&|LAKEEHR|LAKE|SO|SO|20260309101500-0500||RDE^O11|{}|P|2.5.1\rPID|1||51^^^LAKE^MR||Okoye^Ada||1958|F\r"
SIG = "850 mg/m2 by mouth BID days 1-14 of a 21-day cycle"


@pytest.fixture
def tell(desk, submit):
    """Send bodies to a desk with the real corridor; every version of every drug, by its id."""
    desk = replace(desk, convert=process)

    def act(*bodies):
        for body in bodies:
            submit(body=body.encode())
            Worker(desk).turn("process")
        held = desk.store.read(lambda connection: cases.holdings(connection, _patients(connection)))
        ids = [one["id"] for one in held if one["resourceType"] == "MedicationRequest"]
        return {id: desk.store.read(lambda connection, id=id: _versions(connection, id)) for id in ids}

    return act


def _patients(connection):
    return set(connection.execute(text("select id from resources where type = 'Patient'")).scalars())


def _versions(connection, id):
    found = resources.history(connection, "MedicationRequest", id)[1]
    return [fhirjson.read_own(one.body) for one in reversed(found)]


def order(control, verb, number, *, dose="75", before=""):
    orc = f"ORC|{verb}|{number}^LAKEEHR||||||{before}|20260309100000-0500"
    return HEAD.format(control) + f"{orc}\rRXE||^Docetaxel|{dose}||mg/m2^^UCUM||^IV day 1 q21d\r"


def form(**medicine):
    filled = {"form": "second-opinion-referral", "version": 1, "patient": {"family": "Okoye", "record_number": "51"}}
    return json.dumps({**filled, "medicines": {"medicine": [{"name": "Capecitabine", **medicine}]}})


def test_an_order_that_is_changed_and_discontinued_is_one_order_in_three_versions(tell):
    [versions] = tell(
        order("1", "NW", "C-1"), order("2", "XO", "C-1", dose="60"), order("3", "DC", "C-1", dose="60")
    ).values()  # fmt: skip
    assert [one["status"] for one in versions] == ["active", "active", "stopped"]
    assert {one["intent"] for one in versions} == {"order"}


def test_an_order_under_a_new_number_names_the_one_before(tell):
    told = tell(order("1", "NW", "C-1"), order("2", "XO", "C-2", before="C-1^LAKEEHR"))
    prior = [one[-1].get("priorPrescription", {}).get("identifier", {}).get("value") for one in told.values()]
    assert Counter(prior) == {None: 1, "C-1": 1}


def test_an_entry_of_a_list_is_known_by_its_drug_and_its_start(tell):
    first = {"directions": SIG, "started": "2026-03-01", "status": "active"}
    told = tell(
        form(**first),
        form(**first | {"status": "stopped"}),
        form(**first | {"directions": "1000 mg/m2 by mouth BID"}),
        form(**first | {"started": "2026-06-01"}),
    )
    assert sorted(len(versions) for versions in told.values()) == [1, 3]


def test_what_is_told_again_word_for_word_makes_no_version(tell):
    sent = (form(directions=SIG, started="2026-03-01"), order("1", "NW", "C-1"))
    before = tell(*sent)
    assert tell(*sent) == before
    assert [len(versions) for versions in before.values()] == [1, 1]


def test_a_dose_ten_times_as_high_stands_on_the_plan_and_a_replay_changes_nothing(tell, desk):
    referral = form(name="Docetaxel", directions="7.5 mg/m2 IV day 1 q21d", started="2026-03-01")
    asked = json.loads(referral) | {"question": {"question": "Is surgery possible?", "clinician_family": "Okafor"}}
    tell(json.dumps(asked), form(name="Docetaxel", directions="85 mg/m2 IV day 1 q21d", started="2026-03-01"))

    def plans(connection):
        held = cases.holdings(connection, _patients(connection))
        return [one for one in held if one["resourceType"] == "CarePlan"]

    [plan] = desk.store.read(plans)
    assert [one["code"] for one in plan["meta"]["tag"]] == ["dose-changed-tenfold"]
    assert "Docetaxel: 7.5 mg/m2, then 85 mg/m2" in plan["text"]["div"]
    tell(json.dumps(asked))
    assert desk.store.read(plans) == [plan]
