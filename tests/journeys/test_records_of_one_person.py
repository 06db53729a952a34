"""A clinic links two records and unlinks them again; a merge that cannot be right waits for an admin."""

import pytest

from gateway.core import fhirjson
from gateway.pipeline import process
from gateway.store import inbox, outcomes, resources
from gateway.store.inbox import Filters
from gateway.worker import Desk, Worker
from tests.mappings.hl7v2_fixtures import FOLDER

ONE, OTHER = "810001", "820001"


@pytest.fixture
def post(here, client, riverbend):
    """Send a message of ours as the clinic does, and do what waits; gives the Patients in it by their number."""

    def act(name, *changes):
        text = (FOLDER / f"{name}.hl7").read_text("utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        answer = client.post("/submissions", data=text.encode(), headers=riverbend)
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process))
        while worker.turn("process"):
            pass
        bundle = here.store.read(lambda c: outcomes.load(c, answer.json["id"])).bundle
        found = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient"]
        return {one["identifier"][0]["value"]: one["id"] for one in found}

    return act


@pytest.fixture
def links(here):
    """What each version of a patient is linked with, the newest first."""

    def look(id):
        _, held = here.store.read(lambda c: resources.history(c, "Patient", id))
        return [[one["type"] for one in fhirjson.read(version.body).get("link", ())] for version in held]

    return look


def test_an_unlinked_record_has_no_link_and_its_history_tells_that_it_had(post, links):
    ids = post("ADT_A24_linked")
    assert links(ids[ONE])[0] == links(ids[OTHER])[0] == ["seealso"]
    assert post("ADT_A37_unlinked") == ids
    for id in ids.values():
        assert links(id) == [[], ["seealso"]]


def test_a_link_stays_when_the_record_is_told_anew(post, links):
    ids = post("ADT_A24_linked")
    post("ADT_A03_discharge")
    assert links(ids[ONE])[0] == ["seealso"]


def test_an_ambiguous_merge_waits_in_the_inbox_and_merges_nothing(here, post, links):
    [id] = post("ADT_A40_ambiguous").values()
    assert links(id) == [[]]
    lines = here.store.read(lambda c: inbox.lines(c, Filters(trouble="merge-ambiguous"), days=[]))
    assert [(line.state, line.trouble) for line in lines] == [("open", "merge-ambiguous")]
