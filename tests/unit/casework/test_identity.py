"""gateway/casework/identity.py: what a person decides of two records, with their cases; on both engines."""

from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from gateway import casework
from gateway.core.errors import IllegalTransitionError, KeptApartError, PreconditionFailedError
from gateway.store import cases, matches, resources
from gateway.store.matches import Match
from tests.unit.casework.test_casework import (  # noqa: F401
    AT,
    PATHOLOGY,
    PATIENT,
    RECORDS,
    REFERRAL,
    case,
    of_patient,
    submit,
    take,
)

OTHER = {**PATIENT, "id": "q", "identifier": [{"system": "urn:mrn", "value": "2"}]}
ORAL = of_patient("MedicationRequest", "x", "q", medicationCodeableConcept={"text": "Olaparib"}, status="active")
QUESTION = Match(
    matches.pair("q", "p"), 1, "open", "gateway", "q", "p", "probable", "name+birth-date+contact", "", "i", "s9", "b",
    AT.format(9), AT.format(9),
)  # fmt: skip


@pytest.fixture
def two_records(store, submit):  # noqa: F811
    """A case that waits for a pathology report, and the report under another record, of another clinic."""
    submit(PATIENT, REFERRAL, *[one for one in RECORDS if one["id"] != "m"])
    submit(OTHER, PATHOLOGY, ORAL, clinic="b", hour=10)
    submit(of_patient("MedicationRequest", "m2", medicationCodeableConcept={"text": "Aspirin"}, status="active"))
    store.write(lambda c: matches.keep(c, QUESTION))


@pytest.fixture
def decide(store):
    """A person decides; gives what that made."""

    def act(verdict, version, hour=12, id=QUESTION.id):
        words = {"actor": "nurse", "version": version, "at": AT.format(hour)}
        return store.write(lambda c: casework.identity.decide(c, id, verdict, **words))

    return act


def held(store, *patients):
    found = store.read(lambda c: cases.holdings(c, set(patients)))
    return {(one["resourceType"], one["id"]): one for one in found}


def content(resource):
    return {name: value for name, value in resource.items() if name != "meta"}


def test_unlinking_restores_both_records_and_takes_the_case_apart(store, two_records, case, decide):  # noqa: F811
    before, (row, task, _) = held(store, "p", "q"), case()
    assert row.state == "needs-information"
    decide("same", 1)
    joined, (row, _, _) = held(store, "p", "q"), case()
    assert (row.state, row.complete) == ("records-complete", AT.format(12))
    assert joined["Patient", "q"]["link"] == [{"other": {"reference": "Patient/p"}, "type": "seealso"}]
    plan = next(one for (kind, _), one in joined.items() if kind == "CarePlan")
    assert "Olaparib" in plan["text"]["div"]
    decide("unlink", 2, hour=13)
    after, (row, now, _) = held(store, "p", "q"), case()
    assert (row.state, row.complete, content(now)) == ("needs-information", "", content(task))
    for patient in "pq":
        assert content(after["Patient", patient]) == content(before["Patient", patient])
    assert "Olaparib" not in after["CarePlan", plan["id"]]["text"]["div"]
    made_by_both = joined.keys() - before.keys()
    assert {after[one].get("status", "entered-in-error") for one in made_by_both} == {"entered-in-error"}
    same = before.keys() - {one for one in before if one[0] == "CarePlan"}
    assert {one: content(after[one]) for one in same} == {one: content(before[one]) for one in same}


@pytest.mark.parametrize("seed", range(2))
def test_however_three_records_are_linked_and_unlinked_each_is_itself_and_its_links(
    store,
    two_records,
    submit,  # noqa: F811
    decide,
    seed,
):
    submit({**PATIENT, "id": "r", "identifier": [{"system": "urn:mrn", "value": "3"}]}, clinic="c", hour=11)
    pairs = [QUESTION, *(replace(QUESTION, id=matches.pair("r", to), patient="r", candidate=to) for to in "pq")]
    store.write(lambda c: [matches.keep(c, one) for one in pairs])
    before, random = held(store, "p", "q", "r"), Random(seed)
    for hour in range(12, 22):
        asked = random.choice(pairs).id
        now = store.read(lambda c, id=asked: matches.find(c, id))
        with suppress(KeptApartError):
            decide(random.choice(list(casework.identity.VERDICTS[now.state])), now.version, hour, now.id)
        after, stand = (
            held(store, "p", "q", "r"),
            [store.read(lambda c, id=one.id: matches.find(c, id)) for one in pairs],
        )
        for patient in "pqr":
            links = {f"Patient/{one.candidate}" for one in stand if one.patient == patient and one.state == "same"}
            found = content(after["Patient", patient])
            assert {one["other"]["reference"] for one in found.pop("link", ())} == links
            assert found == content(before["Patient", patient])


def test_a_case_that_was_complete_without_the_other_keeps_its_clock(store, two_records, submit, case, decide):  # noqa: F811
    submit({**PATHOLOGY, "id": "own", "subject": {"reference": "Patient/p"}}, hour=11)
    complete = case()[0].complete
    decide("same", 1)
    decide("unlink", 2, hour=13)
    assert (case()[0].state, case()[0].complete) == ("records-complete", complete)


def test_a_clinic_does_not_read_what_another_sent_in_the_history_of_a_plan(store, two_records, decide):
    decide("same", 1)
    decide("unlink", 2, hour=13)
    id = next(id for kind, id in held(store, "p") if kind == "CarePlan")
    versions = store.read(lambda c: resources.history(c, "CarePlan", id))[1]
    assert any(b"Olaparib" in one.body for one in versions)
    assert store.read(lambda c: resources.is_withheld(c, "CarePlan", id, "a"))


def test_every_decision_is_kept_with_who_made_it_and_told_by_a_provenance(store, two_records, decide):
    for version, verdict in enumerate(("later", "same", "unlink"), 1):
        made = decide(verdict, version, hour=12 + version)
        said = [
            one
            for one in made.changed
            if one["resourceType"] == "Provenance" and one["activity"]["text"][:8] == "Identity"
        ]
        assert len(said) == (verdict != "later")
    lines = store.read(lambda c: matches.history(c, QUESTION.id))
    assert [(one.decision, one.actor, one.inputs_sha256) for one in lines] == [
        (verdict, "nurse", "i") for verdict in ("later", "same", "unlink")
    ]
    assert said[0]["agent"][0]["who"]["identifier"]["value"] == "nurse"
    assert {one["reference"] for one in said[0]["target"]} == {"Patient/p", "Patient/q"}


def test_of_two_who_saw_one_question_the_second_is_too_late(store, two_records, decide):
    decide("apart", 1)
    with pytest.raises(PreconditionFailedError):
        decide("same", 1)
    assert store.read(lambda c: matches.find(c, QUESTION.id)).state == "apart"
    assert "link" not in held(store, "q")["Patient", "q"]


@pytest.mark.parametrize("verdict", ["unlink", "release", "nonsense"])
def test_what_a_question_does_not_lead_to_changes_nothing(store, two_records, decide, verdict):
    with pytest.raises(IllegalTransitionError):
        decide(verdict, 1)
    assert store.read(lambda c: matches.find(c, QUESTION.id)) == QUESTION


def test_whom_a_person_keeps_apart_no_link_with_a_third_joins(store, two_records, submit, decide):  # noqa: F811
    submit({**OTHER, "id": "z"}, clinic="b", hour=11)
    for one, other in (("z", "p"), ("z", "q")):
        pair = replace(QUESTION, id=matches.pair(one, other), patient=one, candidate=other)
        store.write(lambda c, pair=pair: matches.keep(c, pair))
    decide("apart", 1)
    decide("same", 1, id=matches.pair("z", "p"))
    with pytest.raises(KeptApartError):
        decide("same", 1, id=matches.pair("z", "q"))
    assert "link" in held(store, "z")["Patient", "z"]
    assert store.read(lambda c: matches.find(c, matches.pair("z", "q"))).state == "open"
