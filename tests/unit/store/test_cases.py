"""gateway/store/cases.py"""

from dataclasses import replace

import pytest

from gateway.core.errors import NotFoundError
from gateway.store import cases
from gateway.store.cases import Step
from tests.ward import keep, patient

AT = "2026-03-02T09:00:00.000000Z"


def open_case(store, patient="p1", question="r1"):
    words = {"task": "t1", "state": "case-received", "clinic": "a", "at": AT}
    return store.write(lambda c: cases.open_case(c, patient=patient, question=question, **words))


def test_a_question_keeps_its_number_and_another_gets_the_next(store):
    first = open_case(store)
    assert first.number == "SO-2026-000001"
    assert open_case(store) == first
    assert open_case(store, question="r2").number == "SO-2026-000002"


def test_a_case_is_found_by_its_number_and_stands_where_it_was_put(store):
    opened = open_case(store)
    moved = replace(opened, state="under-review", owner="N. Abara", settled={"visit": "revoked"})
    store.write(lambda c: cases.keep(c, moved))
    assert store.read(lambda c: cases.find(c, opened.number)) == moved
    assert store.read(lambda c: cases.listing(c, clinic="a")) == [moved]
    assert store.read(lambda c: cases.listing(c, clinic="b")) == []
    with pytest.raises(NotFoundError):
        store.write(lambda c: cases.keep(c, replace(moved, number="SO-2026-999999")))


def test_every_step_of_a_case_is_kept_in_its_order(store):
    number = open_case(store).number
    steps = [
        Step(AT, "accept", "02", "case-received", "records-complete", "gateway"),
        Step(AT, "start-review", "own-10", "records-complete", "under-review", "n1", "the slides came"),
    ]
    for one in steps:
        store.write(lambda c, one=one: cases.enter(c, number, one))
    assert store.read(lambda c: cases.history(c, number)) == steps


def test_who_is_linked_is_one_person_whichever_way_the_links_run(store):
    link = [{"other": {"reference": "Patient/b"}, "type": "seealso"}]
    keep(store, "a", patient("a", "Okafor", link=link), patient("b", "Okafor"))
    keep(store, "c", patient("c", "Okafor", link=link), patient("d", "Else"))
    assert [store.read(lambda c, one=one: cases.same_person(c, {one})) for one in "abcd"] == [
        *[{"a", "b", "c"}] * 3,
        {"d"},
    ]
    assert {one["id"] for one in store.read(lambda c: cases.holdings(c, {"a", "d"}))} == {"a", "d"}
    assert store.read(lambda c: cases.is_of_one_clinic(c, {"a", "b"}, "a"))
    assert not store.read(lambda c: cases.is_of_one_clinic(c, {"a", "c"}, "a"))
