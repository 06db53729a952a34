"""gateway/store/submissions.py"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert

from gateway.core.errors import KeyReusedError, NotFoundError
from gateway.store import submissions, work
from gateway.store.engine import open_store
from gateway.store.tables import clinics

AT = "2026-03-02T09:00:00.000000Z"


@pytest.fixture
def store(store):
    for id in ("a", "b"):
        store.write(lambda c, id=id: c.execute(insert(clinics), {"id": id, "name": id, "created": AT}) and None)
    return store


def keep(store, body=b"MSH|", clinic="a", key=None):
    words = {"media_type": "text/plain", "file_name": "x.hl7", "idempotency_key": key, "at": AT}
    return store.write(lambda c: submissions.keep(c, clinic=clinic, body=body, **words))


def test_what_was_received_is_found_byte_for_byte_with_its_work(store):
    body = bytes(range(256))
    receipt, new = keep(store, body)
    assert new
    assert store.read(lambda c: submissions.original(c, receipt.id, "a")) == (body, "text/plain", "x.hl7")
    assert store.read(work.depths)["process"] == 1
    assert [event.event for event in store.read(lambda c: submissions.events(c, receipt.id))] == ["receive"]


def test_a_large_body_is_kept_byte_for_byte_beside_small_ones(store):
    large = bytes(range(256)) * 5000
    sent = [submissions.Incoming("a", body) for body in (b"MSH|1", large, b"MSH|2")]
    kept = [receipt for receipt, _ in store.write(lambda c: submissions.keep_all(c, sent, AT))]
    found = [store.read(lambda c, id=one.id: submissions.original(c, id, "a"))[0] for one in kept]
    assert found == [b"MSH|1", large, b"MSH|2"]


def test_the_same_bytes_of_one_clinic_are_one_submission_and_of_two_are_two(store):
    first, _ = keep(store)
    again, new = keep(store)
    other, _ = keep(store, clinic="b")
    assert (again, new) == (first, False)
    assert other.id != first.id
    assert store.read(work.depths)["process"] == 2


def test_an_idempotency_key_stands_for_one_content(store):
    first, _ = keep(store, key="k1")
    assert keep(store, key="k1") == (first, False)
    with pytest.raises(KeyReusedError):
        keep(store, b"other", key="k1")
    assert store.read(lambda c: submissions.counts_by_state(c))["received"] == 1
    keep(store, b"other", clinic="b", key="k1")


def test_what_comes_together_is_kept_each_once_in_its_order(store):
    keep(store, b"known")
    sent = [
        submissions.Incoming(clinic, body) for clinic, body in (("a", b"1"), ("a", b"known"), ("b", b"1"), ("a", b"1"))
    ]
    said = store.write(lambda c: submissions.keep_all(c, sent, AT))
    assert [new for _, new in said] == [True, False, True, False]
    assert said[0][0] == said[3][0] != said[2][0]
    kept = store.read(lambda c: submissions.listing(c))
    assert [one.id for one in reversed(kept)] == [said[1][0].id, said[0][0].id, said[2][0].id]
    assert store.read(work.depths)["process"] == 3


def test_the_same_bytes_sent_by_two_processes_at_once_are_kept_once(store, database_url):
    """Each has a store of its own over the one database."""
    other, gate = open_store(database_url), threading.Barrier(8)

    def send(through):
        gate.wait()
        return [keep(through, b"%d" % number) for number in range(10)]

    with ThreadPoolExecutor(8) as senders:
        said = [kept for answers in senders.map(send, [store, other] * 4) for kept in answers]
    other.close()
    assert sum(new for _, new in said) == 10
    assert len({receipt.id for receipt, _ in said}) == 10
    assert len(store.read(lambda c: submissions.listing(c))) == 10


def test_a_control_id_is_of_the_first_content_that_a_clinic_sends_under_it(store):
    sent = [
        submissions.Incoming(clinic, body, control_id="M1") for clinic, body in (("a", b"1"), ("a", b"2"), ("b", b"3"))
    ]
    ids = [receipt.id for receipt, _ in store.write(lambda c: submissions.keep_all(c, sent, AT))]
    later = submissions.Incoming("a", b"4", control_id="M1")
    ids += [receipt.id for receipt, _ in store.write(lambda c: submissions.keep_all(c, [sent[0], later], AT))[1:]]
    steps = [[event.event for event in store.read(lambda c, id=id: submissions.events(c, id))] for id in ids]
    reused = ["receive", "control-id-reused"]
    assert steps == [["receive"], reused, ["receive"], reused]


def test_another_clinic_s_submission_is_absent(store):
    receipt, _ = keep(store)
    for question in (submissions.find, submissions.original, submissions.receipt):
        with pytest.raises(NotFoundError):
            store.read(lambda c, question=question: question(c, receipt.id, "b"))
    assert store.read(lambda c: submissions.listing(c, clinic="b")) == []


def test_each_step_is_kept_and_the_reason_goes_with_its_state(store):
    receipt, _ = keep(store)

    def step(state, **said):
        store.write(
            lambda c: submissions.advance(c, receipt.id, event=state, state=state, at=AT, actor="gateway", **said)
        )

    step("quarantined", reason="parse-error", kind="hl7v2:REF^I12")
    step("routed", patient="p1")
    found = store.read(lambda c: submissions.find(c, receipt.id, "a"))
    assert (found.state, found.reason, found.kind, found.patient) == ("routed", None, "hl7v2:REF^I12", "p1")
    states = [event.state for event in store.read(lambda c: submissions.events(c, receipt.id))]
    assert states == ["received", "quarantined", "routed"]


def test_the_list_pages_from_the_newest_and_can_be_narrowed(store):
    ids = [keep(store, b"%d" % number)[0].id for number in range(5)]
    first = store.read(lambda c: submissions.listing(c, clinic="a", limit=3))
    second = store.read(lambda c: submissions.listing(c, clinic="a", limit=3, before=first[-1].seq))
    assert [one.id for one in (*first, *second)] == ids[::-1]
    assert store.read(lambda c: submissions.listing(c, state="routed")) == []


def test_a_replay_asked_for_twice_is_done_once(store):
    receipt, _ = keep(store)
    for _ in range(2):
        store.write(lambda c: submissions.requeue(c, receipt.id, AT, actor="admin-1"))
    assert store.read(work.depths)["process"] == 1
    with pytest.raises(NotFoundError):
        store.write(lambda c: submissions.requeue(c, "none", AT))
