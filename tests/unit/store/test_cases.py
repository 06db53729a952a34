"""gateway/store/cases.py"""

import pytest

from gateway.core.errors import NotFoundError
from gateway.store import cases

AT = "2026-03-02T09:00:00.000000Z"


def open_case(store, patient="p1", question="r1"):
    words = {"task": "t1", "state": "case-received", "clinic": "a", "at": AT}
    return store.write(lambda c: cases.open_case(c, patient=patient, question=question, **words))


def test_a_question_keeps_its_number_and_another_gets_the_next(store):
    first = open_case(store)
    assert first.number == "SO-2026-000001"
    assert open_case(store) == first
    assert open_case(store, question="r2").number == "SO-2026-000002"


def test_a_case_is_found_by_its_number_and_goes_from_state_to_state(store):
    number = open_case(store).number
    store.write(lambda c: cases.advance(c, number, "under-review"))
    assert store.read(lambda c: cases.find(c, number)).state == "under-review"
    assert [one.number for one in store.read(lambda c: cases.listing(c, clinic="a"))] == [number]
    assert store.read(lambda c: cases.listing(c, clinic="b")) == []
    with pytest.raises(NotFoundError):
        store.write(lambda c: cases.advance(c, "SO-2026-999999", "closed"))
