"""gateway/store/deliveries.py"""

import pytest
from sqlalchemy import insert

from gateway.core import fhirjson
from gateway.core.errors import VersionConflictError
from gateway.store import deliveries, resources, submissions, work
from gateway.store.tables import clinics

AT, LATER = "2026-03-02T09:00:00.000000Z", "2026-03-02T10:00:00.000000Z"
PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female"}


def transaction(resource):
    entry = {"resource": resource, "request": {"method": "PUT", "url": f"Patient/{resource['id']}"}}
    return fhirjson.write({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


@pytest.fixture
def kept(store):
    def change(connection):
        connection.execute(insert(clinics), {"id": "a", "name": "a", "created": AT})
        words = {"media_type": None, "file_name": None, "idempotency_key": None, "at": AT}
        return submissions.keep(connection, clinic="a", body=b"x", **words)[0].id

    return store.write(change)


@pytest.fixture
def put(store, kept):
    def act(*bundles, at=AT):
        words = {"submission": kept, "destination": "home", "patient": "p1", "bundles": bundles, "at": at}
        return store.write(lambda c: deliveries.put(c, **words))

    return act


def enter(store, id, verdict, **said):
    store.write(lambda c: deliveries.attempt(c, id, at=AT, milliseconds=7, verdict=verdict, **said))


def test_a_plan_is_put_with_its_work_and_is_remembered(store, kept, put):
    assert not store.read(lambda c: deliveries.were_put(c, kept, "home"))
    assert len(put(b"1", b"2")) == 2
    assert store.read(lambda c: deliveries.were_put(c, kept, "home"))
    assert not store.read(lambda c: deliveries.were_put(c, kept, "elsewhere"))
    assert store.read(work.depths)["deliver"] == 2


def test_attempts_are_kept_with_what_was_answered(store, put):
    (id,) = put(b"1")
    enter(store, id, "retry", status=503, answer=b"busy", next_try=LATER)
    enter(store, id, "dead", status=422, answer=b"x" * 100_000)
    found = store.read(lambda c: deliveries.find(c, id))
    assert (found.state, found.attempts, found.last_status) == ("dead", 2, 422)
    first, second = store.read(lambda c: deliveries.attempts(c, id))
    assert (first.status, first.answer, first.next_try) == (503, b"busy", LATER)
    assert len(second.answer) == deliveries.LONGEST_ANSWER
    assert [one.id for one in store.read(lambda c: deliveries.listing(c, state="dead"))] == [id]


def test_a_dead_letter_sent_again_says_what_is_known_now(store, kept, put):
    """The patient changed since: the old bytes would overwrite what came later."""
    (id,) = put(transaction(PATIENT))
    enter(store, id, "dead")
    newer = PATIENT | {"gender": "male"}
    store.write(lambda c: resources.save(c, newer, submission=kept, clinic="a", at=LATER))
    store.write(lambda c: deliveries.retry(c, id, LATER))
    assert store.read(lambda c: deliveries.bundle(c, id)) == transaction(newer)
    assert store.read(lambda c: deliveries.find(c, id)).state == "waiting"


def test_only_a_dead_letter_is_sent_again(store, put):
    (id,) = put(b"1")
    with pytest.raises(VersionConflictError):
        store.write(lambda c: deliveries.retry(c, id, LATER))
