"""gateway/store/actions.py"""

import pytest

from gateway.store import actions, submissions
from gateway.store.engine import open_store
from gateway.store.tables import clinics

AT = "2026-03-01T10:00:00.000000Z"
SOON = "2026-03-01T10:15:00.000000Z"
LATER = "2026-03-01T10:16:00.000000Z"


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path}/gateway.db")
    opened.write(lambda connection: connection.execute(clinics.insert().values(id="c", name="C", created=AT)))
    yield opened
    opened.close()


@pytest.fixture
def submission(store):
    receipt, _ = store.write(
        lambda connection: submissions.keep(
            connection, clinic="c", body=b"1", media_type=None, file_name=None, idempotency_key=None, at=AT
        )
    )
    return receipt.id


def test_a_press_is_known_by_its_key_alone(store):
    store.write(lambda connection: actions.keep(connection, "one", "replay:3", AT))
    assert store.read(lambda connection: actions.said(connection, "one")) == "replay:3"
    assert store.read(lambda connection: actions.said(connection, "two")) is None


def until(store, submission, at, session="mine"):
    return store.read(lambda connection: actions.revealed_until(connection, session, submission, at))


def test_a_reveal_is_for_one_session_and_ends_by_itself(store, submission):
    store.write(lambda connection: actions.reveal(connection, "mine", submission, at=AT, until=SOON))
    assert until(store, submission, AT) == SOON
    assert until(store, submission, AT, "another") is None
    assert until(store, submission, LATER) is None


def test_a_reveal_can_be_lengthened_and_ended(store, submission):
    for end in (SOON, LATER):
        store.write(lambda connection, end=end: actions.reveal(connection, "mine", submission, at=AT, until=end))
    assert until(store, submission, AT) == LATER
    store.write(lambda connection: actions.cover(connection, "mine", submission))
    assert until(store, submission, AT) is None
