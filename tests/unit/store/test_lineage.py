"""gateway/store/lineage.py"""

import pytest
from sqlalchemy import insert

from gateway.core.ids import digest
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.store import lineage, outcomes, resources, submissions
from gateway.store.lineage import WHOLE
from gateway.store.tables import clinics

AT = "2026-03-02T09:00:00.000000Z"
BODY = b"Ada;1 mg"
LEDGER = (
    Entry("A", State.MAPPED, "r#1", "Patient/p.name[1].given[0]", "", 0, 3),
    Entry("B", State.MAPPED, "r#2", "Observation/o.value"),
    Entry("C", State.TEXT, "r#3", "Patient/p"),
    Entry("D", State.MAPPED, "r#4", "Patient/p2.name[0]"),
    Entry("E", State.IGNORED, "r#5"),
)
DRAWN = [{"role": "source", "what": {"reference": "DocumentReference/d"}}]


def provenance(id, *targets, **rest):
    agent = [{"who": {"display": "x"}}]
    return {
        "resourceType": "Provenance",
        "id": id,
        "target": [{"reference": one} for one in targets],
        "agent": agent,
    } | rest


@pytest.fixture
def sent(store):
    """A submission of a clinic with its ledger, two Provenances of its patient, a third of a step that nobody sent."""

    def change(connection):
        connection.execute(insert(clinics), {"id": "a", "name": "a", "created": AT})
        words = {"media_type": None, "file_name": None, "idempotency_key": None, "at": AT}
        id = submissions.keep(connection, clinic="a", body=BODY, **words)[0].id
        outcomes.save(connection, id, Outcome("csv:x", None, (), LEDGER), "m1", AT)
        every = ("Patient/p", "Observation/o")
        for told, submission in (
            (provenance("one", *every), id),
            (provenance("two", *every, entity=DRAWN), id),
            (provenance("step", "Patient/p", recorded=AT), None),
        ):
            resources.save(connection, told, submission=submission, clinic="a" if submission else None, at=AT)
        return id

    return store.write(change)


@pytest.mark.parametrize(
    ("resource", "element", "elements"),
    [
        ("Patient/p", "", ["name[1].given[0]", WHOLE]),
        ("Patient/p", "name", ["name[1].given[0]"]),
        ("Patient/p", "name[1].given[0].extension", ["name[1].given[0]"]),
        ("Patient/p", "name[0]", []),
        ("Patient/p", "names", []),
        ("Observation/o", "valueQuantity.code", ["value"]),
        ("Observation/o", "value[x]", ["value"]),
    ],
)
def test_leaves_are_found_at_an_element_in_it_and_around_it(store, sent, resource, element, elements):
    found = store.read(lambda c: lineage.accounts(c, *resource.split("/"), element=element))
    leaves = {one.provenance["id"]: [leaf.element for leaf in one.leaves] for one in found}
    assert {id: paths for id, paths in leaves.items() if paths} == ({"two": elements} if elements else {})


def test_a_leaf_is_told_with_the_submission_and_the_hash_of_its_bytes(store, sent):
    found = store.read(lambda c: lineage.accounts(c, "Patient", "p", element="name"))
    assert [(one.provenance["id"], one.submission, one.clinic) for one in found] == [
        ("one", sent, "a"), ("two", sent, "a"), ("step", "", ""),
    ]  # fmt: skip
    [leaf] = found[1].leaves
    assert (leaf.location, leaf.rule, leaf.span, leaf.sha256) == ("A", "r#1", (0, 3), digest(b"Ada"))


def test_a_clinic_reads_no_account_of_another(store, sent):
    assert store.read(lambda c: lineage.accounts(c, "Patient", "p", clinic="b")) == []
    assert len(store.read(lambda c: lineage.accounts(c, "Patient", "p", clinic="a"))) == 2
